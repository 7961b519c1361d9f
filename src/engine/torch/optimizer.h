#pragma once
// AdamW as torch.optim.AdamW does it, over the one array that holds all adapters, with clipping by
// the global norm.

#include <cstdint>
#include <vector>

#include "engine/native/compute.h"

namespace idiolect {

class AdamW {
 public:
  AdamW(const native::Compute& compute, int64_t count, double weight_decay);

  // Changes `parameters` by `gradients`, scaled down to `clip_norm` when their norm is larger (0:
  // never). Returns the norm before; when that is no finite number, nothing is changed.
  double Step(double rate, double clip_norm, const float* gradients, float* parameters);

  // State, for checkpoints.
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }
  std::vector<float>& first_moment() { return first_; }
  std::vector<float>& second_moment() { return second_; }

 private:
  const native::Compute& compute_;
  double weight_decay_;
  int64_t steps_ = 0;
  std::vector<float> first_, second_;
};

}  // namespace idiolect
