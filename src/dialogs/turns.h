#pragma once
// Turns: what one person says before another one speaks. People press Enter in the middle of a
// thought, so their consecutive messages are one turn as long as they come within a typing gap and
// answer the same message.

#include <cstdint>
#include <span>
#include <vector>

#include "dialogs/conversation.h"

namespace idiolect {

constexpr uint32_t kNoTurn = UINT32_MAX;

struct Turn {
  uint32_t first = 0, last = 0;  // messages of the conversation, both included
  PersonId author = 0;
  int64_t begin = 0, end = 0;  // times of the first and last message
  MessageId reply_to = 0;      // what its first reply mark points at; 0: unmarked
  MessageId topic = 0;
};

// Replaces *turns by the turns of the conversation, in order. Service messages belong to no turn,
// though one may lie between two messages of a turn.
void MergeTurns(const Conversation& conversation, int64_t typing_gap_seconds,
                std::vector<Turn>* turns);

// The turn that holds this message, or kNoTurn.
uint32_t TurnOfMessage(std::span<const Turn> turns, size_t message);

}  // namespace idiolect
