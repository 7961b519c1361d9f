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

  // `history`: all tokens so far, prompt included; those in the window are made less likely.
  // Temperature, then min-p, then top-p. `logits` are changed.
  int32_t Choose(std::span<float> logits, std::span<const int32_t> history);

 private:
  struct Candidate {
    float logit;
    int32_t id;
  };
  const GenerateOptions options_;
  Random random_;
  std::vector<Candidate> candidates_;
};

}  // namespace idiolect::native
