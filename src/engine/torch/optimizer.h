#pragma once
// AdamW as torch.optim.AdamW does it, over the one array that holds all that learns, with clipping
// by the global norm.

#include <cstdint>
#include <vector>

#include "engine/native/compute.h"

namespace idiolect {

class AdamW {
 public:
  // The first `decaying` parameters fall under weight decay.
  AdamW(const native::Compute& compute, int64_t count, double weight_decay, int64_t decaying);
  AdamW(const native::Compute& compute, int64_t count, double weight_decay)
      : AdamW(compute, count, weight_decay, count) {}

  // Changes `parameters` by `gradients`, scaled down to `clip_norm` when their norm is larger (0:
  // never). Returns the norm before; when that is no finite number, nothing is changed.
  double Step(double rate, double clip_norm, const float* gradients, float* parameters);

  // State, for checkpoints.
  int64_t steps() const { return steps_; }
  const std::vector<float>& first_moment() { return Made(&first_); }
  const std::vector<float>& second_moment() { return Made(&second_); }
  void Restore(int64_t steps, std::vector<float> first_moment, std::vector<float> second_moment);

 private:
  // Zeros until the first step; not made before they are needed, as they may be restored.
  std::vector<float>& Made(std::vector<float>* moment) const {
    moment->resize(static_cast<size_t>(count_));
    return *moment;
  }

  const native::Compute& compute_;
  int64_t count_, decaying_;
  double weight_decay_;
  int64_t steps_ = 0;
  std::vector<float> first_, second_;
};

}  // namespace idiolect
