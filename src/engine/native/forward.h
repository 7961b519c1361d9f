#pragma once
// A model run forward over the new tokens of several sequences in one step: their rows go through
// the same products, each row with its own sequence's adapter and cache. The result of a row does
// not depend on what it is computed with.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/native/adapter_weights.h"
#include "engine/native/attention.h"
#include "engine/native/kv_cache.h"
#include "engine/native/rope.h"
#include "engine/native/weights.h"

namespace idiolect::native {

// A conversation in the model's memory.
struct Sequence {
  Sequence(const ModelConfig& config, Dtype type, MemoryBudget* budget)
      : cache(config, type, budget) {}
  KvCache cache;
  const AdapterWeights* adapter = nullptr;  // null: the base alone
};

// What one sequence wants of a step.
struct StepPart {
  Sequence* sequence = nullptr;
  std::span<const int32_t> tokens;  // 1 … KvCache::kMostAtOnce, each in the vocabulary
  float* logits = nullptr;          // after the last token [vocabulary]; null: not wanted
  float* all_logits = nullptr;      // after every token [tokens, vocabulary]; null: not wanted
};

// Thread-compatible. Weights and compute must outlive it.
class Forward {
 public:
  Forward(const Compute& compute, const Weights& weights);

  // Every sequence at most once; its cache must have been reserved for the tokens.
  void Run(std::span<const StepPart> parts);

 private:
  // Rows [first, first + rows) of this step belong to a part.
  struct Place {
    const StepPart* part;
    int64_t first, rows;
  };
  // Neighbouring rows of one adapter.
  struct Group {
    const AdapterWeights* adapter;
    int64_t first, rows;
  };
  void Lay(std::span<const StepPart> parts);
  void Embed();
  void RunLayer(size_t index);
  void Attend(size_t index);
  void Product(size_t layer, ProductKind kind, Rows x, Target out);
  void MultiplyBy(WeightMatrix w, int64_t rows, Rows x, Target out);
  void AddProduct(size_t layer, ProductKind kind, Rows x, const std::vector<float>& post_norm);
  void Normalise(const std::vector<float>& weight);
  void Logits();

  const Compute& compute_;
  const Weights& weights_;
  const ModelConfig& config_;
  RopeTables rope_;
  std::vector<Place> places_;
  std::vector<Group> groups_;
  int64_t rows_ = 0;
  Buffer hidden_, normed_, qkv_, attended_, sums_, gate_up_, gated_, delta_, plain_, ranks_,
      logits_;
  QuantRows quantised_;
};

}  // namespace idiolect::native
