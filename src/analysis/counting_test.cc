// The formulas against figures worked out by hand, and the tables against plain maps.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "analysis/class_terms.h"
#include "analysis/log_odds.h"
#include "analysis/pair_counts.h"
#include "analysis/report_pages.h"
#include "analysis/word_table.h"

namespace idiolect {
namespace {

TEST(LogOdds, IsMonroesFormula) {
  // 30 of 1000 against 10 of 3000, prior 500 words: alpha = 500 * 40 / 4000 = 5.
  const LogOdds odds = WeightedLogOdds(30, 10, {1000, 3000, 500});
  const double delta = std::log(35.0 / (1500 - 35)) - std::log(15.0 / (3500 - 15));
  EXPECT_NEAR(odds.delta, delta, 1e-12);
  EXPECT_NEAR(odds.z, delta / std::sqrt(1 / 35.0 + 1 / 15.0), 1e-12);
  EXPECT_LT(WeightedLogOdds(0, 10, {1000, 3000, 500}).z, 0);
  EXPECT_EQ(WeightedLogOdds(0, 0, {1000, 3000, 500}).z, 0);
  // The same share says nothing.
  EXPECT_NEAR(WeightedLogOdds(10, 30, {1000, 3000, 500}).z, 0, 1e-9);
}

TEST(ClassTerms, WeighsByClass) {
  ClassTerms terms;
  terms.Add(0, 1, 4);
  terms.Add(0, 2, 4);
  terms.Add(1, 2, 12);
  const auto first = terms.Heaviest(0, 1);
  ASSERT_EQ(first.size(), 2u);
  // 20 terms in two classes: A = 10; f(1) = 4, f(2) = 16.
  EXPECT_EQ(first[0].term, 1u);
  EXPECT_NEAR(first[0].weight, 0.5 * std::log(1 + 10 / 4.0), 1e-12);
  EXPECT_NEAR(first[1].weight, 0.5 * std::log(1 + 10 / 16.0), 1e-12);
  EXPECT_TRUE(terms.Heaviest(0, 5).empty());
  EXPECT_TRUE(terms.Heaviest(7, 1).empty());
}

TEST(PairCounts, CountsAsAMapDoes) {
  PairCounts pairs;
  std::map<std::pair<uint32_t, uint32_t>, std::array<uint32_t, 2>> expected;
  std::mt19937 dice(7);
  for (int i = 0; i < 200'000; ++i) {
    const uint32_t a = dice() % 300, b = dice() % 300;
    const int corpus = static_cast<int>(dice() % 2);
    pairs.Add(a, b, corpus);
    ++expected[{a, b}][static_cast<size_t>(corpus)];
  }
  pairs.Finish();
  size_t met = 0;
  pairs.ForEach([&](const PairCounts::Pair& pair) {
    const auto& counts = expected.at({pair.first, pair.second});
    EXPECT_EQ(pair.counts[0], counts[0]);
    EXPECT_EQ(pair.counts[1], counts[1]);
    ++met;
  });
  EXPECT_EQ(met, expected.size());
  EXPECT_EQ(pairs.total(0) + pairs.total(1), 200'000u);
}

TEST(PairCounts, ForgetsOnlyWhatTheOthersSaidOnce) {
  PairCounts pairs(10'000);
  for (uint32_t i = 0; i < 100'000; ++i) {
    pairs.Add(i, 1, 1);
    if (i % 10 == 0) pairs.Add(i, 2, 0);
  }
  pairs.Finish();
  size_t own = 0;
  pairs.ForEach([&own](const PairCounts::Pair& pair) { own += pair.counts[0] > 0; });
  EXPECT_EQ(own, 10'000u);
}

TEST(StringTable, TellsWordsApart) {
  StringTable table;
  // One hash for all: only the bytes decide.
  for (uint32_t i = 0; i < 500; ++i) EXPECT_EQ(table.Intern(std::to_string(i), 42), i);
  for (uint32_t i = 0; i < 500; ++i) EXPECT_EQ(table.Intern(std::to_string(i), 42), i);
  EXPECT_EQ(table.Text(123), "123");
  EXPECT_EQ(table.Intern("", 1), 500u);
}

TEST(ShareRatio, HasAnInterval) {
  const ShareRatio ratio = RatioOfShares(40, 100, 20, 100);
  EXPECT_NEAR(ratio.ratio, 2, 1e-12);
  const double deviation = std::sqrt(1 / 40.0 - 1 / 100.0 + 1 / 20.0 - 1 / 100.0);
  EXPECT_NEAR(ratio.low, 2 * std::exp(-1.96 * deviation), 1e-12);
  EXPECT_TRUE(ratio.differs());
  EXPECT_FALSE(RatioOfShares(3, 100, 2, 100).differs());
  EXPECT_TRUE(std::isfinite(RatioOfShares(0, 100, 5, 100).ratio));
}

}  // namespace
}  // namespace idiolect
