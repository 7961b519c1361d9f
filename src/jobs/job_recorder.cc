#include "jobs/job_recorder.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "store/database.h"

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

const char* NameOf(Schedule schedule) {
  switch (schedule) {
    case Schedule::kCosine:
      return "cosine";
    case Schedule::kLinear:
      return "linear";
    case Schedule::kConstant:
      return "constant";
  }
  return "";
}

}  // namespace

// Letters and digits of the name in Latin script, for a model's name and folders.
std::string ModelSuffix(const std::string& name) {
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

std::string TrainOptionsJson(const TrainOptions& options) {
  const bool pairs = options.method == TrainMethod::kPreference;
  Json json = {{"method", pairs ? "dpo" : "supervised"}};
  if (pairs) json["beta"] = options.beta;
  if (options.full) json["full"] = true;
  json.update({{"n_epochs", options.epochs},
               {"learning_rate", options.learning_rate},
               {"rank", options.rank},
               {"alpha", options.alpha},
               {"rslora", options.rslora},
               {"dora", options.dora},
               {"targets", options.targets},
               {"dropout", options.dropout},
               {"neftune", options.neftune},
               {"weight_decay", options.weight_decay},
               {"warmup_share", options.warmup_share},
               {"schedule", NameOf(options.schedule)},
               {"clip_norm", options.clip_norm},
               {"pack_tokens", options.pack_tokens},
               {"rows_per_step", options.rows_per_step},
               {"patience", options.patience},
               {"seed", options.seed},
               {"max_steps", options.max_steps}});
  return Dump(json);
}

std::string TrainResultJson(const TrainResult& result) {
  const bool pairs = result.plan.options.method == TrainMethod::kPreference;
  Json validations = Json::array();
  for (const Validation& v : result.validations) {
    Json entry = {
        {"step", v.step},
        {"epoch", v.epoch},
        {"valid_loss", Number(v.loss)},
        {pairs ? "valid_reward_accuracy" : "valid_mean_token_accuracy", Number(v.token_accuracy)},
        {"best", v.best}};
    if (pairs) entry["valid_reward_margin"] = Number(v.reward_margin);
    validations.push_back(std::move(entry));
  }
  return Dump({{"trained_tokens", result.trained_tokens},
               {"steps", result.plan.steps},
               {"seconds", result.seconds},
               {"train_loss", Number(result.final_train_loss)},
               {"base_valid_loss", Number(result.base_valid_loss)},
               {"valid_loss", Number(result.best_valid_loss)},
               {"best_epoch", result.best_epoch},
               {"stopped_early", result.stopped_early},
               {"validations", validations},
               {"machine", result.plan.machine},
               {"estimated_peak_bytes", result.plan.memory_bytes},
               {"hyperparameters", Json::parse(TrainOptionsJson(result.plan.options))}});
}

std::string SystemPromptOf(const TrainRequest& request) {
  const std::vector<ChatMessage>* first = nullptr;
  if (!request.train.empty()) first = &request.train.front();
  if (!request.train_pairs.empty()) first = &request.train_pairs.front().prompt;
  if (first == nullptr || first->empty() || first->front().role != "system") return {};
  return first->front().content;
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

Result<PersonaCard> ReadPersonaCard(const fs::path& folder) {
  const fs::path path = folder / "persona.json";
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

JobRecorder::JobRecorder(Database& database, Job& job, const Clock& clock, TrainObserver& next)
    : database_(database), job_(job), clock_(clock), next_(next) {}

void JobRecorder::OnPlan(const TrainPlan& plan) {
  preferences_ = plan.options.method == TrainMethod::kPreference;
  job_.hyperparameters = TrainOptionsJson(plan.options);
  Keep(SaveJob(database_, job_));
  next_.OnPlan(plan);
}

void JobRecorder::OnResume(int64_t step) {
  Keep(DropJobEventsAfterStep(database_, job_.id, step));
  Event("info", "message", "resumed after step " + std::to_string(step), "");
  next_.OnResume(step);
}

void JobRecorder::OnStep(const TrainStep& step) {
  Json data = {{"step", step.step},
               {"total_steps", step.total_steps},
               {"train_loss", Number(step.loss)},
               {preferences_ ? "train_reward_accuracy" : "train_mean_token_accuracy",
                Number(step.token_accuracy)},
               {"learning_rate", step.learning_rate},
               {"gradient_norm", Number(step.gradient_norm)},
               {"tokens_per_second", step.tokens_per_second}};
  if (preferences_) data["train_reward_margin"] = Number(step.reward_margin);
  Event("info", "metrics",
        "Step " + std::to_string(step.step) + "/" + std::to_string(step.total_steps) +
            ": training loss=" + std::to_string(step.loss),
        Dump(data));
  next_.OnStep(step);
}

void JobRecorder::OnValidation(const Validation& v) {
  Json data = {{"step", v.step},
               {"epoch", v.epoch},
               {"full_valid_loss", Number(v.loss)},
               {preferences_ ? "full_valid_reward_accuracy" : "full_valid_mean_token_accuracy",
                Number(v.token_accuracy)}};
  if (preferences_) data["full_valid_reward_margin"] = Number(v.reward_margin);
  Event("info", "metrics",
        "Step " + std::to_string(v.step) + ": validation loss=" + std::to_string(v.loss),
        Dump(data));
  next_.OnValidation(v);
}

void JobRecorder::Event(const char* level, const char* type, std::string message,
                        std::string data) {
  JobEvent event;
  event.created_at = clock_.UnixSeconds();
  event.level = level;
  event.type = type;
  event.message = std::move(message);
  event.data = std::move(data);
  Keep(AddJobEvent(database_, job_.id, event));
}

void JobRecorder::Keep(Status status) {
  if (!status && status_) status_ = std::move(status);
}

}  // namespace idiolect
