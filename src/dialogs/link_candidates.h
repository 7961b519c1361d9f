#pragma once
// Which earlier turns each turn may answer: the first of the linker's three steps (candidates,
// scores, decision). A reply mark is a fact and needs no candidates; otherwise they are the newest
// turns of other people in the same topic.

#include <cstdint>
#include <span>
#include <vector>

#include "dialogs/turns.h"

namespace idiolect {

struct LinkCandidate {
  uint32_t turn = kNoTurn;
  uint32_t rank = 0;         // 0: the newest turn of another person
  bool own_between = false;  // the answering person has spoken since
};

// The candidates of all turns of a conversation, flat.
class CandidateTable {
 public:
  void Clear() {
    candidates_.clear();
    ends_.clear();
  }
  void Add(const LinkCandidate& candidate) { candidates_.push_back(candidate); }
  // To be called once a turn, in order, after its candidates were added.
  void EndTurn() { ends_.push_back(static_cast<uint32_t>(candidates_.size())); }

  uint32_t begin(uint32_t turn) const { return turn == 0 ? 0 : ends_[turn - 1]; }
  uint32_t end(uint32_t turn) const { return ends_[turn]; }
  // Newest first. Candidate i of the span has number begin(turn) + i in a list of scores.
  std::span<const LinkCandidate> of(uint32_t turn) const {
    return std::span(candidates_).subspan(begin(turn), end(turn) - begin(turn));
  }
  size_t size() const { return candidates_.size(); }

 private:
  std::vector<LinkCandidate> candidates_;
  std::vector<uint32_t> ends_;  // by turn
};

struct CandidateLimits {
  uint32_t most = 6;
  uint32_t turns_back = 30;
  int64_t seconds_back = 30 * 60;  // in groups; in a private chat the conversation is the limit
};

// Replaces *table. Turns with a reply mark get no candidates.
void FindLinkCandidates(const Conversation& conversation, const std::vector<Turn>& turns,
                        const CandidateLimits& limits, CandidateTable* table);

}  // namespace idiolect
