#include "validate/training_time.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace idiolect {
namespace {

using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;
namespace fs = std::filesystem;

std::optional<TrainingSpeed> Recall(const fs::path& file, const std::string& key) {
  if (file.empty() || !Exists(file)) return std::nullopt;
  const auto text = ReadFile(file);
  if (!text) return std::nullopt;
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(key) || !json[key].is_object()) return std::nullopt;
  const Json& entry = json[key];
  TrainingSpeed speed;
  speed.key = key;
  for (const char* name : {"seconds_per_step", "tokens_per_second", "measured_at"}) {
    if (!entry.contains(name) || !entry[name].is_number()) return std::nullopt;
  }
  speed.seconds_per_step = entry["seconds_per_step"].get<double>();
  speed.tokens_per_second = entry["tokens_per_second"].get<double>();
  speed.measured_at = entry["measured_at"].get<int64_t>();
  if (!(speed.seconds_per_step > 0) || !(speed.tokens_per_second > 0)) return std::nullopt;
  return speed;
}

Status Remember(const fs::path& file, const TrainingSpeed& speed) {
  if (file.empty()) return {};
  Json json = Json::object();
  if (Exists(file)) {
    if (const auto text = ReadFile(file)) {
      Json before = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
      if (before.is_object()) json = std::move(before);
    }
  }
  json[speed.key] = {{"seconds_per_step", speed.seconds_per_step},
                     {"tokens_per_second", speed.tokens_per_second},
                     {"measured_at", speed.measured_at}};
  return PublishFile(file, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

// Lets training run until enough was seen, then stops it.
class Watch : public TrainObserver {
 public:
  Watch(const TrainRequest& request, const TrainingTimeOptions& options, const Interrupt& outer)
      : request_(request), options_(options), outer_(outer) {}

  void OnPlan(const TrainPlan& plan) override {
    plan_ = plan;
    key_ = options_.version + ", " + plan.machine + ", " + request_.base.filename().string() +
           ", rank " + std::to_string(plan.options.rank) + ", rows of " +
           std::to_string(plan.options.pack_tokens) + " by " +
           std::to_string(plan.options.rows_per_step);
    if (!options_.measure_anew) speed_ = Recall(options_.remembered, key_);
    if (speed_ || outer_.Requested()) stop_.Request();
  }
  void OnStep(const TrainStep& step) override {
    const auto now = SteadyClock::now();
    if (outer_.Requested()) stop_.Request();
    if (steps_++ == 0) {  // the first one also touches memory for the first time
      first_ = now;
      first_rate_ = step.tokens_per_second;
      return;
    }
    seconds_ = std::chrono::duration<double>(now - first_).count();
    if (seconds_ >= options_.measure_seconds) stop_.Request();
  }

  const Interrupt& stop() const { return stop_; }
  const TrainPlan& plan() const { return plan_; }
  const std::optional<TrainingSpeed>& recalled() const { return speed_; }
  bool measured() const { return steps_ > 0; }

  TrainingSpeed Measured(int64_t now) const {
    TrainingSpeed speed;
    speed.key = key_;
    speed.measured_at = now;
    const auto per_epoch = static_cast<double>(std::max<int64_t>(plan_.rows, 1)) /
                           std::max(plan_.options.rows_per_step, 1);
    const double tokens_per_step = static_cast<double>(plan_.train_tokens) / per_epoch;
    speed.seconds_per_step = steps_ > 1 ? seconds_ / static_cast<double>(steps_ - 1)
                                        : tokens_per_step / std::max(first_rate_, 1e-9);
    speed.tokens_per_second = tokens_per_step / std::max(speed.seconds_per_step, 1e-9);
    return speed;
  }

 private:
  const TrainRequest& request_;
  const TrainingTimeOptions& options_;
  const Interrupt& outer_;
  Interrupt stop_;
  TrainPlan plan_;
  std::string key_;
  std::optional<TrainingSpeed> speed_;
  int64_t steps_ = 0;
  SteadyClock::time_point first_;
  double seconds_ = 0, first_rate_ = 0;
};

size_t Letters(const std::vector<TrainingSample>& samples) {
  size_t letters = 0;
  for (const auto& sample : samples) {
    for (const ChatMessage& message : sample) letters += message.content.size();
  }
  return letters;
}

}  // namespace

Result<fs::path> RememberedSpeedsFile() {
  const fs::path inside = fs::path("idiolect") / "speeds.json";
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return cache / inside;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / inside;
  return Fail(ErrorKind::kFailed,
              "looking for remembered speeds: neither XDG_CACHE_HOME nor HOME is set", "set HOME");
}

Result<TrainingTime> EstimateTrainingTime(const Engine& engine, TrainRequest request,
                                          const TrainingTimeOptions& options, const Clock& clock,
                                          const Interrupt& interrupt) {
  // Validation comes before the first step; its share is added at the end.
  const double valid_share = static_cast<double>(Letters(request.valid)) /
                             static_cast<double>(std::max<size_t>(Letters(request.train), 1));
  request.valid.clear();
  request.checkpoint_folder.clear();
  // Written only when the dataset is so small that training ends before the measurement.
  const fs::path folder =
      fs::temp_directory_path() / ("idiolect-measured-" + std::to_string(getpid()));
  request.output_folder = folder;
  Watch watch(request, options, interrupt);
  const auto done = engine.Train(request, watch, watch.stop());
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (interrupt.Requested()) {
    return Fail(ErrorKind::kInterrupted, "measuring the speed of training was interrupted");
  }
  if (!done && done.error().kind != ErrorKind::kInterrupted) {
    return tl::unexpected<Error>(done.error());
  }
  TrainingTime time;
  time.plan = watch.plan();
  if (watch.recalled()) {
    time.speed = *watch.recalled();
  } else if (watch.measured()) {
    time.speed = watch.Measured(clock.UnixSeconds());
    RETURN_IF_ERROR(Remember(options.remembered, time.speed));
  } else {
    return Fail(ErrorKind::kFailed, "measuring the speed of training: no step was made");
  }
  const double training = static_cast<double>(time.plan.steps) * time.speed.seconds_per_step;
  const double validations = time.plan.options.epochs + 1;
  const double epoch = training / std::max(time.plan.options.epochs, 1);
  time.seconds = training + validations * epoch * valid_share / 3;
  return time;
}

}  // namespace idiolect
