#pragma once
// From scores to links: the linker's last step. Scores become probabilities over "answers this
// line" and "starts a conversation"; the likeliest decides, after the margin of the model.

#include <cstdint>
#include <span>
#include <vector>

#include "dialogs/link_model.h"

namespace idiolect {

// Why a link is there. Persisted: never renumber.
enum class LinkReason : uint8_t {
  kNone = 0,       // it answers nobody
  kMarked = 1,     // the source's own reply mark
  kMarkedFar = 2,  // the same, to a message outside what is seen
  kGuessed = 3,    // by the scorer
};

struct LineLink {
  uint32_t line = kNoLine;       // what it answers; kNoLine when it starts a conversation
  uint32_t second = kNoLine;     // a second line that it answers, too
  float probability = 0;         // of `line`; with kNone, that it answers nobody
  float second_probability = 0;  // of `second`
  LinkReason reason = LinkReason::kNone;
};

// Whether the lines to be decided had a reply mark that was hidden. Marks are set where the
// answered line is far, so lines that have none lean to what is near: the model's settings say how
// much.
enum class PriorOf : uint8_t { kMarkedLines, kUnmarkedLines };

// Turns the sums of a line's candidates into probabilities that add up to one; *probabilities keeps
// the candidates' order.
void ProbabilitiesOf(const LinkModel& model, const LineWindow& window,
                     const CandidateTable& candidates, uint32_t line, PriorOf prior,
                     std::span<const int32_t> sums, std::vector<float>* probabilities);

// The link of a line that is spoken. A mark is a fact.
LineLink DecideLink(const LinkModel& model, std::span<const uint32_t> candidates, uint32_t line,
                    std::span<const float> probabilities);

}  // namespace idiolect
