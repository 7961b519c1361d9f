#pragma once
// The settings of a training run when the user gave none, and the rate at each step.
//
// Where `epochs`, `learning_rate` or `rank` is 0 it comes from the number of samples:
//
//   samples     epochs   rate    rank
//   < 200          6     1e-3      8
//   < 1,000        4     8e-4     16
//   < 5,000        3     5e-4     16
//   more           2     3e-4     32
//
// Fewer samples are seen more often and at a higher rate, or the adapter would hardly move from its
// start; a larger set has more to say than a small rank can hold. Alpha is twice the rank. DPO goes
// over its pairs twice at most, at a tenth of the rate: it moves the model from where it is, and
// far is wrong. Where all weights learn the rate is a tenth, too: each of them moves by it, and
// there are a hundred times as many.

#include <cstdint>

#include "core/engine.h"

namespace idiolect {

// `options` with its zeros replaced.
TrainOptions ResolveOptions(const TrainOptions& options, int64_t samples);

// Steps over all epochs: each epoch ends with a step, full or not; max_steps ends all.
int64_t CountSteps(const TrainOptions& resolved, int64_t rows);

// For step 1 … total: linear from 0 over the first `warmup_share`, then by the schedule: half a
// cosine to a tenth at the end, straight down to what would be zero one step after it, or level.
double RateAt(const TrainOptions& resolved, int64_t step, int64_t total);

}  // namespace idiolect
