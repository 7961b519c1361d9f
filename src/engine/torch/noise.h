#pragma once
// The random numbers of one pass over a row: dropout's masks and NEFTune's noise. Each is a
// function of a seed and a place, so that backward, recomputed activations and a resumed run meet
// the same ones without keeping them.

#include <cstdint>

#include "engine/native/compute.h"
#include "engine/native/dtype.h"

namespace idiolect {

// A seed for `what` under another one.
uint64_t SeedFor(uint64_t seed, uint64_t what);

// Each number of an array is dropped with probability `share`; what stays is scaled up, so that the
// mean stays. Shares are rounded to 1/65536.
class Dropout {
 public:
  Dropout() = default;
  explicit Dropout(double share);

  bool on() const { return dropped_ > 0; }
  // out[rows, columns] = x with its mask on; `out` may be `x`. Columns that are no multiple of four
  // are fine.
  void Apply(const native::Compute& compute, uint64_t seed, native::Dtype type, int64_t rows,
             int64_t columns, const void* x, void* out) const;

 private:
  uint32_t dropped_ = 0;  // of 65536
  float scale_ = 1;
};

// x[n] += uniform in ±most.
void AddNoise(uint64_t seed, float most, int64_t n, float* x);

}  // namespace idiolect
