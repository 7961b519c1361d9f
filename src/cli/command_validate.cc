#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/engine_loader.h"
#include "cli/local_tokens.h"
#include "cli/stages.h"
#include "dataset/reader.h"
#include "providers/model_store.h"
#include "validate/mend.h"
#include "validate/prices.h"
#include "validate/training_time.h"
#include "validate/validate.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> files;
  std::string persona, model, prices, fix, precision = "auto";
  size_t max_tokens = ValidateOptions().max_tokens_per_example;
  size_t show = 20;
  int epochs = 0;
  bool time = false, measure = false;
  EngineOptions engine;
};

// One of the files looked at, with what was found.
struct Looked {
  fs::path path;
  bool trains = true;  // and not merely the validation of a training
  ValidationReport report;
};

std::string Decimal(double value, const char* format) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// "2 h 05 min", "12 min", "40 s".
std::string Duration(const Context& context, double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return std::to_string(whole) + context.Say({" s", " с"});
  const int64_t minutes = (whole + 30) / 60;
  const std::string min = context.Say({" min", " мин"});
  if (minutes < 60) return std::to_string(minutes) + min;
  return std::to_string(minutes / 60) + context.Say({" h ", " ч "}) +
         (minutes % 60 < 10 ? "0" : "") + std::to_string(minutes % 60) + min;
}

std::string Grouped(uint64_t number) {
  return GroupDigits(static_cast<int64_t>(number));
}

// ---- text

std::string Spread(const Context& context, const Distribution& d) {
  return Decimal(d.min, "%.0f") + " … " + Decimal(d.max, "%.0f") +
         context.Say({", mean ", ", среднее "}) + Decimal(d.mean, "%.1f") +
         context.Say({", median ", ", медиана "}) + Decimal(d.median, "%.0f") + ", p5 " +
         Decimal(d.p5, "%.0f") + ", p95 " + Decimal(d.p95, "%.0f");
}

std::string FileText(const Context& context, const Looked& looked, size_t show) {
  const ValidationReport& r = looked.report;
  std::string text =
      looked.path.string() + "\n  " + Grouped(r.examples) + context.Say({" examples", " примеров"});
  if (r.preferences > 0) {
    text += ", " + Grouped(r.preferences) +
            context.Say({" of them preference pairs", " из них пары предпочтений"});
  }
  if (r.images > 0) text += ", " + Grouped(r.images) + context.Say({" images", " изображений"});
  text += context.Say({"; errors: ", "; ошибок: "}) + Grouped(r.Errors()) +
          context.Say({", warnings: ", ", замечаний: "}) + Grouped(r.Warnings()) + "\n";
  for (const FaultRow& row : FaultTable()) {
    const size_t count = r.Count(row.kind);
    if (count == 0) continue;
    text += "  " + std::string(row.severity == Severity::kError ? "✗ " : "· ") + row.code + ": " +
            Grouped(count) + "  " + context.Say(row.meaning) + "\n";
  }
  for (size_t i = 0; i < r.findings.size() && i < show; ++i) {
    const Finding& f = r.findings[i];
    text += "    " + looked.path.string();
    if (f.line > 0) text += ":" + std::to_string(f.line) + ":" + std::to_string(f.column);
    text +=
        std::string(": ") + RowOf(f.kind).code + (f.detail.empty() ? "" : ": " + f.detail) + "\n";
  }
  if (const size_t all = r.Errors() + r.Warnings(); all > show && show > 0) {
    text += std::string("    … ") + context.Say({"--show ", "--show "}) + std::to_string(all) +
            context.Say({" prints all", " покажет все"}) + "\n";
  }
  if (r.examples == 0) return text;
  text += std::string("  ") +
          context.Say({"without a system message: ", "без системного сообщения: "}) +
          Grouped(r.missing_system) +
          context.Say({", without the user's: ", ", без сообщения пользователя: "}) +
          Grouped(r.missing_user) + "\n";
  text += std::string("  ") + context.Say({"messages in an example: ", "сообщений в примере: "}) +
          Spread(context, r.messages) + "\n";
  text += std::string("  ") + context.Say({"tokens (", "токенов ("}) +
          (r.exact_tokens ? r.counter
                          : context.Say({"ESTIMATE, within 15 %; scripts/setup gets the tokenizer",
                                         "ОЦЕНКА, ±15 %; токенизатор ставит scripts/setup"})) +
          "): " + Grouped(r.tokens) + "; " + context.Say({"in an example: ", "в примере: "}) +
          Spread(context, r.tokens_each) + "\n";
  text += std::string("  ") + context.Say({"of the assistant: ", "из них ассистента: "}) +
          Grouped(r.assistant_tokens) + "; " + context.Say({"in an example: ", "в примере: "}) +
          Spread(context, r.assistant_tokens_each) + "\n";
  return text;
}

