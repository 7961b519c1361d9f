// `finetune --provider`: what the user sees and is asked, around jobs/hosted_job.h.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/hosted.h"
#include "cli/texts.h"
#include "dataset/reader.h"
#include "evaluate/side_by_side.h"
#include "jobs/hosted_job.h"
#include "jobs/loss_curve.h"
#include "store/samples.h"
#include "tokens/token_counter.h"
#include "validate/prices.h"
#include "validate/validate.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Decimal(double value, const char* format) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// ---- what will happen ---------------------------------------------------------------------------

struct Estimate {
  uint64_t tokens = 0;
  bool exact = false;
  int64_t epochs = 0;
  std::optional<double> amount;  // nullopt: not known
  std::string currency, price_source;
  int64_t people = -1;  // negative: not known
};

Result<int64_t> PeopleOf(Workspace& workspace, const PersonSummary& persona,
                         const std::filesystem::path& dataset) {
  ASSIGN_OR_RETURN(const auto row, NewestDatasetOf(workspace.database(), persona.id));
  if (!row || row->folder != dataset.filename().string()) return -1;
  return CountPeopleInDataset(workspace.database(), row->id);
}

Result<Estimate> EstimateOf(Workspace& workspace, const PersonSummary& persona,
                            const HostedRequest& request, const Provider& provider,
                            const HostedPlan& plan) {
  Estimate estimate;
  ASSIGN_OR_RETURN(const auto prices, LoadPrices({}, workspace.folder()));
  const Price* price = prices.Find(provider.name, request.model);
  ValidateOptions limits;
  limits.min_examples = static_cast<size_t>(provider.min_examples);
  limits.max_bytes = static_cast<uint64_t>(provider.most_file_bytes);
  if (price != nullptr && price->max_tokens_per_example > 0) {
    limits.max_tokens_per_example = price->max_tokens_per_example;
  }
  const auto counter = OpenBestCounter();
  const auto train = request.dataset_folder / "train.jsonl";
  ASSIGN_OR_RETURN(const auto report, ValidateFile(train, limits, *counter));
  if (report.Errors() > 0) {
    return Fail(ErrorKind::kBadInput,
                "the training file has " + std::to_string(report.Errors()) +
                    " faults that a provider would refuse",
                "idiolect validate " + train.string());
  }
  estimate.tokens = report.billable_tokens;
  estimate.exact = report.exact_tokens;
  estimate.epochs =
      request.epochs > 0 ? request.epochs : GuessEpochs(static_cast<size_t>(plan.train.lines));
  if (price != nullptr) {
    const Cost cost = CostOf(*price, estimate.tokens, static_cast<int>(estimate.epochs));
    estimate.amount = cost.amount;
    estimate.currency = price->currency;
    estimate.price_source = price->seen + ", " + price->source;
  }
  ASSIGN_OR_RETURN(estimate.people, PeopleOf(workspace, persona, request.dataset_folder));
  return estimate;
}

void ShowPlan(Context& context, const Provider& provider, const HostedRequest& request,
              const HostedPlan& plan, const Estimate& estimate) {
  const auto say = [&context](Text text) { return std::string(context.Say(text)); };
  context.Note(say({"to: ", "куда: "}) + provider.title + ", " + provider.base_url);
  context.Note(say({"model: ", "модель: "}) + request.model);
  context.Note(say({"leaves this machine: ", "покинет машину: "}) + GroupDigits(plan.train.lines) +
               say({" training and ", " примеров для обучения и "}) +
               GroupDigits(plan.valid.lines) + say({" validation examples, ", " для проверки, "}) +
               GroupDigits(plan.train.bytes + plan.valid.bytes) +
               say({" bytes: words of ", " байт: слова "}) +
               (estimate.people < 0
                    ? say({"an unknown number of people", "неизвестно скольких людей"})
                    : say({"about ", "примерно "}) + std::to_string(estimate.people) +
                          (estimate.people == 1 ? say({" person", " человека"})
                                                : say({" people", " человек"}))));
  if (plan.train.left_out > 0) {
    context.Note(std::to_string(plan.train.left_out) +
                 say({" examples cannot be said in this provider's form and stay here",
                      " примеров не выразить в формате сервиса, они останутся здесь"}));
  }
  std::string cost = say({"cost: ", "стоимость: "});
  if (estimate.amount) {
    cost += say({"about ", "около "}) + FormatAmount(*estimate.amount, estimate.currency) +
            say({" (price seen ", " (цена на "}) + estimate.price_source + "); ";
  } else {
    cost += say({"the price is not known here, see the provider's page; ",
                 "цена здесь неизвестна, смотрите страницу сервиса; "});
  }
  context.Note(cost + GroupDigits(static_cast<int64_t>(estimate.tokens)) +
               (estimate.exact ? say({" tokens × ", " токенов × "})
                               : say({" tokens (an estimate) × ", " токенов (оценка) × "})) +
               std::to_string(estimate.epochs) + say({" epochs", " эпох"}));
  context.Note(say({"time: minutes to hours, the provider says it once the job runs",
                    "время: от минут до часов, сервис скажет, когда задание начнётся"}));
  if (!provider.jobs_until.empty()) {
    context.Note(say({"note: ", "внимание: "}) + provider.Note(context.global.language));
  }
}

