#include "dialogs/linker.h"

namespace idiolect {
namespace {

Link MarkedLink(const Conversation& conversation, const std::vector<Turn>& turns, uint32_t turn) {
  const MessageId target = turns[turn].reply_to;
  const auto message = conversation.Find(target);
  if (!message) return {kNoTurn, target, 1, LinkReason::kMarkedFar};
  const uint32_t answered = TurnOfMessage(turns, *message);
  if (answered >= turn || turns[answered].author == turns[turn].author ||
      conversation.messages[*message].kind != MessageKind::kOrdinary) {
    return {};
  }
  return {answered, 0, 1, LinkReason::kMarked};
}

}  // namespace

void Linker::LinkTurns(const Conversation& conversation, const std::vector<Turn>& turns,
                       std::vector<Link>* links) {
  links->assign(turns.size(), Link{});
  FindLinkCandidates(conversation, turns, CandidateLimits{}, &candidates_);
  scorer_.Score(conversation, turns, candidates_, &probabilities_);
  for (uint32_t turn = 0; turn < turns.size(); ++turn) {
    if (turns[turn].reply_to != 0) {
      (*links)[turn] = MarkedLink(conversation, turns, turn);
      continue;
    }
    const auto candidates = candidates_.of(turn);
    const float* scores = probabilities_.data() + candidates_.begin(turn);
    for (size_t i = 0; i < candidates.size(); ++i) {
      Link& link = (*links)[turn];
      if (link.turn == kNoTurn || scores[i] > link.probability) {
        link = {candidates[i].turn, 0, scores[i], LinkReason::kGuessed};
      }
    }
  }
}

}  // namespace idiolect
