#pragma once
// The log probabilities of a step, as the model gave them: before bias, penalties, temperature.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/chat_model.h"
#include "engine/files/tokenizer.h"

namespace idiolect::native {

// A copy of what is needed of the logits, which are then free to be changed.
class LogprobTable {
 public:
  // `top`: how many of the likeliest are kept.
  LogprobTable(std::span<const float> logits, int top);
  TokenLogprob Of(const Tokenizer& tokenizer, int32_t token) const;

 private:
  std::vector<float> logits_;
  double log_sum_ = 0;
  std::vector<int32_t> top_;
};

}  // namespace idiolect::native
