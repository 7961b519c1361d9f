#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/engine_loader.h"
#include "cli/stages.h"
#include "providers/model_store.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

std::string Decimal(double value, const char* format) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Mib(int64_t bytes) {
  return GroupDigits((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

// The plan as the user reads it before the start, and the bar while it runs.
class ShowTraining : public TrainObserver {
 public:
  explicit ShowTraining(Context& context) : context_(context) {}

  void OnPlan(const TrainPlan& plan) override {
    const TrainOptions& o = plan.options;
    context_.Note(std::string(context_.Say({"machine: ", "машина: "})) + plan.machine);
    context_.Note(
        std::string(context_.Say({"training: ", "обучение: "})) + std::to_string(o.epochs) +
        (context_.global.language == Language::kRussian
             ? std::string(" ") + Plural(o.epochs, "эпоха", "эпохи", "эпох")
         : o.epochs == 1 ? " epoch"
                         : " epochs") +
        context_.Say({", rate ", ", шаг "}) + Decimal(o.learning_rate, "%.1e") +
        (o.full ? std::string(context_.Say({", all weights", ", все веса"}))
                : context_.Say({", rank ", ", ранг "}) + std::to_string(o.rank)) +
        "; " + GroupDigits(plan.train_tokens) +
        context_.Say({" tokens an epoch, ", " токенов в эпохе, "}) +
        GroupDigits(plan.target_tokens) + context_.Say({" of them learned, ", " из них учатся, "}) +
        std::to_string(plan.steps) + context_.Say({" steps", " шагов"}));
    context_.Note(context_.Say({"memory: about ", "память: около "}) + Mib(plan.memory_bytes) +
                  context_.Say({" of ", " из "}) + Mib(plan.free_bytes) +
                  context_.Say({" free", " свободных"}) +
                  (plan.base_packed ? context_.Say({"; the base stays packed",
                                                    "; исходная модель остаётся упакованной"})
                                    : "") +
                  (plan.recomputes ? context_.Say({"; activations are computed again in backward",
                                                   "; активации вычисляются дважды"})
                                   : ""));
    if (plan.cut_samples + plan.dropped_samples > 0) {
      context_.Note(std::to_string(plan.cut_samples) +
                    context_.Say({" samples were cut to fit, ", " примеров укорочено, "}) +
                    std::to_string(plan.dropped_samples) +
                    context_.Say({" left out", " не вошло"}));
    }
    context_.progress->Start(context_.Say({"training", "обучение"}),
                             static_cast<uint64_t>(plan.steps), context_.Say({"steps", "шагов"}));
    started_ = true;
  }
  void OnResume(int64_t step) override {
    context_.Note(context_.Say({"resumed after step ", "продолжение после шага "}) +
                  std::to_string(step));
  }
  void OnStep(const TrainStep& step) override {
    context_.progress->Update(static_cast<uint64_t>(step.step),
                              "loss " + Decimal(step.loss, "%.3f") + ", " +
                                  Decimal(step.tokens_per_second, "%.0f") +
                                  context_.Say({" tokens/s", " токенов/с"}));
  }
  void OnValidation(const Validation& v) override {
    context_.Note((v.epoch == 0 ? std::string(context_.Say({"before training", "до обучения"}))
                                : context_.Say({"epoch ", "эпоха "}) + std::to_string(v.epoch)) +
                  context_.Say({": validation loss ", ": потери на проверке "}) +
                  Decimal(v.loss, "%.4f") +
                  (v.best && v.epoch > 0 ? context_.Say({" (best so far)", " (лучшее)"}) : ""));
  }
  void Finish() {
    if (started_) context_.progress->Finish();
  }

 private:
  Context& context_;
  bool started_ = false;
};

// Cyrillic letters among all letters of the start of the dataset.
double CyrillicShare(const fs::path& jsonl) {
  auto bytes = ReadFile(jsonl);
  if (!bytes) return 0;
  std::string_view text(*bytes);
  text = text.substr(0, 200'000);
  size_t cyrillic = 0, letters = 1;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCodePoint(text, &at);
    if (!IsLetter(c)) continue;
    ++letters;
    if (c >= 0x400 && c < 0x530) ++cyrillic;
  }
  // JSON's own words ("role", "content") are Latin, so a third is already a Russian chat.
  return static_cast<double>(cyrillic) / static_cast<double>(letters);
}

// The file of a base model, fetched when the catalogue has it and the disk has not.
Result<fs::path> ObtainBase(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  if (auto found = store.Find(name)) return *found;
  return store.Pull(name, *context.progress, *context.interrupt);
}

// The catalogue's hash when the name is there (it was checked when the file came), else the file's.
Result<std::string> BaseSha256(const std::string& name, const fs::path& file) {
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  ASSIGN_OR_RETURN(auto models, store.List());
  for (const ListedModel& model : models) {
    if (model.name == name && model.catalogue) return model.catalogue->sha256;
  }
  return Sha256OfModel(file);
}

const char* DecisionWords(Context& context, JobDecision decision) {
  switch (decision) {
    case JobDecision::kAlreadyDone:
      return context.Say({"the same job has succeeded already", "такое задание уже выполнено"});
    case JobDecision::kResumed:
      return context.Say({"an interrupted job goes on", "прерванное задание продолжено"});
    case JobDecision::kTrainedAlong:
      return context.Say({"one of several processes that train together",
                          "один из нескольких процессов, обучающих вместе"});
    case JobDecision::kStarted:
      return context.Say({"no finished job has this dataset, base and options",
                          "нет готового задания с таким датасетом, моделью и настройками"});
  }
  return "";
}

}  // namespace

// SmolLM2 was trained on English; Gemma 3 knows 140 languages.
std::string DefaultBase(const fs::path& train_file) {
  return CyrillicShare(train_file) > 0.15 ? "gemma-3-270m" : "smollm2-135m-instruct";
}

// The number of steps that fit, or 0 when all of them do.
Result<int> StepsWithin(Context& context, const FinetuneOptions& options,
                        const LocalJobRequest& request) {
  if (options.train.method != TrainMethod::kSupervised) {
    return Fail(ErrorKind::kMisuse, "--minutes is for --method supervised",
                "use --max-steps to bound training on preferences");
  }
  TimeHereOptions here;
  here.model = request.base_name;
  here.train.push_back(request.dataset_folder / "train.jsonl");
  if (Exists(request.dataset_folder / "valid.jsonl")) {
    here.valid.push_back(request.dataset_folder / "valid.jsonl");
  }
  here.options = options.train;
  here.engine = options.engine;
  ASSIGN_OR_RETURN(const TrainingTime time, TimeHere(context, here));
  const double seconds = options.minutes * 60;
  if (time.seconds <= seconds) return 0;
  const auto all = static_cast<double>(time.plan.steps);
  // The validation before training and the one behind it are made in any case.
  const double validations = time.seconds - all * time.speed.seconds_per_step;
  const double kept = 2.0 / std::max(time.plan.options.epochs + 1, 2);
  const double fit = (seconds - validations * kept) / time.speed.seconds_per_step;
  const int steps = static_cast<int>(std::clamp(fit, 8.0, all));
  context.Note(
      std::to_string(steps) + context.Say({" of ", " из "}) + std::to_string(time.plan.steps) +
      context.Say({" steps fit into --minutes; longer training makes a better model",
                   " шагов помещаются в --minutes; чем дольше обучение, тем лучше модель"}));
  return steps;
}

Result<FinetuneResult> FinetuneStage(Context& context, Workspace& workspace,
                                     const PersonSummary& persona, const FinetuneOptions& options,
                                     Explain explain) {
  LocalJobRequest request;
  const TrainMethod method = options.train.method;
  if (options.dataset.empty()) {
    ASSIGN_OR_RETURN(request.dataset_folder, NewestDataset(workspace, persona));
    if (method == TrainMethod::kPreference) request.dataset_folder += "-preference";
  } else {
    request.dataset_folder = options.dataset;
  }
  if (method == TrainMethod::kPreference && !Exists(TrainFileOf(request.dataset_folder, method))) {
    return Fail(ErrorKind::kNotFound,
                "training on preferences: there is no " +
                    TrainFileOf(request.dataset_folder, method).string(),
                "idiolect export --dpo makes it");
  }
  request.persona_source_id = persona.source_id;
  request.persona_name = ShownName(persona);
  request.suffix = options.suffix;
  request.options = options.train;
  request.engine = options.engine;
  request.base_name = options.model;
  if (request.base_name.empty()) {
    request.base_name = DefaultBase(TrainFileOf(request.dataset_folder, method));
    context.Note(std::string(context.Say({"base model: ", "исходная модель: "})) +
                 request.base_name +
                 context.Say({" (by the language of the dataset; --model takes another)",
                              " (по языку датасета; другая — через --model)"}));
  }
  ASSIGN_OR_RETURN(request.base, ObtainBase(context, request.base_name));
  ASSIGN_OR_RETURN(request.base_sha256, BaseSha256(request.base_name, request.base));

  if (options.minutes > 0) {
    ASSIGN_OR_RETURN(request.options.max_steps, StepsWithin(context, options, request));
  }
  ASSIGN_OR_RETURN(auto engine, LoadEngine());
  ShowTraining show(context);
  auto outcome = RunLocalJob(workspace, request, *engine, *context.clock, show, *context.interrupt);
  if (!outcome) {
    if (outcome.error().kind == ErrorKind::kInterrupted) {
      Error error = outcome.error();
      error.hint = "run the same command again: it goes on from the checkpoint";
      return tl::unexpected<Error>(std::move(error));
    }
    return tl::unexpected<Error>(outcome.error());
  }
  show.Finish();
  if (explain == Explain::kYes) {
    context.Note(std::string("finetune: ") + DecisionWords(context, outcome->decision));
  }
  const Job& job = outcome->job;
  nlohmann::ordered_json summary = {
      {"id", job.id},
      {"status", job.status},
      {"model", job.model},
      {"fine_tuned_model", job.fine_tuned_model},
      {"adapter",
       job.adapter.empty() ? std::string() : (workspace.folder() / job.adapter).string()},
      {"dataset", job.dataset}};
  summary["result"] = nlohmann::ordered_json::parse(job.result, nullptr, false);
  return FinetuneResult{
      {summary.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
       outcome->decision != JobDecision::kAlreadyDone},
      job};
}

void AddEngineOptions(CLI::App& app, Language language, EngineOptions& options,
                      std::string& precision) {
  AddOption(app, language, {"--threads", {"0: all cores", "0: все ядра"}, "IDIOLECT_THREADS"},
            options.threads)
      .Within(0, 1024);
  AddOption(app, language,
            {"--precision",
             {"auto, bf16 or f32; auto: bf16 where the processor multiplies it",
              "auto, bf16 или f32; auto: bf16, если процессор его умножает"}},
            precision)
      .OneOf({"auto", "bf16", "f32"});
}

Status ResolvePrecision(const std::string& text, EngineOptions& options) {
  options.precision = text == "f32"    ? Precision::kF32
                      : text == "bf16" ? Precision::kBf16
                                       : Precision::kAuto;
  return {};
}

namespace {

// What most people never touch: left out of the help that fits a screen, and shown by
// --help-training.
void AddFurtherTrainOptions(CLI::App& app, Language language, TrainOptions& train) {
  auto further = std::make_shared<std::vector<DeclaredOption>>();
  const auto add = [&](DeclaredOption option) {
    further->push_back(option.Section(""));
    return option;
  };
  const std::map<std::string, Schedule> schedules = {{"cosine", Schedule::kCosine},
                                                     {"linear", Schedule::kLinear},
                                                     {"constant", Schedule::kConstant}};
  const std::map<std::string, Recompute> recomputes = {
      {"auto", Recompute::kAuto}, {"always", Recompute::kAlways}, {"never", Recompute::kNever}};
  add(AddOption(app, language,
                {"--beta",
                 {"of DPO: how dear it is to leave the base model",
                  "для DPO: цена отхода от исходной модели"}},
                train.beta))
      .Within(1e-6, 100.0);
  add(AddNamed(app, language,
               {"--schedule",
                {"of the rate after the warm-up: cosine, linear or constant",
                 "шаг после разогрева: cosine, linear или constant"}},
               schedules, train.schedule));
  add(AddOption(
          app, language,
          {"--warmup", {"share of the steps in which the rate grows", "доля шагов разогрева"}},
          train.warmup_share))
      .Within(0.0, 1.0);
  add(AddOption(app, language, {"--weight-decay", {"AdamW's", "убывание весов AdamW"}},
                train.weight_decay))
      .Within(0.0, 10.0);
  add(AddOption(app, language,
                {"--clip-norm",
                 {"longest gradient, longer ones are cut; 0: never",
                  "наибольшая длина градиента; 0: не обрезать"}},
                train.clip_norm))
      .Within(0.0, 1e6);
  add(AddOption(app, language,
                {"--rows-per-step",
                 {"packed rows whose gradients are summed for a step",
                  "строк, градиенты которых складываются в один шаг"}},
                train.rows_per_step))
      .Within(1, 100'000);
  add(AddOption(app, language, {"--alpha", {"of the adapter; 0: twice the rank", "0: два ранга"}},
                train.alpha))
      .Within(0.0, 1e6);
  add(AddFlag(app, language,
              {"--rslora",
               {"the adapter counts alpha / √rank, not alpha / rank",
                "множитель адаптера alpha / √rank вместо alpha / rank"}},
              train.rslora));
  add(AddFlag(
      app, language,
      {"--dora",
       {"outputs have magnitudes that learn, too", "у выходов обучаются и величины (DoRA)"}},
      train.dora));
  add(AddOption(app, language,
                {"--targets",
                 {"projections that learn, by name with commas; default: all seven",
                  "какие проекции учатся, через запятую; по умолчанию все семь"}},
                train.targets))
      .ShownDefault("")
      .WithCommas()
      .OneOf({"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"});
  add(AddOption(app, language,
                {"--dropout", {"of adapters' inputs, while training", "доля отбрасываемых входов"}},
                train.dropout))
      .Within(0.0, 0.9);
  add(AddOption(app, language,
                {"--neftune",
                 {"noise on embeddings while training; 0: none, 5 is usual",
                  "шум на эмбеддингах при обучении; 0: нет, обычно 5"}},
                train.neftune))
      .Within(0.0, 1000.0);
  add(AddOption(app, language,
                {"--patience",
                 {"stop after so many epochs without a better validation loss; 0: never",
                  "остановиться после стольких эпох без улучшения; 0: никогда"}},
                train.patience))
      .Within(0, 100);
  add(AddNamed(app, language,
               {"--recompute",
                {"activations in backward instead of keeping them: auto, always, never",
                 "вычислять активации заново, а не хранить: auto, always, never"}},
               recomputes, train.recompute));
  add(AddNamed(app, language,
               {"--base",
                {"its matrices, packed as in the file or unpacked once: auto, packed, unpacked",
                 "матрицы исходной модели: auto, packed (как в файле), unpacked"}},
               std::map<std::string, BaseForm>{{"auto", BaseForm::kAuto},
                                               {"packed", BaseForm::kPacked},
                                               {"unpacked", BaseForm::kUnpacked}},
               train.base));
  add(AddOption(app, language,
                {"--memory",
                 {"MiB that training may take; 0: what is free",
                  "сколько МиБ можно занять; 0: сколько свободно"}},
                train.memory_mib))
      .Within(0, 1 << 30);
  add(AddOption(app, language,
                {"--checkpoint-seconds", {"between checkpoints", "между контрольными точками"}},
                train.checkpoint_every_seconds))
      .Within(0, 86'400);
  AddTakenFlag(
      app, language,
      {"--help-training",
       {"this help with every option of training", "эта справка со всеми настройками обучения"}},
      Take::kAtOnce, [further, language] {
        for (const DeclaredOption option : *further) {
          option.Section(Say(language, {"More of training", "Ещё об обучении"}));
        }
        ShowHelp();
      });
}

}  // namespace

void AddTrainOptions(CLI::App& app, Language language, FinetuneOptions& options,
                     std::string& precision) {
  AddOption(app, language,
            {"--model",
             {"base model: a name of `idiolect models` or a GGUF file; default by language",
              "исходная модель: имя из `idiolect models` или файл GGUF; по умолчанию — по языку"},
             "IDIOLECT_BASE"},
            options.model);
  AddOption(app, language,
            {"--suffix", {"part of the new model's name", "часть имени новой модели"}},
            options.suffix);
  TrainOptions& train = options.train;
  AddNamed(app, language,
           {"--method",
            {"supervised, or dpo: on pairs of export --dpo",
             "supervised или dpo: на парах export --dpo"}},
           std::map<std::string, TrainMethod>{{"supervised", TrainMethod::kSupervised},
                                              {"dpo", TrainMethod::kPreference}},
           train.method);
  AddFlag(app, language,
          {"--full",
           {"all weights learn, not an adapter beside them: more memory, a model of its own",
            "учатся все веса, а не адаптер: больше памяти, получается отдельная модель"}},
          train.full);
  AddOption(app, language, {"--epochs", {"0: from the dataset's size", "0: по размеру датасета"}},
            train.epochs)
      .Within(0, 100);
  AddOption(app, language,
            {"--learning-rate", {"0: from the dataset's size", "0: по размеру датасета"}},
            train.learning_rate)
      .Within(0.0, 1.0);
  AddOption(
      app, language,
      {"--rank",
       {"of the adapter; 0: from the dataset's size", "ранг адаптера; 0: по размеру датасета"}},
      train.rank)
      .Within(0, 512);
  AddOption(app, language, {"--pack-tokens", {"tokens in a packed row", "токенов в строке"}},
            train.pack_tokens)
      .Within(64, 32768);
  AddOption(app, language,
            {"--minutes",
             {"train about so long at most, by this machine's speed; 0: no limit",
              "учить примерно не дольше, по скорости этой машины; 0: без предела"}},
            options.minutes)
      .Within(0.0, 1e5);
  AddOption(app, language, {"--max-steps", {"0: no limit", "0: без предела"}}, train.max_steps)
      .Within(0, 100'000'000);
  AddOption(app, language, {"--seed", {"of order and start", "зерно порядка и начала"}},
            train.seed);
  AddEngineOptions(app, language, options.engine, precision);
  AddFurtherTrainOptions(app, language, train);
}

}  // namespace idiolect
