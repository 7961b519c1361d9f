#include "dataset/conversation_pass.h"

#include <gtest/gtest.h>

#include "dialogs/conversation_fixture.h"

namespace idiolect {
namespace {

// Conversations of one message, so long that batches fill up.
ConversationReader ReadMany(const std::vector<OwnedConversation>& conversations) {
  return [&conversations](const ConversationSink& sink) -> Status {
    for (const OwnedConversation& conversation : conversations) {
      RETURN_IF_ERROR(sink(conversation.view()));
    }
    return {};
  };
}

std::vector<OwnedConversation> Many() {
  ChatScript chat(ChatKind::kGroup);
  for (int i = 0; i < 300; ++i) chat.Say(1, i * 100'000, std::string(20'000, 'x'));
  return chat.Cut();
}

TEST(PassOver, GivesEverythingInOrder) {
  const auto conversations = Many();
  std::vector<MessageId> seen;
  ASSERT_TRUE(PassOver(ReadMany(conversations), [&](OwnedConversation&& conversation) -> Status {
    seen.push_back(conversation.messages.at(0).id);
    EXPECT_EQ(conversation.view().text(conversation.messages[0]).size(), 20'000u);
    return {};
  }));
  ASSERT_EQ(seen.size(), 300u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(PassOver, EndsWithTheWorkersError) {
  const auto conversations = Many();
  int worked = 0;
  const Status status = PassOver(ReadMany(conversations), [&](OwnedConversation&&) -> Status {
    if (++worked == 20) return Fail(ErrorKind::kBadInput, "bad");
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "bad");
  EXPECT_EQ(worked, 20);
}

TEST(PassOver, EndsWithTheReadersError) {
  const Status status = PassOver(
      [](const ConversationSink&) -> Status { return Fail(ErrorKind::kFailed, "unreadable"); },
      [](OwnedConversation&&) -> Status { return {}; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "unreadable");
}

TEST(ConversationCache, HoldsAllOrNothing) {
  auto conversations = Many();
  ConversationCache cache(100'000);
  for (int i = 0; i < 4; ++i) cache.Keep(OwnedConversation(conversations[0].view()));
  EXPECT_TRUE(cache.complete());
  EXPECT_EQ(cache.conversations().size(), 4u);
  cache.Keep(OwnedConversation(conversations[0].view()));
  EXPECT_FALSE(cache.complete());
  EXPECT_TRUE(cache.conversations().empty());
}

}  // namespace
}  // namespace idiolect
