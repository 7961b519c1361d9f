#include "dialogs/link_guesses.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

// Six lines of three people; each may answer every line before it.
class GuessesTest : public testing::Test {
 protected:
  GuessesTest() : finder_(MakePersonFinder({"", "A", "B", "C"})), window_(words_, *finder_) {
    const uint32_t authors[] = {1, 2, 1, 3, 2, 1};
    for (uint32_t i = 0; i < 6; ++i) {
      ChatLine line;
      line.time = 60 * i;
      line.author = authors[i];
      line.text = "x";
      lines_.push_back(line);
    }
    window_.Read(lines_);
    candidates_.Clear(0);
    for (uint32_t i = 0; i < 6; ++i) {
      for (uint32_t k = i + 1; k-- > 0;) {
        if (k != i) candidates_.lines().push_back(k);
      }
      candidates_.lines().push_back(i);
      candidates_.EndLine();
    }
    guesses_.Clear(0);
  }

  // Every line so far answers `answered` with 0.8; the rest is even.
  void Guess(uint32_t answered, uint32_t marked = kNoLine) {
    const auto of = candidates_.of(guesses_.end());
    std::vector<float> shares(of.size(),
                              0.2f / static_cast<float>(std::max<size_t>(of.size() - 1, 1)));
    for (size_t i = 0; i < of.size(); ++i) {
      if (of[i] == answered) shares[i] = of.size() == 1 ? 1.0f : 0.8f;
    }
    guesses_.Add(of, shares, shares, marked);
  }

  int At(uint32_t line, uint32_t candidate, int feature) const {
    const auto of = candidates_.of(line);
    for (size_t i = 0; i < of.size(); ++i) {
      if (of[i] == candidate) return blocks_.at(candidates_.begin(line) + i, feature);
    }
    return -1;
  }
  void Compute() {
    blocks_.Resize(candidates_.size());
    ComputeGuessFeatures(window_, candidates_, guesses_, 0, 6, &blocks_);
  }

  WordTable words_{""};
  std::unique_ptr<NameFinder> finder_;
  std::vector<ChatLine> lines_;
  LineWindow window_;
  CandidateTable candidates_;
  LinkGuesses guesses_;
  FeatureBlocks blocks_;
};

TEST_F(GuessesTest, TellTheTalkAndWhoAnsweredWhat) {
  // 0 <- 1 <- 2, 3 starts another talk, 4 answers 3, 5 answers 2.
  for (const uint32_t answered : {0u, 0u, 1u, 3u, 3u, 2u}) Guess(answered);
  Compute();
  EXPECT_EQ(At(5, 2, kGuessShare), 204);
  EXPECT_EQ(At(5, 2, kGuessRank), 0);
  EXPECT_EQ(At(5, 2, kGuessBehind), 0);
  EXPECT_GT(At(5, 4, kGuessBehind), 8);
  // The talk of 0, 1 and 2 has the mass of all three; that of 3 and 4 the rest.
  EXPECT_EQ(At(5, 0, kGuessOfThread), 204 + 10 + 10);
  EXPECT_EQ(At(5, 4, kGuessOfThread), 10 + 10);
  EXPECT_EQ(At(5, 1, kGuessThreadLines), 3);
  EXPECT_EQ(At(5, 1, kGuessThreadNewer), 1);
  EXPECT_EQ(At(5, 1, kGuessThreadOwn), 2);
  EXPECT_EQ(At(5, 1, kGuessThreadDepth), 1);
  EXPECT_EQ(At(5, 3, kGuessCandidateStarts), 204);
  EXPECT_EQ(At(5, 1, kGuessCandidateAnswersAuthor), 204);
  // The author's own line before was 2, an answer to the person of 1.
  EXPECT_EQ(At(5, 4, kGuessOwnAnsweredAuthor), 204);
  EXPECT_EQ(At(5, 1, kGuessOwnThread), 2);
  EXPECT_EQ(At(5, 3, kGuessOwnThread), 1);
}

TEST_F(GuessesTest, AnAnswerBeforeIsKeptApartFromOneBehind) {
  for (const uint32_t answered : {0u, 0u, 0u, 0u, 4u, 4u}) Guess(answered);
  Compute();
  // 1 answered 0 before 2 did, 3 does behind it; 4 and 5 leave little for it.
  EXPECT_EQ(At(2, 0, kGuessAnsweredBefore), 204 / 4);
  EXPECT_EQ(At(2, 0, kGuessAnsweredLater), (204 + 13 + 10) / 4);
  EXPECT_EQ(At(4, 4, kGuessLineAnswered), 204 / 4);
}

TEST_F(GuessesTest, AMarkIsWhatOthersSeeAndNotTheLineItself) {
  Guess(0);
  Guess(0);
  Guess(1, /*marked=*/0);
  for (int i = 0; i < 3; ++i) Guess(0);
  Compute();
  EXPECT_EQ(At(2, 1, kGuessShare), 204);
  EXPECT_EQ(At(3, 2, kGuessThreadDepth), 1);
  EXPECT_EQ(At(3, 0, kGuessAnsweredBefore), (204 + 255) / 4);
}

}  // namespace
}  // namespace idiolect
