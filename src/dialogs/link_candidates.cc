#include "dialogs/link_candidates.h"

#include <algorithm>

namespace idiolect {

void FindLinkCandidates(const Conversation& conversation, const std::vector<Turn>& turns,
                        const CandidateLimits& limits, CandidateTable* table) {
  table->Clear();
  for (uint32_t turn = 0; turn < turns.size(); ++turn) {
    const Turn& answer = turns[turn];
    const uint32_t back_most = answer.reply_to != 0 ? 0 : std::min(turn, limits.turns_back);
    bool own_between = false;
    uint32_t rank = 0;
    for (uint32_t back = 1; back <= back_most && rank < limits.most; ++back) {
      const Turn& earlier = turns[turn - back];
      if (conversation.kind != ChatKind::kPrivate &&
          answer.begin - earlier.end > limits.seconds_back) {
        break;
      }
      if (earlier.topic != answer.topic) continue;
      if (earlier.author == answer.author) {
        own_between = true;
        continue;
      }
      table->Add({turn - back, rank++, own_between});
    }
    table->EndTurn();
  }
}

}  // namespace idiolect
