#pragma once
// What training takes of memory, before it starts: so that a job that cannot fit is refused with
// what would, instead of being killed after an hour.

#include <cstdint>

#include "base/result.h"
#include "core/engine.h"
#include "engine/files/model_config.h"
#include "engine/native/dtype.h"
#include "engine/torch/lora_model.h"

namespace idiolect {

// The same as LoraModel::bytes() of a model that would be loaded so.
int64_t ModelBytes(const ModelConfig& config, native::Dtype type, const LoraOptions& options);
// The peak of the whole process: with the optimiser, checkpoints, what loading takes in passing,
// and the libraries.
int64_t PeakBytes(const ModelConfig& config, native::Dtype type, const LoraOptions& options);
// Numbers that learn; in adapters, padding included.
int64_t CountParameters(const ModelConfig& config, const LoraOptions& options);

// What this process could still take: of the machine, and of the limit that it runs under.
int64_t FreeMemory();

struct MemoryPlan {
  int64_t peak_bytes = 0;
  int64_t free_bytes = 0;
  bool recompute = false;
  bool base_in_file = false;
};
// How to train within `free_bytes`. Where all weights learn, none can stay in the file. Fails with
// kFailed when nothing fits that `options` allows; the hint says what would.
Result<MemoryPlan> PlanMemory(const ModelConfig& config, native::Dtype type,
                              const LoraOptions& options, Recompute recompute, BaseForm base,
                              int64_t free_bytes);

}  // namespace idiolect