// Only a person at a terminal can say yes without --yes.
Status AskFirst(Context& context, const HostedFinetuneOptions& options) {
  if (options.yes) return {};
  if (::isatty(STDIN_FILENO) == 0) {
    return Fail(ErrorKind::kMisuse, "nothing was sent: nobody is here to agree",
                "read what is above, then run it with --yes; --dry-run shows it without sending");
  }
  std::fputs(context.Say({"send it? [y/N] ", "отправить? [y/N] "}), stderr);
  std::string line;
  std::getline(std::cin, line);
  const std::string word(TrimSpace(line));
  for (const char* yes : {"y", "Y", "yes", "д", "Д", "да", "Да"}) {
    if (word == yes) return {};
  }
  return Fail(ErrorKind::kInterrupted, "nothing was sent");
}

Json PlanJson(const Provider& provider, const HostedRequest& request, const HostedPlan& plan,
              const Estimate& estimate) {
  const auto file = [](const PreparedFile& prepared) {
    return Json({{"lines", prepared.lines},
                 {"bytes", prepared.bytes},
                 {"sha256", prepared.sha256},
                 {"left_out", prepared.left_out}});
  };
  Json out = {
      {"provider", provider.name},   {"base_url", provider.base_url},  {"model", request.model},
      {"dataset", plan.run.dataset}, {"train", file(plan.train)},      {"valid", file(plan.valid)},
      {"tokens", estimate.tokens},   {"tokens_exact", estimate.exact}, {"epochs", estimate.epochs}};
  out["cost"] = estimate.amount ? Json({{"amount", *estimate.amount},
                                        {"currency", estimate.currency},
                                        {"seen", estimate.price_source}})
                                : Json();
  out["people"] = estimate.people >= 0 ? Json(estimate.people) : Json();
  out["decision"] = plan.decision == HostedDecision::kNew      ? "new"
                    : plan.decision == HostedDecision::kGoesOn ? "goes on"
                                                               : "already done";
  return out;
}

// ---- while it happens ---------------------------------------------------------------------------

class ShowHosted : public HostedObserver {
 public:
  explicit ShowHosted(Context& context) : context_(context) {}

  void OnUpload(const std::string& name, int64_t sent, int64_t bytes) override {
    if (name != uploading_) {
      FinishBar();
      uploading_ = name;
      context_.progress->Start("uploading", static_cast<uint64_t>(bytes), "bytes");
      bar_ = true;
    }
    context_.progress->Update(static_cast<uint64_t>(sent));
  }
  void OnFile(const std::string&, const std::string& id, bool was_there) override {
    FinishBar();
    context_.Note((was_there ? std::string(context_.Say({"already there: ", "уже там: "}))
                             : std::string(context_.Say({"uploaded: ", "загружено: "}))) +
                  id);
  }
  void OnJob(const Job& job, bool was_there) override {
    context_.Note((was_there ? std::string(context_.Say({"job found again: ", "задание найдено: "}))
                             : std::string(context_.Say({"job created: ", "задание создано: "}))) +
                  job.id);
    context_.Note(std::string(context_.Say({"Ctrl-C leaves it running; come back with ",
                                            "Ctrl-C его не остановит; вернуться: "})) +
                  "idiolect jobs follow " + job.id);
  }
  void OnStatus(const Job& job) override {
    context_.Note(std::string(context_.Say({"status: ", "состояние: "})) + job.status);
  }
  void OnEvent(const JobEvent& event) override {
    const auto data = nlohmann::json::parse(event.data, nullptr, /*allow_exceptions=*/false);
    const auto number = [&data](const char* name) {
      return data.is_object() && data.contains(name) && data[name].is_number()
                 ? data[name].get<double>()
                 : -1.0;
    };
    const double step = number("step"), total = number("total_steps"), loss = number("train_loss");
    if (step >= 0 && total > 0) {
      if (!bar_) {
        context_.progress->Start("training", static_cast<uint64_t>(total), "steps");
        bar_ = true;
      }
      context_.progress->Update(static_cast<uint64_t>(step),
                                loss >= 0 ? "loss " + Decimal(loss, "%.3f") : "");
      return;
    }
    context_.Note(FormatIsoUtc(event.created_at) + "  " + event.message);
  }
  void OnAway(const Error& error, int64_t seconds) override {
    context_.Note(error.message + context_.Say({"; asked again in ", "; повтор через "}) +
                  std::to_string(seconds) + context_.Say({" s", " с"}));
  }
  void FinishBar() {
    if (bar_) context_.progress->Finish();
    bar_ = false;
  }

