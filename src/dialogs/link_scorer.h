#pragma once
// How likely each turn answers each of its candidates: the linker's second step, behind an
// interface so that a learned scorer can take the place of the plain one.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dialogs/link_candidates.h"

namespace idiolect {

// Constant after it is made: may be used by several threads.
class LinkScorer {
 public:
  virtual ~LinkScorer() = default;
  // Replaces *probabilities: for each candidate of `table`, by its number there, how likely its
  // turn answers it. What is left to one is "nobody".
  virtual void Score(const Conversation& conversation, const std::vector<Turn>& turns,
                     const CandidateTable& table, std::vector<float>* probabilities) const = 0;
};

// What the plain scorer's rules are worth. Chosen by reading chats, not fitted: a learned scorer
// replaces them as a whole.
struct PlainLinkWeights {
  // In a private chat: the other's last turn, and the same after another turn of one's own.
  float private_next = 0.95f;
  float private_after_own = 0.25f;
  // In a group, by the candidate's age: the newest turn of another person, then those behind it.
  int64_t soon_seconds = 60, later_seconds = 5 * 60;
  float next_soon = 0.70f, next_later = 0.55f, next_old = 0.30f;
  float second = 0.25f, further = 0.10f;
  // Added to these.
  float named = 0.40f;             // the answer calls the candidate's author by name
  float names_another = -0.30f;    // it calls another candidate's author by name
  float spoken_to = 0.25f;         // the candidate names the answering person, or answers them
  float spoken_to_other = -0.25f;  // the candidate answers another person by mark
  float question = 0.10f;
  float own_between = -0.20f;
  float most = 0.95f, least = 0.01f;
};

// `names`: index is PersonId, as PersonNames gives them.
std::unique_ptr<LinkScorer> MakePlainLinkScorer(const std::vector<std::string>& names,
                                                const PlainLinkWeights& weights = {});

}  // namespace idiolect
