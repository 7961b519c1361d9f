#pragma once
// Chooses the next token from logits, as the options of a generation say.

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "core/chat_model.h"

namespace idiolect::native {

// Thread-compatible. The same seed, options and logits give the same tokens.
class Sampler {
 public:
  explicit Sampler(const GenerateOptions& options);

  // `history`: all tokens so far, prompt included; those from `answer` on are the model's own,
  // which the presence and frequency penalties count. Bias and penalties first, then temperature,
  // top-k, typical-p, min-p, top-p. `logits` are changed; those at minus infinity are never chosen.
  // -1 when all of them are.
  int32_t Choose(std::span<float> logits, std::span<const int32_t> history, size_t answer = 0);

 private:
  struct Candidate {
    float logit;
    int32_t id;
    double weight;
  };
  void Penalise(std::span<float> logits, std::span<const int32_t> history, size_t answer) const;
  void KeepTypical(double total);

  const GenerateOptions options_;
  Random random_;
  std::vector<Candidate> candidates_;
};

}  // namespace idiolect::native
