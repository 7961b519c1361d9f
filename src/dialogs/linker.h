#pragma once
// Who answers whom. For every turn of a conversation the linker gives the one turn it most likely
// answers and how likely that is; whoever uses a link decides which probability is enough.
//
// Candidates (link_candidates.h), scores (link_scorer.h) and this decision are kept apart, so that
// each can be replaced by a better one.

#include <cstdint>
#include <vector>

#include "dialogs/link_scorer.h"

namespace idiolect {

// Why a link is there. Persisted: never renumber.
enum class LinkReason : uint8_t {
  kNone = 0,       // no candidate
  kMarked = 1,     // the source's own reply mark
  kMarkedFar = 2,  // the same, to a message outside this conversation
  kGuessed = 3,    // by the scorer
};

struct Link {
  uint32_t turn = kNoTurn;  // what is answered; kNoTurn when there is none or it is far
  MessageId far = 0;        // the answered message with kMarkedFar
  float probability = 0;    // of `turn`, or of `far`
  LinkReason reason = LinkReason::kNone;
};

// Keeps its working memory between conversations. Thread-compatible; the scorer must outlive it.
class Linker {
 public:
  explicit Linker(const LinkScorer& scorer) : scorer_(scorer) {}

  // Replaces *links by one link for each turn. A reply mark to one's own or to nobody's words (a
  // service message) is no answer: such a turn has no link.
  void LinkTurns(const Conversation& conversation, const std::vector<Turn>& turns,
                 std::vector<Link>* links);

 private:
  const LinkScorer& scorer_;
  CandidateTable candidates_;
  std::vector<float> probabilities_;
};

}  // namespace idiolect
