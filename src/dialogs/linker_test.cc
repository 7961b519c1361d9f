#include "dialogs/linker.h"

#include <gtest/gtest.h>

#include "dialogs/conversation_fixture.h"

namespace idiolect {
namespace {

constexpr PersonId kMasha = 1, kIvan = 2, kAnna = 3;

struct Linked {
  std::vector<OwnedConversation> cut;
  std::vector<Turn> turns;
  std::vector<Link> links;
};

Linked LinkLast(const ChatScript& chat) {
  Linked linked;
  linked.cut = chat.Cut();
  const Conversation conversation = linked.cut.back().view();
  MergeTurns(conversation, 300, &linked.turns);
  const auto scorer = MakePlainLinkScorer({"", "Маша", "Иван", "Анна"});
  Linker(*scorer).LinkTurns(conversation, linked.turns, &linked.links);
  return linked;
}

TEST(Linker, AReplyMarkIsAFact) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "кто идёт?");
  chat.Say(kIvan, 5, "погода");
  chat.Reply(kAnna, 10, "я", 1);
  const auto linked = LinkLast(chat);
  EXPECT_EQ(linked.links[2].turn, 0u);
  EXPECT_EQ(linked.links[2].reason, LinkReason::kMarked);
  EXPECT_EQ(linked.links[2].probability, 1);
}

TEST(Linker, AMarkIntoAnotherConversationIsFar) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "кто идёт?");
  chat.Reply(kAnna, 200'000, "я", 1);
  const auto linked = LinkLast(chat);
  EXPECT_EQ(linked.links[0].turn, kNoTurn);
  EXPECT_EQ(linked.links[0].far, chat.IdOf(1));
  EXPECT_EQ(linked.links[0].reason, LinkReason::kMarkedFar);
}

TEST(Linker, OnesOwnWordsAndServiceMessagesAreNotAnswered) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kIvan, 0, "").kind = MessageKind::kService;
  chat.Say(kAnna, 1, "a");
  chat.Say(kMasha, 2, "b");
  chat.Reply(kAnna, 3, "и ещё", 2);
  chat.Reply(kMasha, 4, "добро пожаловать", 1);
  const auto linked = LinkLast(chat);
  ASSERT_EQ(linked.links.size(), 4u);
  EXPECT_EQ(linked.links[2].reason, LinkReason::kNone);
  EXPECT_EQ(linked.links[3].reason, LinkReason::kNone);
}

TEST(Linker, InAPrivateChatTheOthersLastTurnIsAnswered) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kMasha, 0, "как дела?");
  chat.Say(kAnna, 7200, "хорошо");
  chat.Say(kAnna, 9000, "а у тебя?");
  const auto linked = LinkLast(chat);
  EXPECT_EQ(linked.links[0].reason, LinkReason::kNone);
  EXPECT_EQ(linked.links[1].turn, 0u);
  EXPECT_GT(linked.links[1].probability, 0.9);
  EXPECT_LT(linked.links[2].probability, 0.5);  // a follow-up to her own words
}

TEST(Linker, InAGroupTheTurnJustBeforeIsAnswered) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "смотрю кино");
  chat.Say(kIvan, 100, "кто куда завтра?");
  chat.Say(kAnna, 120, "домой");
  const auto linked = LinkLast(chat);
  EXPECT_EQ(linked.links[2].turn, 1u);
  EXPECT_GE(linked.links[2].probability, 0.5);
}

TEST(Linker, InAGroupOldWordsAreHardlyAnswered) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "смотрю кино");
  chat.Say(kAnna, 1200, "домой");
  const auto linked = LinkLast(chat);
  EXPECT_LT(linked.links[1].probability, 0.5);
}

TEST(Linker, ANamedPersonIsPreferred) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "я сварила суп");
  chat.Say(kIvan, 20, "кто куда завтра?");
  chat.Say(kAnna, 40, "Маш, какой?");
  const auto linked = LinkLast(chat);
  EXPECT_EQ(linked.links[2].turn, 0u);
  EXPECT_GE(linked.links[2].probability, 0.5);
}

TEST(Linker, WhoWasJustAnsweredIsLikelyToAnswer) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kAnna, 0, "я дома");
  chat.Reply(kMasha, 30, "надолго?", 1);
  chat.Say(kIvan, 40, "погода");
  chat.Say(kAnna, 60, "на неделю");
  const auto towards_her = LinkLast(chat).links[3].probability;
  ChatScript other(ChatKind::kGroup);
  other.Say(kAnna, 0, "я дома");
  other.Say(kMasha, 20, "кино");
  other.Reply(kIvan, 40, "какое?", 2);
  other.Say(kAnna, 60, "на неделю");
  EXPECT_LT(LinkLast(other).links[3].probability, towards_her);
}

TEST(Linker, TopicsBoundTheCandidates) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "кто куда?").topic = 5;
  chat.Say(kAnna, 10, "никуда").topic = 6;
  EXPECT_EQ(LinkLast(chat).links[1].reason, LinkReason::kNone);
}

// A scorer of another kind takes the plain one's place.
class AlwaysTheOldest : public LinkScorer {
 public:
  void Score(const Conversation&, const std::vector<Turn>& turns, const CandidateTable& table,
             std::vector<float>* probabilities) const override {
    probabilities->assign(table.size(), 0);
    for (uint32_t turn = 0; turn < turns.size(); ++turn) {
      if (!table.of(turn).empty()) (*probabilities)[table.end(turn) - 1] = 0.75f;
    }
  }
};

TEST(Linker, TakesAnotherScorer) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "a");
  chat.Say(kIvan, 1, "b");
  chat.Say(kAnna, 2, "c");
  const auto cut = chat.Cut();
  std::vector<Turn> turns;
  MergeTurns(cut[0].view(), 300, &turns);
  std::vector<Link> links;
  const AlwaysTheOldest scorer;
  Linker(scorer).LinkTurns(cut[0].view(), turns, &links);
  EXPECT_EQ(links[2].turn, 0u);
  EXPECT_EQ(links[2].probability, 0.75f);
}

}  // namespace
}  // namespace idiolect
