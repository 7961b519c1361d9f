#include "engine/native/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace idiolect::native {

Sampler::Sampler(const GenerateOptions& options) : options_(options), random_(options.seed) {}

void Sampler::Penalise(std::span<float> logits, std::span<const int32_t> history,
                       size_t answer) const {
  for (const auto& [id, bias] : options_.logit_bias) {
    if (id >= 0 && static_cast<size_t>(id) < logits.size()) logits[static_cast<size_t>(id)] += bias;
  }
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
  if (options_.presence_penalty != 0 || options_.frequency_penalty != 0) {
    std::map<int32_t, int> counts;
    for (const int32_t id : history.subspan(std::min(answer, history.size()))) ++counts[id];
    for (const auto& [id, count] : counts) {
      logits[static_cast<size_t>(id)] -= static_cast<float>(
          options_.presence_penalty + options_.frequency_penalty * static_cast<double>(count));
    }
  }
}

// Locally typical sampling (Meister et al. 2022): the tokens whose surprise is nearest to the
// expected one, up to the wanted share. The likeliest first again afterwards.
void Sampler::KeepTypical(double total) {
  double entropy = 0;
  for (const Candidate& c : candidates_) {
    const double p = c.weight / total;
    if (p > 0) entropy -= p * std::log(p);
  }
  auto distance = [&](const Candidate& c) {
    return std::fabs(-std::log(std::max(c.weight / total, 1e-300)) - entropy);
  };
  std::stable_sort(
      candidates_.begin(), candidates_.end(),
      [&](const Candidate& a, const Candidate& b) { return distance(a) < distance(b); });
  double kept = 0;
  size_t count = 0;
  while (count < candidates_.size() && (count == 0 || kept < options_.typical_p * total)) {
    kept += candidates_[count++].weight;
  }
  candidates_.resize(count);
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  });
}

int32_t Sampler::Choose(std::span<float> logits, std::span<const int32_t> history, size_t answer) {
  Penalise(logits, history, answer);
  const auto best = std::max_element(logits.begin(), logits.end());
  if (*best == -std::numeric_limits<float>::infinity()) return -1;
  if (options_.temperature <= 0) return static_cast<int32_t>(best - logits.begin());

  // Below a share of e^-20 of the best a token is never chosen.
  const auto temperature = static_cast<float>(options_.temperature);
  const float least = *best + temperature * static_cast<float>(std::log(2e-9));
  candidates_.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] >= least) candidates_.push_back({logits[i], static_cast<int32_t>(i), 0});
  }
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  });
  if (options_.top_k > 0 && static_cast<size_t>(options_.top_k) < candidates_.size()) {
    candidates_.resize(static_cast<size_t>(options_.top_k));
  }
  const float top = candidates_.front().logit;
  auto weigh = [&] {
    double total = 0;
    for (Candidate& c : candidates_) {
      c.weight = std::exp(static_cast<double>((c.logit - top) / temperature));
      total += c.weight;
    }
    return total;
  };
  double total = weigh();
  if (options_.typical_p < 1) {
    KeepTypical(total);
    total = weigh();
  }
  if (options_.min_p > 0) {
    const double most = candidates_.front().weight;
    std::erase_if(candidates_,
                  [&](const Candidate& c) { return c.weight < options_.min_p * most; });
    total = weigh();
  }
  double kept = 0;
  size_t count = 0;
  while (count < candidates_.size() && (count == 0 || kept < options_.top_p * total)) {
    kept += candidates_[count++].weight;
  }
  double at = random_.Uniform() * kept;
  for (size_t i = 0; i < count; ++i) {
    at -= candidates_[i].weight;
    if (at < 0) return candidates_[i].id;
  }
  return candidates_[count - 1].id;
}

}  // namespace idiolect::native