std::string CostText(const Context& context, const PriceList& list, const ValidationReport& report,
                     int epochs) {
  std::string text = std::string(context.Say({"cost of ", "цена за "})) + std::to_string(epochs) +
                     (context.global.language == Language::kRussian
                          ? std::string(" ") + Plural(epochs, "эпоху", "эпохи", "эпох")
                      : epochs == 1 ? " epoch"
                                    : " epochs") +
                     (list.origin.empty() ? "" : " (" + list.origin + ")") + ":\n";
  for (const Price& price : list.prices) {
    const Cost cost = CostOf(price, report.TokensWithin(price.max_tokens_per_example), epochs);
    text += "  " + price.provider + " " + price.model + ": ";
    text += cost.amount ? FormatAmount(*cost.amount, price.currency)
                        : context.Say({"not known", "неизвестно"});
    if (price.training) {
      text += " (" + FormatAmount(*price.training, price.currency) +
              context.Say({" a million tokens, seen ", " за миллион токенов, по состоянию на "}) +
              price.seen + ", " + price.source + ")";
    } else {
      text += " (" + price.page + ")";
    }
    const std::string& note =
        context.global.language == Language::kRussian ? price.note_ru : price.note;
    if (!note.empty()) text += "\n      " + note;
    text += "\n";
  }
  return text;
}

std::string TimeText(const Context& context, const TrainingTime& time, const std::string& model) {
  return std::string(context.Say({"time here: about ", "время здесь: около "})) +
         Duration(context, time.seconds) + " (" + model + ", " + time.plan.machine + ", " +
         std::to_string(time.plan.options.epochs) + context.Say({" epochs, ", " эпох, "}) +
         std::to_string(time.plan.steps) + context.Say({" steps, ", " шагов, "}) +
         Decimal(time.speed.tokens_per_second, "%.0f") +
         context.Say({" tokens/s measured ", " токенов/с, измерено "}) +
         FormatDay(time.speed.measured_at) + ")\n";
}

// ---- JSON

Json DistributionJson(const Distribution& d) {
  return {{"min", d.min},       {"max", d.max}, {"mean", d.mean},
          {"median", d.median}, {"p5", d.p5},   {"p95", d.p95}};
}

Json FileJson(const Looked& looked) {
  const ValidationReport& r = looked.report;
  Json faults = Json::object(), findings = Json::array();
  for (const FaultRow& row : FaultTable()) {
    if (r.Count(row.kind) > 0) faults[row.code] = r.Count(row.kind);
  }
  for (const Finding& f : r.findings) {
    findings.push_back(
        {{"kind", RowOf(f.kind).code},
         {"severity", RowOf(f.kind).severity == Severity::kError ? "error" : "warning"},
         {"line", f.line},
         {"column", f.column},
         {"detail", f.detail}});
  }
  const NotebookCounts& n = r.notebook;
  return {{"file", looked.path.string()},
          {"lines", r.lines},
          {"examples", r.examples},
          {"preferences", r.preferences},
          {"images", r.images},
          {"errors", r.Errors()},
          {"warnings", r.Warnings()},
          {"faults", faults},
          {"notebook",
           {{"data_type", n.data_type},
            {"missing_messages_list", n.missing_messages_list},
            {"message_missing_key", n.message_missing_key},
            {"message_unrecognized_key", n.message_unrecognized_key},
            {"unrecognized_role", n.unrecognized_role},
            {"missing_content", n.missing_content},
            {"example_missing_assistant_message", n.example_missing_assistant_message}}},
          {"findings", findings},
          {"missing_system", r.missing_system},
          {"missing_user", r.missing_user},
          {"tokenizer", r.counter},
          {"exact", r.exact_tokens},
          {"tokens", r.tokens},
          {"billable_tokens", r.billable_tokens},
          {"assistant_tokens", r.assistant_tokens},
          {"messages_per_example", DistributionJson(r.messages)},
          {"tokens_per_example", DistributionJson(r.tokens_each)},
          {"assistant_tokens_per_example", DistributionJson(r.assistant_tokens_each)}};
}

