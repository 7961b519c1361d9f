#pragma once
// Candidates, features and scores of a stretch of lines, with one look or two: what the linker
// and the bench that writes the trainer's rows have in common.

#include <vector>

#include "dialogs/link_decision.h"
#include "dialogs/link_guesses.h"

namespace idiolect {

// The models of one chat style. `first` is null where the model decides alone.
struct LinkModels {
  const LinkModel* first = nullptr;
  const LinkModel* last = nullptr;
};

struct ScoredBy {
  Marks marks = Marks::kShown;              // whether reply marks of other lines are seen
  MarkedLines marked = MarkedLines::kLeft;  // whether lines with a mark are scored, too
};

// Keeps its memory between stretches. Thread-compatible.
class LinkScorer {
 public:
  // Scores the lines [begin, end) of the window. Of other lines nothing that is held counts.
  void Score(const LineWindow& window, uint32_t begin, uint32_t end, const LinkModels& models,
             const ScoredBy& by);
  // The same without the last model's scores: for those who train it.
  void Compute(const LineWindow& window, uint32_t begin, uint32_t end, ChatStyle style,
               const LinkModel* first, const ScoredBy& by);

  const CandidateTable& candidates() const { return candidates_; }
  const FeatureBlocks& features() const { return features_; }
  // By number of the candidate; times the model's unit they are scores.
  const std::vector<int32_t>& sums() const { return sums_; }

 private:
  CandidateTable candidates_;
  FeatureBlocks features_;
  LinkGuesses guesses_;
  std::vector<int32_t> sums_;
  std::vector<float> own_, likely_;
};

}  // namespace idiolect
