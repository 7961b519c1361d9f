#include "engine/native/logprobs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace idiolect::native {

LogprobTable::LogprobTable(std::span<const float> logits, int top)
    : logits_(logits.begin(), logits.end()) {
  const auto best = static_cast<double>(*std::max_element(logits_.begin(), logits_.end()));
  double sum = 0;
  for (const float logit : logits_) sum += std::exp(static_cast<double>(logit) - best);
  log_sum_ = best + std::log(sum);
  std::vector<int32_t> ids(logits_.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto count =
      static_cast<std::ptrdiff_t>(std::min(ids.size(), static_cast<size_t>(std::max(0, top))));
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), [&](int32_t a, int32_t b) {
    const float x = logits_[static_cast<size_t>(a)], y = logits_[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  top_.assign(ids.begin(), ids.begin() + count);
}

TokenLogprob LogprobTable::Of(const Tokenizer& tokenizer, int32_t token) const {
  auto of = [&](int32_t id) {
    return static_cast<double>(logits_[static_cast<size_t>(id)]) - log_sum_;
  };
  TokenLogprob result;
  result.bytes = tokenizer.TokenBytes(token);
  result.logprob = of(token);
  for (const int32_t id : top_) {
    result.top.emplace_back(std::string(tokenizer.TokenBytes(id)), of(id));
  }
  return result;
}

}  // namespace idiolect::native
