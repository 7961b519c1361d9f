#include "dialogs/link_decision.h"

#include <algorithm>
#include <cmath>

namespace idiolect {
namespace {

// What is added to the score of a candidate of a line without a mark (tools/links/prior.py fits
// it). Sums over features of place that need no tree.
double NearPrior(const LinkModel& model, const LineWindow& window, uint32_t line,
                 std::span<const uint32_t> candidates, size_t number) {
  const LinkSettings& settings = model.settings();
  const ChatLine& said = window.line(line);
  const uint32_t candidate = candidates[number];
  if (candidate == line) {
    const int64_t silence = line > 0 ? said.time - window.line(line - 1).time : 86400;
    const double hours = std::log1p(static_cast<double>(std::max<int64_t>(silence, 0)) / 600.0);
    double score = settings.start + settings.start_silence * hours;
    if (window[line].cues & kGreets) score += settings.start_greets;
    if (window[line].cues & kAsks) score += settings.start_asks;
    return score;
  }
  const ChatLine& earlier = window.line(candidate);
  double score = 0;
  const auto between =
      static_cast<double>(window[line].chat_number - window[candidate].chat_number);
  score += settings.near_lines * std::log(between);
  // The sum with 1 is exact enough: a logarithm costs a third of log1p.
  const int64_t seconds = std::max<int64_t>(said.time - earlier.time, 0);
  score += settings.near_time * std::log(1 + static_cast<double>(seconds) / 60.0);
  if (earlier.author == said.author) score += settings.near_own;
  if (number == 0) score += settings.near_previous;
  return score;
}

}  // namespace

void ProbabilitiesOf(const LinkModel& model, const LineWindow& window,
                     const CandidateTable& candidates, uint32_t line, PriorOf prior,
                     std::span<const int32_t> sums, std::vector<float>* probabilities) {
  const auto of = candidates.of(line);
  probabilities->assign(of.size(), 0);
  const LinkSettings& settings = model.settings();
  const double temperature = settings.temperature;
  std::vector<double> scores(of.size());
  double best = -1e300;
  for (size_t i = 0; i < of.size(); ++i) {
    scores[i] = settings.unit * sums[candidates.begin(line) + i] / temperature;
    if (model.style() == ChatStyle::kNicks) {
      if (of[i] == line) scores[i] += settings.margin / temperature;
    } else if (prior == PriorOf::kUnmarkedLines) {
      if (of[i] == line) scores[i] = 0;
      scores[i] += NearPrior(model, window, line, of, i);
    } else if (of[i] == line) {
      scores[i] = -1e30;  // what is marked answers something
    }
    best = std::max(best, scores[i]);
  }
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - best);
  for (size_t i = 0; i < of.size(); ++i) {
    (*probabilities)[i] = static_cast<float>(scores[i] / sum);
  }
}

LineLink DecideLink(const LinkModel& model, std::span<const uint32_t> candidates, uint32_t line,
                    std::span<const float> probabilities) {
  LineLink link;
  size_t best = candidates.size(), second = candidates.size();
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (best == candidates.size() || probabilities[i] > probabilities[best]) {
      second = best;
      best = i;
    } else if (second == candidates.size() || probabilities[i] > probabilities[second]) {
      second = i;
    }
  }
  if (best == candidates.size()) return link;
  link.probability = probabilities[best];
  if (candidates[best] == line) return link;
  link.line = candidates[best];
  link.reason = LinkReason::kGuessed;
  if (second < candidates.size() && candidates[second] != line &&
      probabilities[second] > static_cast<float>(model.settings().second)) {
    link.second = candidates[second];
    link.second_probability = probabilities[second];
  }
  return link;
}

}  // namespace idiolect
