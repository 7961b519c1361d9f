#pragma once
// The second look. A first model has guessed what every line answers; those guesses tell more of a
// line and a candidate than words and places do: whether the candidate was answered already, whom
// its author answers next, which talk it belongs to. They become features like the others
// (link_features.h), of which a second model decides.
//
// A guess of a line depends on the kWindow lines before it and the kLookAhead lines behind it that
// are linked, so the second look sees that much farther.

#include <cstdint>
#include <span>
#include <vector>

#include "dialogs/link_features.h"

namespace idiolect {

// What the lines [begin, end) of a window answer, as a first model guesses or as their marks say.
class LinkGuesses {
 public:
  struct Guess {
    uint32_t line = 0;  // what is answered; the line itself: it starts a conversation
    uint8_t share = 0;  // of 255
  };

  void Clear(uint32_t begin);
  // The next line, with what the model says of its candidates: `own` for the features of the line
  // itself, `likely` for what others see of it. A line that is not spoken has no candidates; what a
  // mark says is `marked`, kNoLine where there is none or it is not to be seen.
  void Add(std::span<const uint32_t> candidates, std::span<const float> own,
           std::span<const float> likely, uint32_t marked);

  uint32_t begin() const { return begin_; }
  uint32_t end() const { return begin_ + static_cast<uint32_t>(lines_.size()); }
  // The likely ones, for others to use.
  std::span<const Guess> of(uint32_t line) const {
    const Line& held = lines_[line - begin_];
    return std::span(guesses_).subspan(held.guesses, held.guesses_end - held.guesses);
  }
  // The likeliest; the line itself when it starts a conversation.
  uint32_t best(uint32_t line) const { return lines_[line - begin_].best; }
  // Of every candidate of the line, in their order, whatever its mark says.
  std::span<const float> probabilities(uint32_t line) const {
    const Line& held = lines_[line - begin_];
    return std::span(probabilities_)
        .subspan(held.probabilities, held.probabilities_end - held.probabilities);
  }

 private:
  struct Line {
    uint32_t best = 0;
    uint32_t guesses = 0, guesses_end = 0, probabilities = 0, probabilities_end = 0;
  };
  uint32_t begin_ = 0;
  std::vector<Line> lines_;
  std::vector<Guess> guesses_;
  std::vector<float> probabilities_;
};

// Adds the features of the second look to those of the candidates of [begin, end). The guesses
// must reach from kWindow before to kLookAhead behind, as far as the window does.
void ComputeGuessFeatures(const LineWindow& window, const CandidateTable& candidates,
                          const LinkGuesses& guesses, uint32_t begin, uint32_t end,
                          FeatureBlocks* blocks);

}  // namespace idiolect
