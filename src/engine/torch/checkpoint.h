#pragma once
// A training run put down and taken up again. One safetensors file, `checkpoint.safetensors`:
// tensors "parameters", "first_moment", "second_moment" and, once an epoch was validated, "best";
// everything else as JSON under the metadata key "state". It is replaced in one step, so there is
// always a whole one. Where the shuffle stands follows from the step and the seed.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/engine.h"

namespace idiolect {

struct Checkpoint {
  std::string key;                // of the request: another one does not resume from here
  int64_t step = 0;               // done
  int64_t validated_epochs = -1;  // -1: not even the base model
  std::vector<Validation> validations;
  int64_t trained_tokens = 0;
  double last_loss = 0;
  int64_t optimizer_steps = 0;
  std::vector<float> parameters, first_moment, second_moment;
  std::vector<float> best;  // empty: none yet
};

// All but the arrays, as JSON, and back; false when it is not that.
std::string CheckpointState(const Checkpoint& checkpoint);
bool ReadCheckpointState(const std::string& text, Checkpoint* checkpoint);

// The arrays where they are: of a whole model they are too large to be copied.
struct CheckpointArrays {
  std::span<const float> parameters, first_moment, second_moment;
  std::span<const float> best;  // empty: none yet
};
// What `checkpoint` has of arrays counts for nothing.
Status WriteCheckpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                       const CheckpointArrays& arrays);

// nullopt: none there, one of another request, or one that is damaged (training then starts anew).
Result<std::optional<Checkpoint>> ReadCheckpoint(const std::filesystem::path& folder,
                                                 const std::string& key, int64_t parameters);

}  // namespace idiolect
