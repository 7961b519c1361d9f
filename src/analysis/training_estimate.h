#pragma once
// What training on a dataset would take, quickly: tokens counted over the beginning of a large file
// and carried over to the rest, and the dated prices they are to be multiplied with. For the
// report's instructions; `validate` counts the whole file.

#include <cstdint>
#include <filesystem>
#include <string>

#include "validate/prices.h"

namespace idiolect {

// What training here would take, as measured on this machine (validate/training_time.h).
struct LocalTraining {
  std::string model, machine;
  double seconds = 0, tokens_per_second = 0;
  int epochs = 0;
  int64_t steps = 0, measured_at = 0;
};

struct TrainingEstimate {
  uint64_t tokens = 0, billable_tokens = 0;
  bool carried_over = false;  // counted over a part of the file only
  std::string counter;        // what counted
  bool exact_counter = true;
  int epochs = 1;
  PriceList prices;
};

// kBadInput for a faulty price file of the workspace; fails when `train_file` cannot be read.
Result<TrainingEstimate> EstimateTraining(const std::filesystem::path& train_file,
                                          const std::filesystem::path& workspace,
                                          uint64_t examples);

}  // namespace idiolect