 private:
  Context& context_;
  std::string uploading_;
  bool bar_ = false;
};

// ---- the end ------------------------------------------------------------------------------------

Json LossesJson(const std::vector<LossPoint>& points) {
  Json list = Json::array();
  for (const auto& point : points) {
    Json row = {{"step", point.step}};
    if (point.train) row["train_loss"] = *point.train;
    if (point.valid) row["valid_loss"] = *point.valid;
    list.push_back(std::move(row));
  }
  return list;
}

// The losses of the provider's result file, which is kept, else those of the events.
Result<std::vector<LossPoint>> Losses(Context& context, Workspace& workspace, OpenedService& opened,
                                      const Job& job) {
  const auto result = nlohmann::json::parse(job.result, nullptr, /*allow_exceptions=*/false);
  if (result.is_object() && result.contains("result_files") && result["result_files"].is_array()) {
    for (const auto& id : result["result_files"]) {
      if (!id.is_string()) continue;
      const auto content = opened.service->FileContent(id.get<std::string>());
      if (!content) {
        context.Note(content.error().message);
        continue;
      }
      auto points = LossesOfCsv(*content);
      if (points.empty()) continue;
      RETURN_IF_ERROR(PublishFile(workspace.results_folder() / (job.id + ".csv"), *content));
      return points;
    }
  }
  ASSIGN_OR_RETURN(const auto events, ListJobEvents(workspace.database(), job.id));
  return LossesOfEvents(events);
}

Result<SideBySide> Answers(Context& context, Workspace& workspace, OpenedService& opened,
                           const Job& job, size_t count) {
  ASSIGN_OR_RETURN(const auto samples,
                   ReadSamples(workspace.folder() / job.dataset / "test.jsonl"));
  ASSIGN_OR_RETURN(const auto base, opened.service->Chat(job.model));
  ASSIGN_OR_RETURN(const auto tuned, opened.service->Chat(job.fine_tuned_model));
  GenerateOptions generate;
  generate.max_tokens = 120;
  generate.temperature = 0.7;
  return CompareOnSamples(*base, *tuned, samples, count, generate, *context.progress,
                          *context.interrupt);
}

std::string HostedMarkdown(Context& context, const Job& job, const SideBySide& comparison,
                           const std::vector<LossPoint>& losses, const std::string& serving) {
  const Language language = context.global.language;
  std::string text = comparison.answers.empty()
                         ? "# " + job.fine_tuned_model + "\n\n" + serving + "\n"
                         : SideBySideMarkdown(comparison, language);
  text += std::string("\n## ") + Say(language, {"The job", "Задание"}) + "\n\n- `" + job.id +
          "`, " + job.provider + ", `" + job.model + "`\n- " +
          Say(language, {"parameters: ", "параметры: "}) + "`" + job.hyperparameters + "`\n";
  if (!losses.empty()) text += "\n![loss](" + job.id + ".svg)\n";
  return text;
}

Status SaveResults(Context& context, Workspace& workspace, const Job& job,
                   const SideBySide& comparison, const std::vector<LossPoint>& losses,
                   const std::string& serving) {
  const auto file = [&](const char* ending) {
    return workspace.results_folder() / (job.id + ending);
  };
  Json json = Json::parse(SideBySideJson(comparison), nullptr, /*allow_exceptions=*/false);
  json["job"] = {{"id", job.id},
                 {"provider", job.provider},
                 {"model", job.model},
                 {"fine_tuned_model", job.fine_tuned_model},
                 {"created_at", job.created_at},
                 {"finished_at", job.finished_at},
                 {"hyperparameters", Json::parse(job.hyperparameters, nullptr, false)},
                 {"result", Json::parse(job.result, nullptr, false)}};
  json["losses"] = LossesJson(losses);
  if (!losses.empty()) {
    RETURN_IF_ERROR(PublishFile(
        file(".svg"), LossCurveSvg(losses, job.fine_tuned_model, context.global.language)));
  }
  RETURN_IF_ERROR(
      PublishFile(file(".md"), HostedMarkdown(context, job, comparison, losses, serving)));
  return PublishFile(file(".json"), Dump(json));
}

