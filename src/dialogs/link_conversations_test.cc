#include "dialogs/link_conversations.h"

#include <gtest/gtest.h>

#include <vector>

namespace idiolect {
namespace {

// The line that `line` joins, its candidates newest first and itself last.
uint32_t Join(LinkConversations* conversations, uint32_t line, std::vector<uint32_t> candidates,
              std::vector<float> probabilities) {
  candidates.push_back(line);
  return conversations->Add(line, candidates, probabilities);
}

TEST(LinkConversations, TwoLinesOfOneTalkOutweighTheLikeliestLine) {
  LinkConversations conversations(1);
  EXPECT_EQ(Join(&conversations, 0, {}, {1}), 0u);
  EXPECT_EQ(Join(&conversations, 1, {0}, {0.2f, 0.8f}), 1u);
  EXPECT_EQ(Join(&conversations, 2, {1, 0}, {0.1f, 0.8f, 0.1f}), 0u);
  // 1 alone has 0.4; 0 and 2, which belong together, have 0.5.
  EXPECT_EQ(Join(&conversations, 3, {2, 1, 0}, {0.3f, 0.4f, 0.2f, 0.1f}), 2u);
  EXPECT_EQ(conversations.BeginOf(3), 0u);
  EXPECT_EQ(conversations.BeginOf(1), 1u);
}

TEST(LinkConversations, TheWeightOfAStartDecidesWhatIsOpen) {
  LinkConversations eager(2), shy(0.5);
  for (LinkConversations* one : {&eager, &shy}) EXPECT_EQ(Join(one, 7, {}, {1}), 7u);
  EXPECT_EQ(Join(&eager, 8, {7}, {0.6f, 0.4f}), 8u);
  EXPECT_EQ(Join(&shy, 8, {7}, {0.4f, 0.6f}), 7u);
}

TEST(LinkConversations, ALineWithoutCandidatesStandsAlone) {
  LinkConversations conversations(1);
  for (uint32_t line = 0; line < 1000; ++line) {
    // What was held of a line 256 back must not come up again.
    EXPECT_EQ(conversations.Add(line, {}, {}), line);
    EXPECT_EQ(conversations.BeginOf(line), line);
  }
}

}  // namespace
}  // namespace idiolect
