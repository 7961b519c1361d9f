#include "dialogs/turns.h"

#include <gtest/gtest.h>

#include "dialogs/conversation_fixture.h"

namespace idiolect {
namespace {

std::string Shape(const ChatScript& chat, int64_t typing_gap_seconds = 300) {
  const auto cut = chat.Cut();
  std::vector<Turn> turns;
  MergeTurns(cut.at(0).view(), typing_gap_seconds, &turns);
  std::string shape;
  for (const Turn& turn : turns) {
    shape += (shape.empty() ? "" : " ") + std::to_string(turn.author) + ":" +
             std::to_string(turn.first + 1) + "-" + std::to_string(turn.last + 1);
  }
  return shape;
}

TEST(MergeTurns, JoinsConsecutiveMessagesOfOnePerson) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(1, 0, "hi");
  chat.Say(1, 20, "are you there");
  chat.Say(2, 30, "yes");
  chat.Say(1, 40, "good");
  EXPECT_EQ(Shape(chat), "1:1-2 2:3-3 1:4-4");
}

TEST(MergeTurns, ALongPauseStartsANewTurn) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(1, 0, "a");
  chat.Say(1, 300, "b");
  chat.Say(1, 601, "c");
  EXPECT_EQ(Shape(chat), "1:1-2 1:3-3");
  EXPECT_EQ(Shape(chat, 0), "1:1-1 1:2-2 1:3-3");
}

TEST(MergeTurns, AnsweringSomebodyElseStartsANewTurn) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "q1");
  chat.Say(2, 1, "q2");
  chat.Reply(3, 5, "to the first", 1);
  chat.Say(3, 6, "goes on");
  chat.Reply(3, 7, "to the second", 2);
  chat.Reply(3, 8, "to the second too", 2);
  EXPECT_EQ(Shape(chat), "1:1-1 2:2-2 3:3-4 3:5-6");
}

TEST(MergeTurns, AReplyToOneselfWithinATurnStaysInIt) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "a");
  chat.Reply(1, 5, "I mean b", 1);
  EXPECT_EQ(Shape(chat), "1:1-2");
}

TEST(MergeTurns, ServiceMessagesDoNotInterrupt) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "a");
  chat.Say(2, 1, "").kind = MessageKind::kService;
  chat.Say(1, 2, "b");
  EXPECT_EQ(Shape(chat), "1:1-3");
}

TEST(MergeTurns, TopicsOfAForumAreApart) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "a").topic = 7;
  chat.Say(1, 1, "b").topic = 8;
  EXPECT_EQ(Shape(chat), "1:1-1 1:2-2");
}

TEST(TurnOfMessage, FindsTheTurnThatHoldsAMessage) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(9, 0, "").kind = MessageKind::kService;
  chat.Say(1, 0, "a");
  chat.Say(1, 1, "b");
  chat.Say(2, 2, "c");
  const auto cut = chat.Cut();
  std::vector<Turn> turns;
  MergeTurns(cut.at(0).view(), 300, &turns);
  EXPECT_EQ(TurnOfMessage(turns, 0), kNoTurn);
  EXPECT_EQ(TurnOfMessage(turns, 1), 0u);
  EXPECT_EQ(TurnOfMessage(turns, 2), 0u);
  EXPECT_EQ(TurnOfMessage(turns, 3), 1u);
  EXPECT_EQ(TurnOfMessage(turns, 4), kNoTurn);
}

}  // namespace
}  // namespace idiolect
