#include "jobs/local_job.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "dataset/reader.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// JSON has no NaN.
Json Number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

// Letters and digits of the name in Latin script, for a model's name and folders.
std::string Slug(const std::string& name) {
  static constexpr std::string_view kLatin[] = {
      "a", "b", "v", "g", "d", "e",  "zh", "z",  "i",  "y",   "k", "l", "m", "n", "o",  "p",
      "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "sch", "",  "y", "",  "e", "yu", "ya"};
  std::string slug;
  const std::string folded = FoldForSearch(name);
  for (size_t at = 0; at < folded.size();) {
    const char32_t c = NextCodePoint(folded, &at);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      slug += static_cast<char>(c);
    } else if (c >= U'а' && c <= U'я') {
      slug += kLatin[c - U'а'];
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "persona" : slug.substr(0, 32);
}

Json OptionsJson(const TrainOptions& options) {
  return {{"n_epochs", options.epochs},
          {"learning_rate", options.learning_rate},
          {"rank", options.rank},
          {"alpha", options.alpha},
          {"dropout", options.dropout},
          {"weight_decay", options.weight_decay},
          {"warmup_share", options.warmup_share},
          {"clip_norm", options.clip_norm},
          {"pack_tokens", options.pack_tokens},
          {"rows_per_step", options.rows_per_step},
          {"seed", options.seed},
          {"max_steps", options.max_steps}};
}

Json ResultJson(const TrainResult& result) {
  Json validations = Json::array();
  for (const Validation& v : result.validations) {
    validations.push_back({{"step", v.step},
                           {"epoch", v.epoch},
                           {"valid_loss", Number(v.loss)},
                           {"valid_mean_token_accuracy", Number(v.token_accuracy)},
                           {"best", v.best}});
  }
  return {{"trained_tokens", result.trained_tokens},
          {"steps", result.plan.steps},
          {"seconds", result.seconds},
          {"train_loss", Number(result.final_train_loss)},
          {"base_valid_loss", Number(result.base_valid_loss)},
          {"valid_loss", Number(result.best_valid_loss)},
          {"best_epoch", result.best_epoch},
          {"validations", validations},
          {"machine", result.plan.machine},
          {"hyperparameters", OptionsJson(result.plan.options)}};
}

// Writes what the engine reports into the job's events before the caller sees it.
class Recorder : public TrainObserver {
 public:
  Recorder(Database& database, Job& job, const Clock& clock, TrainObserver& next)
      : database_(database), job_(job), clock_(clock), next_(next) {}

  void OnPlan(const TrainPlan& plan) override {
    job_.hyperparameters = Dump(OptionsJson(plan.options));
    Keep(SaveJob(database_, job_));
    next_.OnPlan(plan);
  }
  void OnResume(int64_t step) override {
    Keep(DropJobEventsAfterStep(database_, job_.id, step));
    Event("info", "message", "resumed after step " + std::to_string(step), "");
    next_.OnResume(step);
  }
  void OnStep(const TrainStep& step) override {
    Event("info", "metrics",
          "Step " + std::to_string(step.step) + "/" + std::to_string(step.total_steps) +
              ": training loss=" + std::to_string(step.loss),
          Dump({{"step", step.step},
                {"total_steps", step.total_steps},
                {"train_loss", Number(step.loss)},
                {"train_mean_token_accuracy", Number(step.token_accuracy)},
                {"learning_rate", step.learning_rate},
                {"gradient_norm", Number(step.gradient_norm)},
                {"tokens_per_second", step.tokens_per_second}}));
    next_.OnStep(step);
  }
  void OnValidation(const Validation& v) override {
    Event("info", "metrics",
          "Step " + std::to_string(v.step) + ": validation loss=" + std::to_string(v.loss),
          Dump({{"step", v.step},
                {"epoch", v.epoch},
                {"full_valid_loss", Number(v.loss)},
                {"full_valid_mean_token_accuracy", Number(v.token_accuracy)}}));
    next_.OnValidation(v);
  }

  void Event(const char* level, const char* type, std::string message, std::string data) {
    JobEvent event;
    event.created_at = clock_.UnixSeconds();
    event.level = level;
    event.type = type;
    event.message = std::move(message);
    event.data = std::move(data);
    Keep(AddJobEvent(database_, job_.id, event));
  }
  // The first thing that could not be written; training goes on, the job then says so.
  const Status& status() const { return status_; }

 private:
  void Keep(Status status) {
    if (!status && status_) status_ = std::move(status);
  }

  Database& database_;
  Job& job_;
  const Clock& clock_;
  TrainObserver& next_;
  Status status_;
};

Result<std::string> SystemPromptOf(const std::vector<TrainingSample>& samples) {
  if (samples.empty() || samples.front().empty() || samples.front().front().role != "system") {
    return std::string();
  }
  return samples.front().front().content;
}

Status WritePersonaCard(const fs::path& folder, const PersonaCard& card) {
  const Json out = {{"name", card.name},
                    {"source_id", card.source_id},
                    {"system_prompt", card.system_prompt},
                    {"base_model", card.base_model},
                    {"dataset", card.dataset}};
  return PublishFile(folder / "persona.json",
                     out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

fs::path RelativeTo(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path relative = fs::relative(path, folder, error);
  return error || relative.empty() ? path : relative;
}

}  // namespace

Result<PersonaCard> ReadPersonaCard(const fs::path& adapter_folder) {
  const fs::path path = adapter_folder / "persona.json";
  ASSIGN_OR_RETURN(const auto text, ReadFile(path));
  const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto field = [&json](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string()
               ? json[name].get<std::string>()
               : std::string();
  };
  if (!json.is_object()) {
    return Fail(ErrorKind::kBadInput, path.string() + " is not a persona card",
                "train the model again: idiolect finetune");
  }
  return PersonaCard{field("name"), field("source_id"), field("system_prompt"), field("base_model"),
                     field("dataset")};
}

Result<std::string> LocalJobKey(const LocalJobRequest& request) {
  Sha256 sha;
  sha.AddField("local");
  sha.AddField(kVersion);
  for (const char* split : {"train.jsonl", "valid.jsonl"}) {
    ASSIGN_OR_RETURN(const auto digest, Sha256OfFile(request.dataset_folder / split));
    sha.AddField(digest);
  }
  sha.AddField(request.base_sha256);
  sha.AddField(Dump(OptionsJson(request.options)));
  sha.AddField(request.engine.precision == Precision::kF32 ? "f32" : "");
  sha.AddField(request.suffix);
  return sha.Hex();
}

Result<LocalJobOutcome> RunLocalJob(Workspace& workspace, const LocalJobRequest& request,
                                    const Engine& engine, const Clock& clock,
                                    TrainObserver& observer, const Interrupt& interrupt) {
  Database& database = workspace.database();
  LocalJobOutcome outcome;
  Job& job = outcome.job;
  ASSIGN_OR_RETURN(const auto key, LocalJobKey(request));
  ASSIGN_OR_RETURN(auto known, FindJobByKey(database, key));
  if (known && known->status == "succeeded" &&
      Exists(workspace.folder() / known->adapter / "adapter_model.safetensors")) {
    return LocalJobOutcome{std::move(*known), JobDecision::kAlreadyDone};
  }
  if (known && known->status == "running") {
    job = std::move(*known);
    outcome.decision = JobDecision::kResumed;
  } else {
    job.created_at = clock.UnixSeconds();
    // The same work started twice in one second would be the same id, and then it is the same job.
    job.id = "ftjob-" + Sha256Hex(key + std::to_string(job.created_at)).substr(0, 24);
    job.provider = "local";
    job.model = request.base_name;
    job.persona = request.persona_source_id;
    job.dataset = RelativeTo(request.dataset_folder, workspace.folder()).string();
    job.key = key;
    job.hyperparameters = Dump(OptionsJson(request.options));
    job.result = "{}";
    job.status = "running";
    RETURN_IF_ERROR(SaveJob(database, job));
  }

  Recorder recorder(database, job, clock, observer);
  const auto fail = [&](Error error) -> Result<LocalJobOutcome> {
    if (error.kind != ErrorKind::kInterrupted) {
      job.status = "failed";
      job.error = error.message;
      job.finished_at = clock.UnixSeconds();
      recorder.Event("error", "message", error.message, "");
      RETURN_IF_ERROR(SaveJob(database, job));
    }
    return tl::unexpected<Error>(std::move(error));
  };
  if (outcome.decision == JobDecision::kStarted) {
    recorder.Event("info", "message", "Created fine-tuning job: " + job.id, "");
  }

  TrainRequest train;
  train.base = request.base;
  train.base_name = request.base_name;
  train.options = request.options;
  train.engine = request.engine;
  auto samples = ReadSamples(request.dataset_folder / "train.jsonl");
  if (!samples) return fail(samples.error());
  train.train = std::move(*samples);
  auto valid = ReadSamples(request.dataset_folder / "valid.jsonl");
  if (!valid) return fail(valid.error());
  train.valid = std::move(*valid);
  ASSIGN_OR_RETURN(const auto system_prompt, SystemPromptOf(train.train));

  const fs::path folder = workspace.models_folder() / job.id;
  train.checkpoint_folder = workspace.checkpoints_folder() / job.id;
  train.adapter_folder = folder / "adapter";
  auto result = engine.Train(train, recorder, interrupt);
  if (!result) return fail(result.error());
  RETURN_IF_ERROR(recorder.status());

  RETURN_IF_ERROR(
      WritePersonaCard(train.adapter_folder, {request.persona_name, request.persona_source_id,
                                              system_prompt, request.base_name, job.dataset}));
  const std::string suffix = request.suffix.empty() ? Slug(request.persona_name) : request.suffix;
  job.adapter = RelativeTo(train.adapter_folder, workspace.folder()).string();
  job.fine_tuned_model =
      "ft:" + request.base_name + ":local:" + suffix + ":" + job.id.substr(job.id.size() - 8);
  job.status = "succeeded";
  job.finished_at = clock.UnixSeconds();
  job.result = Dump(ResultJson(*result));
  recorder.Event("info", "message", "New fine-tuned model created: " + job.fine_tuned_model, "");
  recorder.Event("info", "message", "The job has successfully completed", "");
  RETURN_IF_ERROR(recorder.status());
  RETURN_IF_ERROR(SaveJob(database, job));
  Log(LogLevel::kInfo, "job " + job.id + " succeeded");
  std::error_code ignored;
  fs::remove_all(train.checkpoint_folder, ignored);
  return outcome;
}

}  // namespace idiolect
