#pragma once
// One sequence run forward alone. The prompt is taken in blocks, then token after token.

#include <cstdint>
#include <span>

#include "engine/native/forward.h"

namespace idiolect::native {

// Thread-compatible; several decoders may share the weights. Weights and compute must outlive it.
class Decoder {
 public:
  Decoder(const Compute& compute, const Weights& weights, const AdapterWeights* adapter = nullptr)
      : forward_(compute, weights), sequence_(weights.config, weights.type, &budget_) {
    sequence_.adapter = adapter;
  }

  // Runs `tokens` after those already seen and writes the logits after the last one [vocabulary].
  // Every id must lie in the vocabulary. At most kBlock tokens at once.
  static constexpr int64_t kBlock = KvCache::kMostAtOnce;
  void Run(std::span<const int32_t> tokens, float* logits) { Step(tokens, logits, nullptr); }
  // The same with the logits after every token [tokens, vocabulary].
  void RunAll(std::span<const int32_t> tokens, float* logits) { Step(tokens, nullptr, logits); }

  int64_t length() const { return sequence_.cache.length(); }
  // Forgets all but the first `length` tokens, or all where a sliding window no longer has what
  // they need. Returns how many are left.
  int64_t Truncate(int64_t length) { return sequence_.cache.Truncate(length); }

 private:
  void Step(std::span<const int32_t> tokens, float* last, float* all) {
    sequence_.cache.Reserve(length() + static_cast<int64_t>(tokens.size()));
    const StepPart part{&sequence_, tokens, last, all};
    forward_.Run(std::span(&part, 1));
  }

  MemoryBudget budget_{INT64_MAX / 2};
  Forward forward_;
  Sequence sequence_;
};

}  // namespace idiolect::native
