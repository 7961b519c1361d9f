#pragma once
// Which conversations are for training, which for validating it, which for the test: whole
// conversations in time order, the newest for the test, so that nothing learned was said after what
// is asked. A pair that stands, word for word, in an earlier part is dropped from the later ones.

#include "dataset/plan.h"

namespace idiolect {

// Sets the split of every conversation and sample of the plan, and drops duplicates (with their
// reject rows). With one conversation everything is for training; with two the newer is the test,
// unless it holds more than half of the samples.
void AssignSplits(const BuildOptions& options, Plan* plan);

}  // namespace idiolect
