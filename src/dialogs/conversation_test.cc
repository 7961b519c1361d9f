#include "dialogs/conversation.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "dialogs/conversation_fixture.h"

namespace idiolect {
namespace {

constexpr int64_t kMinute = 60, kHour = 3600;

// Numbers of the messages of each conversation, as "1 2 | 3".
std::string Shape(const std::vector<OwnedConversation>& conversations) {
  std::string shape;
  for (const OwnedConversation& conversation : conversations) {
    if (!shape.empty()) shape += " |";
    for (const Said& said : conversation.messages) {
      shape += (shape.empty() ? "" : " ") + std::to_string(SourceIdOfMessage(said.id));
    }
  }
  return shape;
}

TEST(ConversationCutter, EndsAConversationAtALongSilence) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "a");
  chat.Say(2, 10 * kMinute, "b");
  chat.Say(1, 10 * kMinute + 45 * kMinute, "c");  // just not longer than the gap
  chat.Say(2, 10 * kMinute + 91 * kMinute, "d");
  EXPECT_EQ(Shape(chat.Cut()), "1 2 3 | 4");
}

TEST(ConversationCutter, GivesTwoPeopleMoreTime) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(1, 0, "a");
  chat.Say(2, 3 * kHour, "b");
  chat.Say(1, 8 * kHour, "c");
  EXPECT_EQ(Shape(chat.Cut()), "1 2 | 3");
}

TEST(ConversationCutter, AMarkedReplyJoinsAcrossTheSilence) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "question");
  chat.Say(2, 5 * kHour, "something else");
  chat.Reply(3, 5 * kHour + kMinute, "answer", 1);
  chat.Say(1, 11 * kHour, "new");
  EXPECT_EQ(Shape(chat.Cut()), "1 2 3 | 4");
}

TEST(ConversationCutter, AReplyDaysLaterJoinsNothing) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "question");
  chat.Reply(2, 30 * kHour, "answer", 1);
  EXPECT_EQ(Shape(chat.Cut()), "1 | 2");
}

TEST(ConversationCutter, ServiceMessagesNeitherBreakNorBridgeASilence) {
  ChatScript chat(ChatKind::kGroup);
  chat.Say(1, 0, "a");
  chat.Say(2, 40 * kMinute, "").kind = MessageKind::kService;
  chat.Say(0, 0, "").kind = MessageKind::kUnsupported;
  chat.Say(1, 50 * kMinute, "b");
  const auto cut = chat.Cut();
  EXPECT_EQ(Shape(cut), "1 2 3 | 4");
}

TEST(ConversationCutter, CutsALongConversationAtItsLongestSilence) {
  ChatScript chat(ChatKind::kGroup);
  for (int i = 0; i < 25; ++i) chat.Say(1 + i % 2, i * 10 + (i >= 7 ? 300 : 0), "x");
  ConversationOptions options;
  options.max_messages = 10;
  const auto cut = chat.Cut(options);
  ASSERT_GE(cut.size(), 3u);
  EXPECT_EQ(cut[0].messages.size(), 7u);  // before the five minutes
  size_t messages = 0;
  for (const auto& conversation : cut) {
    EXPECT_LE(conversation.messages.size(), 10u);
    messages += conversation.messages.size();
  }
  EXPECT_EQ(messages, 25u);
}

TEST(ConversationCutter, KeepsEveryMessageOnceInOrderWithItsWords) {
  ChatScript chat(ChatKind::kGroup);
  Random random(5);
  int64_t at = 0;
  for (int i = 1; i <= 3000; ++i) {
    at += static_cast<int64_t>(random.Below(100) == 0 ? 4000 : random.Below(120));
    auto& message =
        chat.Say(1 + static_cast<PersonId>(random.Below(5)), at, "message " + std::to_string(i));
    if (i > 300 && random.Below(4) == 0) {
      message.reply_to = chat.IdOf(i - 1 - static_cast<int64_t>(random.Below(300)));
    }
    if (random.Below(20) == 0) message.kind = MessageKind::kService;
  }
  ConversationOptions options;
  options.max_messages = 50;
  int64_t number = 0;
  for (const OwnedConversation& owned : chat.Cut(options)) {
    EXPECT_LE(owned.messages.size(), 50u);
    const Conversation conversation = owned.view();
    for (const Said& said : conversation.messages) {
      EXPECT_EQ(SourceIdOfMessage(said.id), ++number);
      if (said.kind == MessageKind::kOrdinary) {
        EXPECT_EQ(conversation.text(said), "message " + std::to_string(number));
      }
      EXPECT_EQ(conversation.Find(said.id), static_cast<size_t>(&said - owned.messages.data()));
    }
    EXPECT_FALSE(conversation.Find(chat.IdOf(number + 1)));
  }
  EXPECT_EQ(number, 3000);
}

TEST(ConversationCutter, CarriesAStickersEmoji) {
  ChatScript chat(ChatKind::kGroup);
  auto& message = chat.Say(1, 0, "");
  message.media = MediaKind::kSticker;
  message.extra = "🙂";
  const auto cut = chat.Cut();
  const Conversation conversation = cut.at(0).view();
  EXPECT_EQ(conversation.text(conversation.messages[0]), "");
  EXPECT_EQ(conversation.sticker(conversation.messages[0]), "🙂");
}

TEST(ConversationCutter, StopsAtTheSinksError) {
  ChatScript script(ChatKind::kGroup);
  script.Say(1, 0, "a");
  ConversationCutter cutter(script.chat(), {}, [](const Conversation&) -> Status {
    return Fail(ErrorKind::kFailed, "no more");
  });
  ASSERT_TRUE(cutter.Add(script.messages()[0]));
  const Status status = cutter.Finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "no more");
}

}  // namespace
}  // namespace idiolect
