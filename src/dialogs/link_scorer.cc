#include "dialogs/link_scorer.h"

#include <algorithm>

namespace idiolect {

void LinkScorer::Compute(const LineWindow& window, uint32_t begin, uint32_t end, ChatStyle style,
                         const LinkModel* first, const ScoredBy& by) {
  uint32_t from = begin, to = end;
  if (first != nullptr) {
    from = begin > kWindow ? begin - kWindow : 0;
    to = std::min(window.size(), end + kLookAhead);
  }
  FindLinkCandidates(window, from, to, style, by.marked, &candidates_);
  ComputeLinkFeatures(window, candidates_, from, to, by.marks, &features_);
  if (first == nullptr) return;
  first->Score(features_, &sums_);
  guesses_.Clear(from);
  for (uint32_t line = from; line < to; ++line) {
    const auto candidates = candidates_.of(line);
    own_.clear();
    likely_.clear();
    if (!candidates.empty()) {
      ProbabilitiesOf(*first, window, candidates_, line, PriorOf::kUnmarkedLines, sums_, &likely_);
      // The last model learned from lines with marks: their own probabilities are of that kind.
      ProbabilitiesOf(*first, window, candidates_, line, PriorOf::kMarkedLines, sums_, &own_);
      own_.back() = likely_.back();
    }
    guesses_.Add(candidates, own_, likely_,
                 by.marks == Marks::kShown ? window.line(line).marked : kNoLine);
  }
  ComputeGuessFeatures(window, candidates_, guesses_, begin, end, &features_);
}

void LinkScorer::Score(const LineWindow& window, uint32_t begin, uint32_t end,
                       const LinkModels& models, const ScoredBy& by) {
  Compute(window, begin, end, models.last->style(), models.first, by);
  if (begin == end) return;
  models.last->Score(features_, candidates_.begin(begin), candidates_.end(end - 1), &sums_);
}

}  // namespace idiolect
