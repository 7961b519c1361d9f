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

const LinkKnowledge& Knowledge() {
  static const auto knowledge = LinkKnowledge::BuiltIn();
  return **knowledge;
}

Linked LinkLast(const ChatScript& chat) {
  Linked linked;
  linked.cut = chat.Cut();
  const Conversation conversation = linked.cut.back().view();
  MergeTurns(conversation, 300, &linked.turns);
  const LinkPeople people(Knowledge(), {"", "Маша", "Иван", "Анна"});
  Linker linker(Knowledge(), people);
  linker.ReadTurns(conversation, linked.turns);
  for (uint32_t turn = 0; turn < linked.turns.size(); ++turn) {
    linked.links.push_back(linker.LinkOf(turn));
  }
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

TEST(Linker, InAGroupTheQuestionJustBeforeIsAnswered) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "смотрю кино");
  chat.Say(kIvan, 100, "кто куда завтра?");
  chat.Say(kAnna, 120, "домой");
  const auto linked = LinkLast(chat);
  EXPECT_EQ(linked.links[2].turn, 1u);
  EXPECT_GE(linked.links[2].probability, 0.5);
}

TEST(Linker, InAGroupOldWordsAreAnsweredLessSurely) {
  const auto probability = [](int64_t later) {
    ChatScript chat(ChatKind::kGroup);
    chat.Say(kMasha, 0, "смотрю кино");
    chat.Say(kAnna, later, "Домой");
    return LinkLast(chat).links[1].probability;
  };
  EXPECT_LT(probability(2400), probability(20));
}

TEST(Linker, SharedWordsAreFollowed) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "кто пробовал рецепт шарлотки с корицей?");
  chat.Say(kIvan, 20, "завтра дождь");
  chat.Say(kAnna, 40, "шарлотку с корицей пекла, рецепт хороший");
  EXPECT_EQ(LinkLast(chat).links[2].turn, 0u);
}

TEST(Linker, TopicsBoundTheCandidates) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kMasha, 0, "кто куда?").topic = 5;
  chat.Say(kAnna, 10, "никуда").topic = 6;
  EXPECT_EQ(LinkLast(chat).links[1].reason, LinkReason::kNone);
}

// Two talks, each held together by reply marks, woven into one another; the second one goes on from
// days before, so nothing needs to be guessed.
TEST(Linker, FindsTalks) {
  constexpr int64_t kLater = 9 * 86'400;
  ChatScript chat(ChatKind::kGroup);
  chat.Say(kIvan, 0, "надо взять билеты");
  chat.Say(kMasha, kLater, "кто пробовал рецепт шарлотки?");
  chat.Reply(kIvan, kLater + 10, "во сколько завтра поезд?", 1);
  chat.Reply(kAnna, kLater + 20, "я пробовала", 2);
  chat.Reply(kMasha, kLater + 30, "в девять", 3);
  chat.Reply(kIvan, kLater + 40, "и как?", 4);
  chat.Reply(kAnna, kLater + 50, "с какого вокзала?", 5);
  const auto cut = chat.Cut();
  std::vector<Turn> turns;
  MergeTurns(cut.back().view(), 300, &turns);
  ASSERT_EQ(turns.size(), 6u);
  const LinkPeople people(Knowledge(), {"", "Маша", "Иван", "Анна"});
  Linker linker(Knowledge(), people);
  linker.ReadTurns(cut.back().view(), turns);
  std::vector<uint32_t> talks;
  linker.FindTalks(&talks);
  EXPECT_EQ(talks, (std::vector<uint32_t>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(linker.links()[4].turn, 2u);
}

TEST(Linker, ThePrivateChatIsOneTalk) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(kMasha, 0, "как дела?");
  chat.Say(kAnna, 10, "хорошо");
  const auto cut = chat.Cut();
  std::vector<Turn> turns;
  MergeTurns(cut.back().view(), 300, &turns);
  const LinkPeople people(Knowledge(), {"", "Маша", "Иван", "Анна"});
  Linker linker(Knowledge(), people);
  linker.ReadTurns(cut.back().view(), turns);
  std::vector<uint32_t> talks;
  linker.FindTalks(&talks);
  EXPECT_EQ(talks, (std::vector<uint32_t>{0, 0}));
}

TEST(Linker, TellsNicksFromMessengers) {
  std::vector<ChatLine> lines(10);
  for (size_t i = 0; i < lines.size(); ++i) lines[i].text = i % 3 == 0 ? "bob: try it" : "it works";
  EXPECT_EQ(StyleOf(lines), ChatStyle::kNicks);
  lines[4].marked = 2;
  EXPECT_EQ(StyleOf(lines), ChatStyle::kMessenger);
  for (ChatLine& line : lines) line = {};
  EXPECT_EQ(StyleOf(lines), ChatStyle::kMessenger);
}

TEST(Linker, ANickAtTheStartIsFollowed) {
  std::vector<ChatLine> lines(4);
  const char* const texts[] = {"how do I mount a disk?", "is there a player for ogg files?",
                               "bob: use totem", "alice: mount /dev/sdb1 /mnt"};
  const uint32_t authors[] = {1, 2, 3, 3};
  for (uint32_t i = 0; i < 4; ++i) {
    lines[i].text = texts[i];
    lines[i].author = authors[i];
    lines[i].time = 60 * i;
  }
  const LinkPeople people(Knowledge(), {"", "alice", "bob", "carol"});
  std::vector<LineLink> links;
  Linker(Knowledge(), people).LinkLines(lines, 0, 4, ChatStyle::kNicks, &links);
  EXPECT_EQ(links[0].line, kNoLine);
  EXPECT_EQ(links[2].line, 1u);
  EXPECT_EQ(links[3].line, 0u);
}

}  // namespace
}  // namespace idiolect
