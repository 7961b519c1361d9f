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

TEST(ReadBatches, GivesEverythingInOrder) {
  const auto conversations = Many();
  std::vector<MessageId> seen;
  size_t batches = 0;
  ASSERT_TRUE(ReadBatches(ReadMany(conversations), [&](const ConversationBatch& batch) {
    ++batches;
    for (const OwnedConversation& conversation : *batch) {
      seen.push_back(conversation.messages.at(0).id);
      EXPECT_EQ(conversation.view().text(conversation.messages[0]).size(), 20'000u);
    }
    return true;
  }));
  ASSERT_EQ(seen.size(), 300u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_GT(batches, 10u);
}

TEST(ReadBatches, StopsWhenNoMoreIsWanted) {
  const auto conversations = Many();
  int given = 0;
  EXPECT_FALSE(
      ReadBatches(ReadMany(conversations), [&](const ConversationBatch&) { return ++given < 3; }));
  EXPECT_EQ(given, 3);
}

TEST(ReadBatches, EndsWithTheReadersError) {
  const Status status = ReadBatches(
      [](const ConversationSink&) -> Status { return Fail(ErrorKind::kFailed, "unreadable"); },
      [](const ConversationBatch&) { return true; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "unreadable");
}

TEST(ConversationCache, HoldsAllOrNothing) {
  const auto conversations = Many();
  const auto batch = std::make_shared<const std::vector<OwnedConversation>>(
      1, OwnedConversation(conversations[0].view()));
  ConversationCache cache(100'000);
  for (int i = 0; i < 4; ++i) cache.Keep(batch);
  EXPECT_TRUE(cache.complete());
  EXPECT_EQ(cache.batches().size(), 4u);
  cache.Keep(batch);
  EXPECT_FALSE(cache.complete());
  EXPECT_TRUE(cache.batches().empty());
}

}  // namespace
}  // namespace idiolect
