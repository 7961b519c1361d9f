#include "analysis/text_item.h"

#include <algorithm>

namespace idiolect {

void BestExamples::Keep(Example example) {
  const auto at = std::upper_bound(kept_.begin(), kept_.end(), example.score,
                                   [](double score, const Example& e) { return score > e.score; });
  kept_.insert(at, std::move(example));
  if (kept_.size() > most_) kept_.pop_back();
}

}  // namespace idiolect
