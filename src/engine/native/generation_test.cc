// Choosing tokens, and turning their bytes into text.

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <map>

#include "engine/native/sampler.h"
#include "engine/native/text_stream.h"
#include "engine/native/thread_pool.h"

namespace idiolect::native {
namespace {

GenerateOptions Plain() {
  GenerateOptions options;
  options.temperature = 1;
  options.top_p = 1;
  options.min_p = 0;
  options.repetition_penalty = 1;
  return options;
}

std::map<int32_t, int> Draw(const GenerateOptions& options, const std::vector<float>& logits,
                            const std::vector<int32_t>& history = {}) {
  Sampler sampler(options);
  std::map<int32_t, int> counts;
  for (int i = 0; i < 20000; ++i) {
    std::vector<float> copy = logits;
    ++counts[sampler.Choose(copy, history)];
  }
  return counts;
}

TEST(Sampler, FollowsTheDistribution) {
  // Probabilities 0.5, 0.25, 0.125, 0.125.
  const std::vector<float> logits = {3.0f, 2.3068528f, 1.6137056f, 1.6137056f};
  auto counts = Draw(Plain(), logits);
  EXPECT_NEAR(counts[0], 10000, 400);
  EXPECT_NEAR(counts[1], 5000, 300);
  EXPECT_NEAR(counts[3], 2500, 250);
}

TEST(Sampler, TemperatureTopPAndMinPLeaveOut) {
  const std::vector<float> logits = {3.0f, 2.3068528f, 1.6137056f, 1.6137056f};
  GenerateOptions options = Plain();
  options.temperature = 0;
  EXPECT_EQ(Draw(options, logits).size(), 1u);
  options = Plain();
  options.top_p = 0.6;
  EXPECT_EQ(Draw(options, logits).size(), 2u);
  options = Plain();
  options.min_p = 0.3;
  EXPECT_EQ(Draw(options, logits).size(), 2u);
  // A lower temperature sharpens: 0.5² : 0.25² : 0.125² twice.
  options = Plain();
  options.temperature = 0.5;
  EXPECT_NEAR(Draw(options, logits)[0], 20000 * 0.25 / 0.34375, 400);
}

TEST(Sampler, TopKAndTypicalLeaveOut) {
  const std::vector<float> logits = {3.0f, 2.3068528f, 1.6137056f, 1.6137056f};
  GenerateOptions options = Plain();
  options.top_k = 3;
  auto counts = Draw(options, logits);
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_NEAR(counts[0], 20000 * 0.5 / 0.875, 400);
  // The entropy is 1.75 bits: a surprise of 2 bits is nearest, then 1 bit (0.75 away), then 3.
  options = Plain();
  options.typical_p = 0.2;
  EXPECT_EQ(Draw(options, logits).begin()->first, 1);
  EXPECT_EQ(Draw(options, logits).size(), 1u);
  options.typical_p = 0.7;
  counts = Draw(options, logits);
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_NEAR(counts[0], 20000 * 2 / 3.0, 400);
}

TEST(Sampler, PenaltiesCountTheAnswerOnly) {
  GenerateOptions options = Plain();
  options.temperature = 0;
  std::vector<float> logits = {3.0f, 2.5f, 2.0f};
  const std::vector<int32_t> history = {1, 1, 1, 0, 0, 2};
  auto chosen = [&](double presence, double frequency, size_t answer) {
    options.presence_penalty = presence;
    options.frequency_penalty = frequency;
    std::vector<float> copy = logits;
    return Sampler(options).Choose(copy, history, answer);
  };
  EXPECT_EQ(chosen(0.4, 0, 3), 0);
  EXPECT_EQ(chosen(0.6, 0, 3), 1);
  EXPECT_EQ(chosen(0, 0.3, 3), 1);
  EXPECT_EQ(chosen(0, 0.3, 4), 0);   // once only
  EXPECT_EQ(chosen(0, 0.3, 0), 0);   // token 1 three times
  EXPECT_EQ(chosen(-1.5, 0, 5), 2);  // a negative one encourages
}

TEST(Sampler, WhatIsImpossibleIsNeverChosen) {
  const float never = -std::numeric_limits<float>::infinity();
  GenerateOptions options = Plain();
  EXPECT_EQ(Draw(options, {never, 1.0f, never}).begin()->first, 1);
  EXPECT_EQ(Draw(options, {never, never}).begin()->first, -1);
}

TEST(Sampler, RepetitionCostsInsideTheWindowOnly) {
  GenerateOptions options = Plain();
  options.temperature = 0;
  options.repetition_penalty = 2;
  options.repetition_window = 2;
  const std::vector<float> logits = {3.0f, 2.0f, -1.0f};
  EXPECT_EQ(Draw(options, logits, {2, 2, 0}).begin()->first, 1);
  EXPECT_EQ(Draw(options, logits, {0, 2, 2}).begin()->first, 0);
}

TEST(Sampler, TheSeedDecides) {
  const std::vector<float> logits = {1.0f, 1.0f, 1.0f, 1.0f};
  GenerateOptions options = Plain();
  auto sequence = [&](uint64_t seed) {
    options.seed = seed;
    Sampler sampler(options);
    std::vector<int32_t> ids;
    for (int i = 0; i < 30; ++i) {
      std::vector<float> copy = logits;
      ids.push_back(sampler.Choose(copy, ids));
    }
    return ids;
  };
  EXPECT_EQ(sequence(1), sequence(1));
  EXPECT_NE(sequence(1), sequence(2));
}

TEST(TextStream, ShowsWholeCodePoints) {
  TextStream stream({});
  EXPECT_EQ(stream.Add("a\xD0"), "a");
  EXPECT_EQ(stream.Add("\xB6"), "ж");
  EXPECT_EQ(stream.Add("\xF0\x9F"), "");
  EXPECT_EQ(stream.Add("\x98\x80!"), "😀!");
  EXPECT_EQ(stream.Add("\xE2\x82"), "");
  EXPECT_EQ(stream.Finish().substr(0, 3), "\xEF\xBF\xBD");
}

TEST(TextStream, StopsBeforeAStopString) {
  TextStream stream({"User:", "\n\n"});
  EXPECT_EQ(stream.Add("hello\n"), "hello");
  EXPECT_EQ(stream.Add("Us"), "\n");
  EXPECT_EQ(stream.Add("ually "), "Usually ");
  EXPECT_EQ(stream.Add("so. User"), "so. ");
  EXPECT_EQ(stream.Add(": next"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.Finish(), "");
  EXPECT_EQ(stream.text(), "hello\nUsually so. ");
}

TEST(TextStream, WhatWasHeldBackComesAtTheEnd) {
  TextStream stream({"<end>"});
  EXPECT_EQ(stream.Add("yes <en"), "yes ");
  EXPECT_FALSE(stream.stopped());
  EXPECT_EQ(stream.Finish(), "<en");
}

TEST(ThreadPool, RunsEveryItemOnceAlsoInsideAnother) {
  ThreadPool pool(4);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(round % 37));
    pool.For(static_cast<int64_t>(seen.size()),
             [&](int64_t i) { pool.For(3, [&](int64_t) { ++seen[static_cast<size_t>(i)]; }); });
    for (const auto& count : seen) ASSERT_EQ(count, 3);
  }
}

TEST(ThreadPool, TwoCallersDoNotMix) {
  ThreadPool pool(3);
  auto work = [&] {
    for (int round = 0; round < 2000; ++round) {
      std::atomic<int64_t> sum{0};
      pool.For(20, [&](int64_t i) { sum += i; });
      ASSERT_EQ(sum, 190);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

}  // namespace
}  // namespace idiolect::native