Json CostsJson(const PriceList& list, const ValidationReport& report, int epochs) {
  Json rows = Json::array();
  for (const Price& price : list.prices) {
    const Cost cost = CostOf(price, report.TokensWithin(price.max_tokens_per_example), epochs);
    rows.push_back({{"provider", price.provider},
                    {"model", price.model},
                    {"currency", price.currency},
                    {"trained_tokens", cost.trained_tokens},
                    {"amount", cost.amount ? Json(*cost.amount) : Json(nullptr)},
                    {"per_million", price.training ? Json(*price.training) : Json(nullptr)},
                    {"seen", price.seen},
                    {"source", price.source},
                    {"page", price.page},
                    {"note", price.note}});
  }
  return rows;
}

// ---- what is looked at

// The files named, or those of the newest dataset.
Result<std::vector<Looked>> Choose(Context& context, const Options& options) {
  std::vector<Looked> chosen;
  for (const std::string& file : options.files) chosen.push_back({file, true, {}});
  if (!chosen.empty()) return chosen;
  ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
  ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options.persona));
  ASSIGN_OR_RETURN(const fs::path folder, NewestDataset(*workspace, persona));
  chosen.push_back({folder / "train.jsonl", true, {}});
  for (const char* name : {"valid.jsonl", "test.jsonl"}) {
    if (Exists(folder / name)) chosen.push_back({folder / name, false, {}});
  }
  return chosen;
}

// nullopt when the model is not on this machine.
Result<std::optional<LocalTokens>> CountLocally(const fs::path& file, const std::string& model) {
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  const auto base = store.Find(model);
  if (!base) return std::optional<LocalTokens>();
  ASSIGN_OR_RETURN(const LocalTokens local, CountLocalTokens(file, *base));
  return std::optional<LocalTokens>(local);
}

Status FixFile(Context& context, const fs::path& in, const std::string& out, Json* json,
               std::string* text) {
  ASSIGN_OR_RETURN(const MendResult mended, MendFile(in, out));
  Json done = Json::object();
  *text += std::string(context.Say({"mended: ", "исправлено: "})) + out + " (" +
           Grouped(mended.lines_kept) + context.Say({" lines, ", " строк, "}) +
           Grouped(mended.lines_changed) + context.Say({" changed)", " изменено)"}) + "\n";
  for (size_t i = 0; i < kMendKinds; ++i) {
    const MendRow& row = RowOf(static_cast<MendKind>(i));
    const size_t count = mended.Count(row.kind);
    if (count == 0) continue;
    done[row.code] = count;
    *text += "  " + std::string(context.Say(row.meaning)) + ": " + Grouped(count) + "\n";
  }
  Json dropped = Json::array();
  for (const Mended& one : mended.done) {
    if (one.kind != MendKind::kLineDropped) continue;
    dropped.push_back({{"line", one.line}, {"kind", one.detail}});
    if (dropped.size() <= 20) {
      *text += "    " + in.string() + ":" + std::to_string(one.line) + ": " + one.detail + "\n";
    }
  }
  *json = {{"file", out},
           {"lines_kept", mended.lines_kept},
           {"lines_changed", mended.lines_changed},
           {"done", done},
           {"dropped", dropped}};
  return {};
}

