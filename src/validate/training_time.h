#pragma once
// How long training on this machine would take, from a few seconds of doing it: the same samples,
// model and options, stopped early, nothing written. What was measured is remembered in a small
// file of the cache, so that the next question is answered at once, with the day of the
// measurement.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "core/engine.h"

namespace idiolect {

struct TrainingSpeed {
  std::string key;  // machine, model, rank, row length, version: another one is another speed
  double seconds_per_step = 0;
  double tokens_per_second = 0;
  int64_t measured_at = 0;
};

struct TrainingTime {
  TrainPlan plan;
  TrainingSpeed speed;
  double seconds = 0;  // of all steps, and of the validations at a third of a step for its tokens
};

struct TrainingTimeOptions {
  double measure_seconds = 10;
  bool measure_anew = false;         // even when a speed is remembered
  std::filesystem::path remembered;  // a JSON file; empty: neither read nor written
  std::string version;               // of the program
};

// $XDG_CACHE_HOME/idiolect/speeds.json. kFailed when neither XDG_CACHE_HOME nor HOME is set.
Result<std::filesystem::path> RememberedSpeedsFile();

// `request` without folders; its samples decide plan and speed. Takes measure_seconds and the time
// to load the model. kInterrupted when `interrupt` was requested.
Result<TrainingTime> EstimateTrainingTime(const Engine& engine, TrainRequest request,
                                          const TrainingTimeOptions& options, const Clock& clock,
                                          const Interrupt& interrupt);

}  // namespace idiolect
