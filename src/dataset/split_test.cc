#include "dataset/split.h"

#include <gtest/gtest.h>

#include "dataset/leak_check.h"

namespace idiolect {
namespace {

// Conversations one after another with so many samples each, one message an answer.
Plan PlanOf(const std::vector<int>& samples) {
  Plan plan;
  MessageId message = 0;
  for (const int count : samples) {
    PlannedConversation conversation;
    conversation.begin = static_cast<int64_t>(plan.conversations.size());
    conversation.samples_begin = static_cast<uint32_t>(plan.samples.size());
    for (int i = 0; i < count; ++i) {
      PlannedSample sample;
      sample.conversation = static_cast<uint32_t>(plan.conversations.size());
      sample.answer_begin = static_cast<uint32_t>(plan.answer_messages.size());
      plan.answer_messages.push_back(message += 10);
      sample.answer_end = static_cast<uint32_t>(plan.answer_messages.size());
      sample.pair_hash = static_cast<uint64_t>(message);
      plan.samples.push_back(sample);
    }
    conversation.samples_end = static_cast<uint32_t>(plan.samples.size());
    plan.conversations.push_back(conversation);
  }
  return plan;
}

// One letter a conversation: t, v or T (test).
std::string Splits(const std::vector<int>& samples, BuildOptions options = {}) {
  Plan plan = PlanOf(samples);
  AssignSplits(options, &plan);
  std::string splits;
  for (const PlannedConversation& conversation : plan.conversations) {
    splits += "tvT"[static_cast<int>(conversation.split)];
    for (uint32_t i = conversation.samples_begin; i < conversation.samples_end; ++i) {
      EXPECT_EQ(plan.samples[i].split, conversation.split);
    }
  }
  return splits;
}

TEST(AssignSplits, TheNewestConversationsAreForTheTest) {
  EXPECT_EQ(Splits(std::vector<int>(20, 5)), "ttttttttttttttttvvTT");
}

TEST(AssignSplits, SharesAreOfSamples) {
  EXPECT_EQ(Splits({40, 40, 2, 2, 2, 4, 4, 6}), "ttvvvvTT");
}

TEST(AssignSplits, TinySetsStaySensible) {
  EXPECT_EQ(Splits({7}), "t");
  EXPECT_EQ(Splits({3, 3}), "tT");
  EXPECT_EQ(Splits({1, 1, 1}), "tvT");
  EXPECT_EQ(Splits({2, 50}), "tt");  // the newest is nearly all there is
}

TEST(AssignSplits, SharesOfZeroKeepEverythingForTraining) {
  BuildOptions options;
  options.test_share = options.valid_share = 0;
  EXPECT_EQ(Splits({1, 1, 1}, options), "ttt");
}

TEST(AssignSplits, OrderIsByTimeAcrossChats) {
  Plan plan = PlanOf({1, 1, 1});
  plan.conversations[0].begin = 100;  // the first chat's is the newest
  AssignSplits({}, &plan);
  EXPECT_EQ(plan.conversations[0].split, Split::kTest);
}

TEST(AssignSplits, DuplicatesDoNotCross) {
  Plan plan = PlanOf({5, 5, 5, 5, 5, 5, 5, 5, 5, 5});
  plan.samples[49].pair_hash = plan.samples[0].pair_hash;   // test, also in train
  plan.samples[48].pair_hash = plan.samples[41].pair_hash;  // test, also in valid
  plan.samples[1].pair_hash = plan.samples[2].pair_hash;    // both in train: stay
  AssignSplits({}, &plan);
  ASSERT_EQ(plan.samples[49].split, Split::kTest);
  ASSERT_EQ(plan.samples[41].split, Split::kValid);
  int dropped = 0;
  for (const PlannedSample& sample : plan.samples) dropped += sample.dropped;
  EXPECT_EQ(dropped, 2);
  EXPECT_TRUE(plan.samples[48].dropped && plan.samples[49].dropped);
  ASSERT_EQ(plan.rejects.size(), 2u);
  EXPECT_EQ(plan.rejects[1].message, plan.answer_messages[49]);
  EXPECT_EQ(plan.rejects[1].rule, static_cast<int>(RejectRule::kDuplicate));
}

class LeakCheckTest : public testing::Test {
 protected:
  LeakCheckTest() : plan_(PlanOf({1, 1, 1})) { AssignSplits({}, &plan_); }  // 10 t, 20 v, 30 T

  std::string Complaint(Split split, std::vector<MessageId> prompt, std::vector<MessageId> answer) {
    LeakCheck check;
    const Status status = check.Check(HeldOutAnswers(plan_), split, prompt, answer);
    return status ? "" : status.error().message;
  }
  Plan plan_;
};

TEST_F(LeakCheckTest, AHonestSamplePasses) {
  EXPECT_EQ(Complaint(Split::kTrain, {5, 6}, {10}), "");
  EXPECT_EQ(Complaint(Split::kTest, {10, 20}, {30}), "");
}

TEST_F(LeakCheckTest, EachKindOfLeakIsFound) {
  EXPECT_EQ(
      Complaint(Split::kTrain, {5, 10}, {10}),
      "checking the dataset for leaks: message 10 stands in its own prompt, or was said after "
      "it");
  EXPECT_EQ(Complaint(Split::kTrain, {20}, {25}),
            "checking the dataset for leaks: message 20 is asked later and stands in a prompt");
  EXPECT_EQ(Complaint(Split::kValid, {25, 30}, {35}),
            "checking the dataset for leaks: message 30 is asked later and stands in a prompt");
  EXPECT_EQ(Complaint(Split::kTrain, {5}, {30}),
            "checking the dataset for leaks: message 30 is trained on and tested on");
  EXPECT_NE(Complaint(Split::kTrain, {}, {10}), "");
}

TEST_F(LeakCheckTest, AMessageLearnedTwiceIsFound) {
  const HeldOutAnswers held_out(plan_);
  LeakCheck check;
  const std::vector<MessageId> prompt = {5}, answer = {10, 11}, again = {11};
  ASSERT_TRUE(check.Check(held_out, Split::kTrain, prompt, answer));
  const Status status = check.Check(held_out, Split::kTrain, prompt, again);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "checking the dataset for leaks: message 11 is learned twice");

  LeakCheck next;
  ASSERT_TRUE(next.Check(held_out, Split::kTrain, prompt, again));
  const Status joined = check.Join(std::move(next));
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().message, "checking the dataset for leaks: message 11 is learned twice");
}

}  // namespace
}  // namespace idiolect