Status Run(Context& context, const Options& options) {
  if (!options.fix.empty() && options.files.size() != 1) {
    return Fail(ErrorKind::kMisuse, "validating: --fix mends one file",
                "name it: idiolect validate train.jsonl --fix mended.jsonl");
  }
  // Everything cheap before anything that takes time.
  ASSIGN_OR_RETURN(const PriceList prices,
                   LoadPrices(options.prices, ChooseWorkspace(context.global.workspace)));
  ASSIGN_OR_RETURN(auto files, Choose(context, options));
  const auto counter = OpenBestCounter();
  size_t errors = 0;
  for (Looked& file : files) {
    ValidateOptions how;
    how.max_tokens_per_example = options.max_tokens;
    how.most_findings = std::max<size_t>(how.most_findings, options.show);
    if (!file.trains) how.min_examples = 0;
    ASSIGN_OR_RETURN(file.report, ValidateFile(file.path, how, *counter));
    errors += file.report.Errors();
  }
  Json json = {{"files", Json::array()}};
  std::string text;
  for (const Looked& file : files) {
    json["files"].push_back(FileJson(file));
    text += FileText(context, file, options.show);
  }
  const Looked& training = files.front();
  const ValidationReport& report = training.report;
  const int epochs = options.epochs > 0 ? options.epochs : GuessEpochs(report.examples);
  if (report.examples > 0) {
    json["epochs"] = epochs;
    json["prices"] = prices.origin.empty() ? Json(nullptr) : Json(prices.origin);
    json["costs"] = CostsJson(prices, report, epochs);
    text += CostText(context, prices, report, epochs);
  }
  // What follows reads the file as training does, so only a file that training takes.
  const bool trainable = errors == report.Count(FaultKind::kTooFewExamples) &&
                         report.preferences == 0 && report.images == 0 && report.examples > 0;
  if (trainable) {
    const std::string model = options.model.empty() ? DefaultBase(training.path) : options.model;
    if (auto local = CountLocally(training.path, model); local && *local) {
      json["local"] = {
          {"model", model}, {"tokens", (*local)->tokens}, {"learned", (*local)->learned}};
      text += std::string(context.Say({"tokens by ", "токенов по "})) + model + ": " +
              GroupDigits((*local)->tokens) + context.Say({", learned ", ", учатся "}) +
              GroupDigits((*local)->learned) + "\n";
    } else if (!local) {
      // A base that cannot read this file (turns that do not alternate) is worth a word, no more.
      context.Note(local.error().message);
    }
    if (options.time || options.measure) {
      TimeHereOptions here;
      here.model = model;
      here.options.epochs = options.epochs;
      here.engine = options.engine;
      here.anew = options.measure;
      for (const Looked& file : files) {
        if (file.path.filename() == "test.jsonl") continue;
        (file.trains ? here.train : here.valid).push_back(file.path);
      }
      ASSIGN_OR_RETURN(const TrainingTime time, TimeHere(context, here));
      json["time"] = {{"model", model},
                      {"machine", time.plan.machine},
                      {"epochs", time.plan.options.epochs},
                      {"steps", time.plan.steps},
                      {"seconds", time.seconds},
                      {"tokens_per_second", time.speed.tokens_per_second},
                      {"measured_at", FormatIsoUtc(time.speed.measured_at)}};
      text += TimeText(context, time, model);
    } else {
      text += context.Say({"time here: --time measures it in ten seconds\n",
                           "время здесь: --time измерит за десять секунд\n"});
    }
  }
  if (!options.fix.empty()) {
    RETURN_IF_ERROR(FixFile(context, training.path, options.fix, &json["fix"], &text));
  }
  context.Print(context.json()
                    ? json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                    : text);
  if (errors > 0) {
    return Fail(
        ErrorKind::kBadInput,
        "validating: " + std::to_string(errors) + (errors == 1 ? " error" : " errors"),
        options.fix.empty() && options.files.size() == 1
            ? "idiolect validate " + options.files[0] + " --fix OUT mends what can be mended"
            : "");
  }
  context.Next("finetune");
  return {};
}

}  // namespace

CommandAction DeclareValidate(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(
      app, language,
      {"FILE",
       {"JSONL files; default: the newest dataset", "файлы JSONL; по умолчанию новейший датасет"}},
      options->files);
  AddOption(app, language,
            {"--fix",
             {"write a mended copy there and say what was done",
              "записать туда исправленную копию и рассказать, что сделано"}},
            options->fix);
  AddOption(app, language,
            {"--show", {"faults to print with their place", "сколько ошибок показать с местом"}},
            options->show);
  AddOption(
      app, language,
      {"--max-tokens", {"of one example; 16385 for gpt-3.5", "в одном примере; 16385 для gpt-3.5"}},
      options->max_tokens)
      .Within(1, 100'000'000);
  AddOption(app, language, {"--epochs", {"0: by the number of examples", "0: по числу примеров"}},
            options->epochs)
      .Within(0, 100);
  AddOption(app, language,
            {"--prices",
             {"a price file; default: prices.toml of the workspace, else the built-in",
              "файл цен; по умолчанию prices.toml рабочей области, иначе встроенный"}},
            options->prices);
  AddFlag(app, language,
          {"--time", {"how long training would take here", "сколько продлится обучение здесь"}},
          options->time);
  AddFlag(app, language, {"--measure", {"the same, measured anew", "то же, с новым измерением"}},
          options->measure);
  AddOption(app, language,
            {"--model",
             {"base model for tokens and time; default by language",
              "исходная модель для токенов и времени; по умолчанию — по языку"},
             "IDIOLECT_BASE"},
            options->model);
  AddOption(app, language, {"--persona", {"whose dataset", "чей датасет"}, "IDIOLECT_PERSONA"},
            options->persona);
  AddEngineOptions(app, language, options->engine, options->precision);
  return [options](Context& context) -> Status {
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->engine));
    return Run(context, *options);
  };
}

}  // namespace idiolect
