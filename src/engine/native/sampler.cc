#include "engine/native/sampler.h"

#include <algorithm>
#include <cmath>

namespace idiolect::native {

Sampler::Sampler(const GenerateOptions& options) : options_(options), random_(options.seed) {}

int32_t Sampler::Choose(std::span<float> logits, std::span<const int32_t> history) {
  if (options_.repetition_penalty != 1 && options_.repetition_window > 0) {
    const size_t window = std::min(history.size(), static_cast<size_t>(options_.repetition_window));
    std::vector<int32_t> recent(history.end() - static_cast<std::ptrdiff_t>(window), history.end());
    std::sort(recent.begin(), recent.end());
    recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
    const auto penalty = static_cast<float>(options_.repetition_penalty);
    for (const int32_t id : recent) {
      float& logit = logits[static_cast<size_t>(id)];
      logit = logit > 0 ? logit / penalty : logit * penalty;
    }
  }
  const auto best = std::max_element(logits.begin(), logits.end());
  if (options_.temperature <= 0) return static_cast<int32_t>(best - logits.begin());

  // Below a share of e^-20 of the best, or of min_p, a token is never chosen.
  const double share = std::max(options_.min_p, 2e-9);
  const auto temperature = static_cast<float>(options_.temperature);
  const float least = *best + temperature * static_cast<float>(std::log(share));
  candidates_.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= least) candidates_.push_back({logits[i], static_cast<int32_t>(i)});
  }
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  });
  std::vector<double> weights;
  double total = 0;
  for (const Candidate& candidate : candidates_) {
    weights.push_back(std::exp(static_cast<double>((candidate.logit - *best) / temperature)));
    total += weights.back();
  }
  double kept = 0;
  size_t count = 0;
  while (count < weights.size() && (count == 0 || kept < options_.top_p * total)) {
    kept += weights[count++];
  }
  double at = random_.Uniform() * kept;
  for (size_t i = 0; i < count; ++i) {
    at -= weights[i];
    if (at < 0) return candidates_[i].id;
  }
  return candidates_[count - 1].id;
}

}  // namespace idiolect::native
