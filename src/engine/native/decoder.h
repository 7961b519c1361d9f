#pragma once
// A model run forward over one sequence, with what it has already seen kept in a cache. The prompt
// is taken in blocks, then token after token.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/native/rope.h"
#include "engine/native/weights.h"

namespace idiolect::native {

// Thread-compatible; several decoders may share the weights. Weights and compute must outlive it.
class Decoder {
 public:
  Decoder(const Compute& compute, const Weights& weights);

  // Runs `tokens` after those already seen and writes the logits after the last one [vocabulary].
  // Every id must lie in the vocabulary. At most kBlock tokens at once.
  static constexpr int64_t kBlock = 512;
  void Run(std::span<const int32_t> tokens, float* logits);
  // The same with the logits after every token [tokens, vocabulary].
  void RunAll(std::span<const int32_t> tokens, float* logits);

  int64_t length() const { return length_; }
  // Forgets all but the first `length` tokens.
  void Truncate(int64_t length) { length_ = length; }

 private:
  struct Cache {
    Buffer keys, values;
  };
  void Reserve(int64_t length);
  void Forward(std::span<const int32_t> tokens);
  void RunLayer(size_t index, int64_t rows);
  void Logits(int64_t first_row, int64_t rows, float* logits);

  const Compute& compute_;
  const Weights& weights_;
  const ModelConfig& config_;
  RopeTables rope_;
  int64_t length_ = 0;
  int64_t capacity_ = 0;
  std::vector<Cache> caches_;  // [capacity, kv_heads * head_dim] each, in the weights' format
  Buffer hidden_, normed_, qkv_, attended_, sums_, gate_up_, gated_;
};

}  // namespace idiolect::native