Json JobJson(const Job& job) {
  Json out = {{"id", job.id},
              {"provider", job.provider},
              {"status", job.status},
              {"model", job.model},
              {"fine_tuned_model", job.fine_tuned_model},
              {"dataset", job.dataset},
              {"error", job.error}};
  out["result"] = Json::parse(job.result, nullptr, /*allow_exceptions=*/false);
  return out;
}

// The Gemini API keeps files and trains nothing: the file is all that can be done.
Status UploadAlone(Context& context, HostedContext& hosted, HostedPlan& plan) {
  RETURN_IF_ERROR(EnsureUploaded(hosted, plan));
  context.Note(hosted.provider.Note(context.global.language));
  if (context.json()) {
    context.Print(Dump({{"provider", plan.run.provider},
                        {"training_file", plan.run.training_file},
                        {"validation_file", plan.run.validation_file},
                        {"job", nullptr}}));
  } else {
    context.Print(plan.run.training_file + "\n" + plan.run.validation_file);
  }
  context.Next("finetune --provider vertex");
  return {};
}

// A base model that the server says will be gone is warned about before anything is sent.
Status CheckModel(Context& context, OpenedService& opened, const std::string& model,
                  const std::string& day) {
  std::string until;
  for (const auto& row : opened.provider.models) {
    if (row.id == model) until = row.until;
  }
  if (!until.empty() && day > until) {
    return Fail(ErrorKind::kMisuse,
                model + " was shut down at " + opened.provider.title + " after " + until,
                opened.options.closed_hint);
  }
  const auto known = opened.service->FindModel(model);
  if (!known && known.error().kind != ErrorKind::kNotFound &&
      known.error().kind != ErrorKind::kBadInput) {
    return tl::unexpected<Error>(known.error());
  }
  if (known && *known && !(*known)->until.empty()) {
    if (day >= (*known)->until) {
      return Fail(ErrorKind::kMisuse,
                  model + " is shut down at " + opened.provider.title + " since " + (*known)->until,
                  opened.options.closed_hint);
    }
    context.Note(std::string(context.Say({"the model, and all that is trained on it, ends on ",
                                          "модель и всё, что на ней обучено, выключат "})) +
                 (*known)->until);
  }
  return {};
}

}  // namespace

Status FinishHostedJob(Context& context, Workspace& workspace, OpenedService& opened,
                       HostedRun& run, size_t answers) {
  ShowHosted show(context);
  HostedContext hosted{workspace, *opened.service,   opened.provider, *context.clock,
                       show,      *context.interrupt};
  Job job;
  if (run.step == HostedStep::kFollow) {
    auto followed = FollowHostedJob(hosted, run);
    show.FinishBar();
    if (!followed) return tl::unexpected<Error>(followed.error());
    job = *std::move(followed);
  } else {
    ASSIGN_OR_RETURN(auto known, FindJob(workspace.database(), run.job_id));
    if (!known) return Fail(ErrorKind::kNotFound, "the workspace has no job " + run.job_id);
    job = *std::move(known);
  }
  if (job.status != "succeeded") {
    if (context.json()) context.Print(Dump(JobJson(job)));
    return Fail(ErrorKind::kFailed,
                "the job " + job.id + " at " + opened.provider.title + " " +
                    (job.status == "failed" ? "failed: " + job.error : "was " + job.status),
                "mend what it says and run the same command: it makes a new job");
  }
  if (run.step != HostedStep::kDone) {
    ASSIGN_OR_RETURN(const auto losses, Losses(context, workspace, opened, job));
    SideBySide comparison;
    std::string serving = opened.provider.ServingNote(context.global.language);
    if (opened.provider.serving == Serving::kDirect && answers > 0) {
      ASSIGN_OR_RETURN(comparison, Answers(context, workspace, opened, job, answers));
      serving.clear();
    }
    comparison.base_model = job.model;
    comparison.tuned_model = job.fine_tuned_model;
    const auto people = ListPeople(workspace.database());
    if (people) {
      for (const auto& person : *people) {
        if (person.source_id == job.persona) comparison.persona = ShownName(person);
      }
    }
    RETURN_IF_ERROR(SaveResults(context, workspace, job, comparison, losses, serving));
    run.step = HostedStep::kDone;
    RETURN_IF_ERROR(SaveHostedRun(workspace.database(), run));
    std::error_code ignored;
    std::filesystem::remove_all(workspace.outbox_folder(), ignored);
    if (!serving.empty()) context.Note(serving);
    if (!context.json() && !comparison.answers.empty()) {
      context.Print(SideBySideText(comparison, context.global.language));
    }
  }
  if (context.json()) {
    context.Print(Dump(JobJson(job)));
  } else {
    context.Print(job.fine_tuned_model + "\n" + context.Say({"results: ", "результаты: "}) +
                  (workspace.results_folder() / (job.id + ".md")).string());
  }
  context.Next("chat --provider " + run.provider + " --model " + job.fine_tuned_model);
  return {};
}

