#include "dialogs/chat_linker.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace idiolect {
namespace {

struct Script {
  std::vector<std::string> texts;
  std::vector<MessageView> messages;
};

// An invented group that talks at random; a fifth of its messages have a mark.
Script Group(size_t count) {
  const char* const words[] = {"кто",  "идёт",  "завтра", "кино", "суп",    "Маша,", "спасибо",
                               "да",   "нет",   "почему", "где",  "update", "error", "сервер",
                               "дача", "поезд", "billet", "?",    "хорошо", "привет"};
  Script script;
  Random random(3);
  int64_t time = 1'700'000'000;
  for (size_t i = 0; i < count; ++i) {
    std::string& text = script.texts.emplace_back();
    for (uint64_t n = 1 + random.Below(9); n-- > 0;)
      text += std::string(words[random.Below(20)]) + " ";
  }
  for (size_t i = 0; i < count; ++i) {
    MessageView message;
    message.id = MakeMessageId(1, static_cast<int64_t>(i) + 1);
    time += static_cast<int64_t>(random.Below(random.Below(20) == 0 ? 20'000 : 90));
    message.time = time;
    message.author = static_cast<PersonId>(1 + random.Below(9));
    message.text = script.texts[i];
    if (i > 0 && random.Below(5) == 0) {
      const auto back = static_cast<int64_t>(1 + random.Below(std::min<uint64_t>(i, 300)));
      message.reply_to = message.id - back;
    }
    if (random.Below(40) == 0) message.kind = MessageKind::kService;
    script.messages.push_back(message);
  }
  return script;
}

std::vector<MessageLink> LinksOf(const Script& script, size_t count, int threads, uint32_t piece,
                                 MessengerLooks looks = MessengerLooks::kOne) {
  const auto knowledge = LinkKnowledge::BuiltIn(looks);
  const LinkPeople people(
      **knowledge, {"", "Маша", "Иван", "Анна", "Пётр", "Олег", "Лена", "Юра", "Вера", "Глеб"});
  std::vector<MessageLink> links;
  ChatLinkerOptions options;
  options.threads = threads;
  options.piece = piece;
  ChatLinker linker(**knowledge, people, options, [&](const MessageLink& link) -> Status {
    links.push_back(link);
    return {};
  });
  for (size_t i = 0; i < count; ++i) EXPECT_TRUE(linker.Add(script.messages[i]));
  EXPECT_TRUE(linker.Finish());
  return links;
}

bool Same(const MessageLink& a, const MessageLink& b) {
  return a.message == b.message && a.answers == b.answers && a.second == b.second &&
         a.probability == b.probability && a.second_probability == b.second_probability &&
         a.reason == b.reason;
}

TEST(ChatLinker, GivesEveryMessageOneLinkInOrder) {
  const Script script = Group(700);
  const auto links = LinksOf(script, 700, 1, 4096);
  ASSERT_EQ(links.size(), 700u);
  for (size_t i = 0; i < links.size(); ++i) {
    EXPECT_EQ(links[i].message, script.messages[i].id);
    EXPECT_LT(links[i].answers, links[i].message);
    if (script.messages[i].reply_to != 0) {
      EXPECT_EQ(links[i].answers, script.messages[i].reply_to);
      EXPECT_EQ(links[i].probability, 1);
    }
  }
}

// With one look and with two.
class LooksTest : public testing::TestWithParam<MessengerLooks> {};
INSTANTIATE_TEST_SUITE_P(ChatLinker, LooksTest,
                         testing::Values(MessengerLooks::kOne, MessengerLooks::kTwo));

TEST_P(LooksTest, LinksDoNotDependOnPiecesOrThreads) {
  const Script script = Group(2500);
  const auto whole = LinksOf(script, 2500, 1, 4096, GetParam());
  for (const auto& [threads, piece] : {std::pair{1, 173u}, std::pair{2, 500u}, std::pair{3, 64u}}) {
    const auto links = LinksOf(script, 2500, threads, piece, GetParam());
    ASSERT_EQ(links.size(), whole.size());
    for (size_t i = 0; i < links.size(); ++i) {
      ASSERT_TRUE(Same(links[i], whole[i])) << i << " with " << threads << " threads, " << piece;
    }
  }
}

TEST_P(LooksTest, AGrowingChatKeepsItsOldLinks) {
  const Script script = Group(1500);
  const auto earlier = LinksOf(script, 1000, 2, 256, GetParam());
  const auto later = LinksOf(script, 1500, 2, 256, GetParam());
  // What comes later may tell more of the last lines, and of no others.
  for (size_t i = 0; i + kSeenBehind < earlier.size(); ++i) {
    ASSERT_TRUE(Same(earlier[i], later[i])) << i;
  }
}

TEST(ChatLinker, ASecondLookChangesLinksAndNoMarks) {
  const Script script = Group(700);
  const auto once = LinksOf(script, 700, 1, 4096);
  const auto twice = LinksOf(script, 700, 1, 4096, MessengerLooks::kTwo);
  ASSERT_EQ(once.size(), twice.size());
  size_t other = 0;
  for (size_t i = 0; i < once.size(); ++i) {
    if (once[i].reason == LinkReason::kMarked) {
      EXPECT_TRUE(Same(once[i], twice[i])) << i;
    }
    other += once[i].probability != twice[i].probability;
  }
  EXPECT_GT(other, 300u);
}

}  // namespace
}  // namespace idiolect
