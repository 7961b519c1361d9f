#include "analysis/collection.h"

#include <gtest/gtest.h>

#include "dialogs/conversation_fixture.h"

namespace idiolect {
namespace {

CollectionFacts Count(const std::vector<const ChatScript*>& chats,
                      const std::string& zone = "UTC") {
  auto local = TimeZone::Open(zone, 0, int64_t{1} << 32);
  EXPECT_TRUE(local);
  CollectionCounter counter(1, 4, *local);
  for (const ChatScript* script : chats) {
    counter.BeginChat(script->chat(), true);
    for (const MessageView& message : script->messages()) counter.Add(message);
  }
  return counter.Take();
}

TEST(Collection, CountsRunsAndDelays) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(2, 0, "ты где?");
  chat.Say(1, 40, "дома");
  chat.Say(1, 60, "а что");
  chat.Say(1, 60 + 301, "ау");  // the silence ends the run, and nobody was answered
  chat.Say(2, 2000, "еду");
  chat.Say(1, 2000 + 86401, "!");  // a day later: no delay
  const CollectionFacts facts = Count({&chat});
  EXPECT_EQ(facts.messages, 6);
  EXPECT_EQ(facts.persona_messages, 4);
  EXPECT_EQ(facts.runs[kPersona][1], 2);
  EXPECT_EQ(facts.runs[kPersona][2], 1);
  EXPECT_EQ(facts.runs[kOthers][1], 2);
  EXPECT_EQ(facts.delays[kPersona], std::vector<uint32_t>{40});
  EXPECT_EQ(facts.delays[kOthers], std::vector<uint32_t>{2000 - 361});
  EXPECT_EQ(facts.chats[0].people, 2);
  EXPECT_EQ(facts.chats[0].other, 2);
  EXPECT_EQ(facts.chats[0].silence, 86401);
}

TEST(Collection, InGroupsOnlyMarkedRepliesTellADelay) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(2, 0, "кто идёт?");
  chat.Say(3, 10, "не я");
  chat.Say(1, 15, "привет всем");
  chat.Reply(1, 100, "я", 1);
  chat.Say(2, 110, "ура");
  chat.Reply(3, 120, "сама себе", 2);  // to oneself
  const CollectionFacts facts = Count({&chat});
  // The persona's reply continues her run, so it opens nothing.
  EXPECT_TRUE(facts.delays[kPersona].empty());
  EXPECT_TRUE(facts.delays[kOthers].empty());
  EXPECT_EQ(facts.runs[kPersona][2], 1);
}

TEST(Collection, CountsByLocalTime) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(1, 0, "поздно");
  chat.Say(2, 10 * 86400, "рано");
  const CollectionFacts utc = Count({&chat});
  EXPECT_EQ(utc.hours[kPersona][1][22], 1);
  const CollectionFacts moscow = Count({&chat}, "Europe/Moscow");
  EXPECT_EQ(moscow.hours[kPersona][2][1], 1);
  EXPECT_EQ(moscow.days.size(), 2u);
  const auto silences = moscow.Silences(3);
  ASSERT_EQ(silences.size(), 1u);
  EXPECT_EQ(silences[0].last_day - silences[0].first_day + 1, 9);
  EXPECT_EQ(utc.months.at(2023 * 12 + 10)[kPersona], 1);
}

TEST(Collection, ForumTopicsAreCounted) {
  ChatScript chat(ChatKind::kGroup);
  MessageView& opened = chat.Say(0, 0, "Сад");
  opened.kind = MessageKind::kService;
  opened.extra = "topic_created";
  chat.Say(2, 10, "а").topic = chat.IdOf(1);
  chat.Say(1, 20, "б").topic = chat.IdOf(1);
  const CollectionFacts facts = Count({&chat});
  ASSERT_EQ(facts.chats[0].topics.size(), 1u);
  EXPECT_EQ(facts.chats[0].topics[0].title, "Сад");
  EXPECT_EQ(facts.chats[0].topics[0].messages, 2);
  EXPECT_EQ(facts.chats[0].topics[0].persona_messages, 1);
}

TEST(TimeZone, KnowsWhenClocksChange) {
  auto berlin = TimeZone::Open("Europe/Berlin", 1'700'000'000, 1'720'000'000);
  ASSERT_TRUE(berlin);
  EXPECT_EQ(berlin->OffsetAt(1'711'846'799), 3600);  // 2024-03-31 00:59:59 UTC
  EXPECT_EQ(berlin->OffsetAt(1'711'846'800), 7200);
  EXPECT_EQ(berlin->OffsetAt(1'700'000'000), 3600);
  const auto unknown = TimeZone::Open("Europe/Nowhere", 0, 1);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "there is no time zone \"Europe/Nowhere\"");
  for (const int64_t days : {int64_t{-1}, int64_t{0}, int64_t{19675}, int64_t{11016}}) {
    EXPECT_EQ(DaysOf(CivilDayOf(days)), days);
  }
  EXPECT_EQ(CivilDayOf(11016).day, 29);  // 2000-02-29
  EXPECT_EQ(WeekdayOf(0), 3);            // a Thursday
}

}  // namespace
}  // namespace idiolect