Status HostedFinetune(Context& context, Workspace& workspace, const PersonSummary& persona,
                      const HostedFinetuneOptions& options) {
  ASSIGN_OR_RETURN(const auto all, ReadProviders(workspace.folder()));
  ASSIGN_OR_RETURN(const auto provider, ResolveProvider(all, options.choice));
  const std::string day = FormatDay(context.clock->UnixSeconds());
  const bool files_only = provider.shape == ServiceShape::kGemini;
  if (!files_only) RETURN_IF_ERROR(CheckTakesJobs(provider, all, day, context.global.language));

  HostedRequest request;
  if (options.dataset.empty()) {
    ASSIGN_OR_RETURN(request.dataset_folder, NewestDataset(workspace, persona));
  } else {
    request.dataset_folder = options.dataset;
  }
  request.persona_source_id = persona.source_id;
  request.model = options.model;
  if (request.model.empty() && !provider.models.empty()) request.model = provider.models.front().id;
  if (request.model.empty() && !files_only) {
    return Fail(ErrorKind::kMisuse, "it is not said which model to train",
                "--model NAME; the server's list: idiolect models --provider " + provider.name);
  }
  request.suffix = options.suffix.substr(0, static_cast<size_t>(provider.suffix_length));
  request.epochs = options.epochs;
  request.batch_size = options.batch_size;
  request.rate = options.rate;
  request.seed = options.seed;
  request.options = Json({{"project", options.choice.project},
                          {"location", options.choice.location},
                          {"bucket", options.choice.bucket}})
                        .dump();
  ASSIGN_OR_RETURN(auto plan, PlanHostedJob(workspace, request, provider, *context.clock,
                                            options.again ? Anew::kYes : Anew::kNo));
  ASSIGN_OR_RETURN(const auto estimate, EstimateOf(workspace, persona, request, provider, plan));
  if (options.dry_run) {
    ShowPlan(context, provider, request, plan, estimate);
    if (context.json()) {
      context.Print(Dump(PlanJson(provider, request, plan, estimate)));
    } else {
      context.Print(
          context.Say({"a dry run: nothing was sent", "пробный запуск: ничего не отправлено"}));
    }
    return {};
  }
  ASSIGN_OR_RETURN(auto opened, OpenService(context, workspace.folder(), options.choice));
  ShowHosted show(context);
  HostedContext hosted{workspace, *opened->service,  opened->provider, *context.clock,
                       show,      *context.interrupt};
  if (plan.decision == HostedDecision::kAlreadyDone) {
    context.Note(context.Say({"the same job has succeeded already; --again makes another",
                              "такое задание уже выполнено; ещё одно — с --again"}));
    return FinishHostedJob(context, workspace, *opened, plan.run, options.answers);
  }
  if (plan.run.job_id.empty()) {
    if (plan.decision == HostedDecision::kNew) {
      ShowPlan(context, provider, request, plan, estimate);
      RETURN_IF_ERROR(AskFirst(context, options));
    }
    if (files_only) return UploadAlone(context, hosted, plan);
    RETURN_IF_ERROR(CheckModel(context, *opened, request.model, day));
    auto uploaded = EnsureUploaded(hosted, plan);
    show.FinishBar();
    if (!uploaded) return uploaded;
    auto job = EnsureCreated(hosted, request, plan.run);
    if (!job) return tl::unexpected<Error>(job.error());
  }
  return FinishHostedJob(context, workspace, *opened, plan.run, options.answers);
}

}  // namespace idiolect
