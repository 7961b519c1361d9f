#include <nlohmann/json.hpp>

#include "analysis/report.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/engine_loader.h"
#include "cli/stages.h"
#include "cli/texts.h"
#include "dataset/reader.h"
#include "providers/model_store.h"
#include "store/runs.h"
#include "store/samples.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

// nullopt where the base model is not on this machine, or cannot train this.
std::optional<LocalTraining> LocalTrainingOf(Context& context, const fs::path& dataset) {
  TimeHereOptions here;
  here.model = DefaultBase(dataset / "train.jsonl");
  auto store = ModelStore::OpenDefault();
  if (!store || !store->Find(here.model)) return std::nullopt;
  here.train.push_back(dataset / "train.jsonl");
  here.valid.push_back(dataset / "valid.jsonl");
  const auto time = TimeHere(context, here);
  if (!time) return std::nullopt;
  LocalTraining local;
  local.model = here.model;
  local.machine = time->plan.machine;
  local.seconds = time->seconds;
  local.tokens_per_second = time->speed.tokens_per_second;
  local.epochs = time->plan.options.epochs;
  local.steps = time->plan.steps;
  local.measured_at = time->speed.measured_at;
  return local;
}

bool FilesAreThere(const std::string& summary) {
  const auto json = nlohmann::json::parse(summary, nullptr, false);
  if (!json.is_object() || !json.contains("files")) return false;
  for (const auto& file : json["files"]) {
    if (!file.is_string() || !Exists(file.get<std::string>())) return false;
  }
  return true;
}

}  // namespace

Result<TrainingTime> TimeHere(Context& context, const TimeHereOptions& options) {
  TrainRequest request;
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  ASSIGN_OR_RETURN(request.base, store.Find(options.model));
  request.base_name = options.model;
  const auto read = [](const std::vector<fs::path>& files,
                       std::vector<TrainingSample>& to) -> Status {
    for (const fs::path& file : files) {
      ASSIGN_OR_RETURN(auto samples, ReadSamples(file));
      to.insert(to.end(), std::make_move_iterator(samples.begin()),
                std::make_move_iterator(samples.end()));
    }
    return {};
  };
  RETURN_IF_ERROR(read(options.train, request.train));
  RETURN_IF_ERROR(read(options.valid, request.valid));
  request.options = options.options;
  request.engine = options.engine;
  TrainingTimeOptions time;
  time.measure_anew = options.anew;
  time.version = std::string(kVersion) + " built " + FormatIsoUtc(EngineBuiltAt());
  ASSIGN_OR_RETURN(time.remembered, RememberedSpeedsFile());
  ASSIGN_OR_RETURN(auto engine, LoadEngine());
  context.Note(
      context.Say({"training for ten seconds to see how fast this machine is, unless it is "
                   "remembered",
                   "десять секунд обучения, чтобы узнать скорость этой машины, если она "
                   "ещё не известна"}));
  return EstimateTrainingTime(*engine, std::move(request), time, *context.clock,
                              *context.interrupt);
}

std::string ReportText(const Context& context, const std::string& summary) {
  const auto json = nlohmann::ordered_json::parse(summary, nullptr, false);
  if (!json.is_object()) return summary;
  const auto& dataset = json["dataset"];
  const auto count = [](const nlohmann::ordered_json& number) {
    return GroupDigits(number.get<int64_t>());
  };
  std::string text =
      context.Say({"pairs ", "пар "}) + count(dataset["pairs"]) +
      context.Say({", dialogs ", ", диалогов "}) + count(dataset["dialogs"]) +
      context.Say({", channels ", ", каналов "}) + std::to_string(dataset["channels"].size()) +
      context.Say({", messages ", ", сообщений "}) + count(json["collection"]["messages"]) + "\n";
  for (const auto& file : json["files"]) text += file.get<std::string>() + "\n";
  return text;
}

std::string ReportStageName(const PersonSummary& persona) {
  return "report " + persona.source_id;
}

Result<StageResult> ReportStage(Context& context, Workspace& workspace,
                                const PersonSummary& persona, ReportOptions options,
                                MeasureTime measure, Explain explain, Force force) {
  ASSIGN_OR_RETURN(const fs::path dataset, NewestDataset(workspace, persona));
  ASSIGN_OR_RETURN(const std::string lexicon, LexiconText(workspace));
  options.language = context.global.language;
  Sha256 lexicon_hash;
  lexicon_hash.Add(lexicon);
  RunKey key;
  key["code"] = std::string(kVersion) + "/" + std::to_string(kReportCodeVersion);
  key["persona"] = persona.source_id;
  key["dataset"] = dataset.filename().string();
  key["language"] = LanguageCode(options.language);
  key["names"] = options.names == Names::kReal ? "real" : "pseudonyms";
  key["timezone"] = options.time_zone;
  key["lexicon"] = lexicon_hash.Hex();
  ASSIGN_OR_RETURN(key["messages"], MessagesFingerprint(workspace.database()));
  ASSIGN_OR_RETURN(auto last, LastRun(workspace.database(), ReportStageName(persona)));
  std::string difference =
      last ? ExplainDifference(last->key, key) : context.Say({"it never ran", "ещё не запускался"});
  if (difference.empty() && !FilesAreThere(last->summary)) {
    difference = context.Say({"its files are gone", "его файлов больше нет"});
  }
  if (explain == Explain::kYes) {
    context.Note(std::string("report: ") +
                 (difference.empty() ? context.Say({"nothing changed", "ничего не изменилось"})
                                     : difference.c_str()));
  }
  if (force == Force::kNo && difference.empty()) return StageResult{last->summary, false};

  if (measure == MeasureTime::kYes) options.local = LocalTrainingOf(context, dataset);
  ASSIGN_OR_RETURN(const std::string summary, WriteReport(workspace, persona.id, options,
                                                          *context.progress, *context.interrupt));
  RETURN_IF_ERROR(RecordRun(workspace.database(), ReportStageName(persona),
                            {key, context.clock->UnixSeconds(), summary}));
  return StageResult{summary, true};
}

}  // namespace idiolect
