#pragma once
// The rules that need all samples to judge one: announcements, near-duplicates, foreign letters,
// quality. Between planning and splitting: what goes here is gone before the shares are reckoned,
// so nothing of it can lie on both sides.

#include "dataset/plan.h"

namespace idiolect {

// Completes every sample's quality, removes those a rule takes and adds their messages to
// plan->rejects (in order of id). Conversations that lose all samples are removed too.
void FilterSamples(const BuildOptions& options, Plan* plan);

}  // namespace idiolect
