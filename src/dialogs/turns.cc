#include "dialogs/turns.h"

#include <algorithm>

namespace idiolect {
namespace {

// A reply mark that points elsewhere than the turn does starts a new answer.
bool AnswersSomethingElse(const Conversation& conversation, const Turn& turn, const Said& said) {
  if (said.reply_to == 0 || said.reply_to == turn.reply_to) return false;
  return said.reply_to < conversation.messages[turn.first].id;
}

}  // namespace

void MergeTurns(const Conversation& conversation, int64_t typing_gap_seconds,
                std::vector<Turn>* turns) {
  turns->clear();
  for (size_t i = 0; i < conversation.messages.size(); ++i) {
    const Said& said = conversation.messages[i];
    if (said.kind != MessageKind::kOrdinary) continue;
    if (!turns->empty()) {
      Turn& turn = turns->back();
      if (turn.author == said.author && turn.topic == said.topic &&
          said.time - turn.end <= typing_gap_seconds &&
          !AnswersSomethingElse(conversation, turn, said)) {
        turn.last = static_cast<uint32_t>(i);
        turn.end = said.time;
        continue;
      }
    }
    Turn turn;
    turn.first = turn.last = static_cast<uint32_t>(i);
    turn.author = said.author;
    turn.begin = turn.end = said.time;
    turn.reply_to = said.reply_to;
    turn.topic = said.topic;
    turns->push_back(turn);
  }
}

uint32_t TurnOfMessage(std::span<const Turn> turns, size_t message) {
  const auto after =
      std::upper_bound(turns.begin(), turns.end(), message,
                       [](size_t wanted, const Turn& turn) { return wanted < turn.first; });
  if (after == turns.begin()) return kNoTurn;
  const auto turn = after - 1;
  return message <= turn->last ? static_cast<uint32_t>(turn - turns.begin()) : kNoTurn;
}

}  // namespace idiolect
