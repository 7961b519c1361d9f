#pragma once
// What training on a dataset would take, quickly: tokens counted over the beginning of a large file
// and carried over to the rest, and the dated prices they are to be multiplied with. For the
// report's instructions; `validate` counts the whole file.

#include <cstdint>
#include <filesystem>
#include <string>

#include "validate/prices.h"

namespace idiolect {

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
