#include "dialogs/link_guesses.h"

#include <algorithm>
#include <bit>

namespace idiolect {
namespace {

constexpr uint8_t kLeastShare = 3;  // of 255: less is not remembered
constexpr uint32_t kOwnLines = 4;   // of the author's last lines, whether they answered the same

uint8_t ShareOf(float probability) {
  return static_cast<uint8_t>(255.0f * probability + 0.5f);
}
// Sums of shares: exactly to 255, by the same in 256 steps to 4 times as much.
uint8_t SumByte(uint32_t sum) {
  return static_cast<uint8_t>(std::min<uint32_t>(sum / 4, 255));
}
// How far a probability is behind another, in eighths of a power of two, about: floats' bits grow
// like a logarithm.
uint8_t Behind(float probability, float best) {
  const auto a = std::bit_cast<uint32_t>(best), b = std::bit_cast<uint32_t>(probability);
  return static_cast<uint8_t>(std::min<uint32_t>((a - std::min(a, b)) >> 20, 255));
}

class GuessExtractor {
 public:
  GuessExtractor(const LineWindow& window, const CandidateTable& candidates,
                 const LinkGuesses& guesses, FeatureBlocks* blocks)
      : window_(window),
        table_(candidates),
        guesses_(guesses),
        blocks_(*blocks),
        answered_(guesses.end() - guesses.begin(), 0),
        answered_later_(answered_.size(), 0),
        of_author_(window.authors()) {}

  void Lines(uint32_t begin, uint32_t end) {
    for (uint32_t j = guesses_.begin(); j < begin; ++j) AddTo(&answered_, j, 1);
    for (uint32_t j = begin; j < std::min(begin + kLookAhead, guesses_.end()); ++j) {
      AddTo(&answered_later_, j, 1);
    }
    for (uint32_t line = begin; line < end; ++line) {
      if (line + kLookAhead < guesses_.end()) AddTo(&answered_later_, line + kLookAhead, 1);
      AddTo(&answered_later_, line, -1);
      Line(line);
      AddTo(&answered_, line, 1);
    }
  }

 private:
  // A talk as the guesses join it, as far as it is seen from the line in hand.
  struct Thread {
    uint32_t newest = 0;
    uint16_t lines = 0, own = 0;
    uint32_t share = 0;  // of the line in hand: all its candidates there
  };
  // The line's candidates of one author; valid while the stamp is that of the line in hand.
  struct OfAuthor {
    uint32_t stamp = kNoLine, share = 0;
    float best = 0, second = 0;
  };

  void AddTo(std::vector<int32_t>* sums, uint32_t line, int32_t sign) {
    for (const LinkGuesses::Guess& guess : guesses_.of(line)) {
      if (guess.line == line || guess.line < guesses_.begin()) continue;
      (*sums)[guess.line - guesses_.begin()] += sign * guess.share;
    }
  }
  void Put(int feature, uint8_t value) {
    out_[static_cast<size_t>(feature) * FeatureBlocks::kLanes] = value;
  }
  uint32_t AuthorOf(uint32_t line) const { return window_.line(line).author; }

  // How much of a line's guesses is on lines of this author, itself aside.
  uint32_t OnAuthor(uint32_t line, uint32_t author) const {
    uint32_t sum = 0;
    for (const LinkGuesses::Guess& guess : guesses_.of(line)) {
      if (guess.line != line && AuthorOf(guess.line) == author) sum += guess.share;
    }
    return sum;
  }
  uint8_t ShareFor(uint32_t line, uint32_t answered) const {
    for (const LinkGuesses::Guess& guess : guesses_.of(line)) {
      if (guess.line == answered) return guess.share;
    }
    return 0;
  }

  void FindThreads(uint32_t line) {
    oldest_ = std::max(line > kWindow ? line - kWindow : 0, guesses_.begin());
    root_.resize(line - oldest_);
    depth_.resize(line - oldest_);
    place_.resize(line - oldest_);
    threads_.assign(line - oldest_, {});
    const uint32_t author = AuthorOf(line);
    for (uint32_t j = oldest_; j < line; ++j) {
      const uint32_t best = guesses_.best(j), at = j - oldest_;
      const bool begins = best == j || best < oldest_;
      root_[at] = static_cast<uint8_t>(begins ? at : root_[best - oldest_]);
      depth_[at] = static_cast<uint8_t>(begins ? 0 : depth_[best - oldest_] + 1);
      Thread& thread = threads_[root_[at]];
      thread.newest = j;
      place_[at] = thread.lines++;
      thread.own = static_cast<uint16_t>(thread.own + (AuthorOf(j) == author));
    }
  }

  // What the probabilities of the line's candidates are together, by talk and by author.
  void Gather(std::span<const uint32_t> candidates, std::span<const float> probabilities,
              uint32_t line) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (candidates[i] == line) continue;
      const uint8_t share = ShareOf(probabilities[i]);
      threads_[root_[candidates[i] - oldest_]].share += share;
      OfAuthor& of = of_author_[AuthorOf(candidates[i])];
      if (of.stamp != line) of = {line, 0, 0, 0};
      of.share += share;
      if (probabilities[i] > of.best) {
        of.second = of.best;
        of.best = probabilities[i];
      } else {
        of.second = std::max(of.second, probabilities[i]);
      }
    }
  }

  // How many lines of its talk follow a candidate, up to the line in hand or 63 lines on.
  uint32_t NewerInThread(uint32_t candidate, uint32_t line) const {
    constexpr uint32_t kFar = 64;
    const uint8_t root = root_[candidate - oldest_];
    if (line <= candidate + kFar) return threads_[root].lines - 1u - place_[candidate - oldest_];
    uint32_t newer = 0;
    for (uint32_t j = candidate + 1; j < candidate + kFar; ++j) newer += root_[j - oldest_] == root;
    return newer;
  }

  void Line(uint32_t line) {
    const auto candidates = table_.of(line);
    if (candidates.empty()) return;
    const auto probabilities = guesses_.probabilities(line);
    const uint32_t author = AuthorOf(line);
    FindThreads(line);
    Gather(candidates, probabilities, line);
    const size_t count = candidates.size();
    float best = 0;
    for (const float probability : probabilities) best = std::max(best, probability);

    // Who answers this line later.
    uint32_t line_answered = 0;
    later_.clear();
    const uint32_t last = std::min(line + kLookAhead, guesses_.end() - 1);
    for (uint32_t j = line + 1; j <= last; ++j) {
      if (const uint8_t share = ShareFor(j, line); share > 0) {
        line_answered += share;
        later_.push_back({AuthorOf(j), share});
      }
    }
    // What the author's lines around this one answer.
    const uint32_t own = window_[line].previous_own;
    const bool own_seen = own != kNoLine && own >= oldest_;
    const uint32_t next_own = window_[line].next_own;
    uint32_t lately[kOwnLines], own_lines = 0;
    for (uint32_t j = own; own_lines < kOwnLines && j != kNoLine && j >= oldest_;
         j = window_[j].previous_own) {
      lately[own_lines++] = j;
    }
    const uint8_t start = ShareOf(probabilities[count - 1]);

    for (size_t i = 0; i < count; ++i) {
      out_ = blocks_.lane(table_.begin(line) + i);
      const uint32_t candidate = candidates[i];
      const float probability = probabilities[i];
      uint32_t rank = 0;
      for (const float other : probabilities) rank += other > probability;
      const bool self = candidate == line;
      Put(kGuessShare, ShareOf(probability));
      Put(kGuessBehind, Behind(probability, best));
      Put(kGuessRank, static_cast<uint8_t>(rank));
      Put(kGuessStart, start);
      Put(kGuessBest, ShareOf(best));
      Put(kGuessLineAnswered, SumByte(line_answered));
      if (next_own != kNoLine) Put(kGuessNextOwnGoesOn, ShareFor(next_own, line));
      if (self) continue;

      const uint32_t other = AuthorOf(candidate);
      const uint8_t root = root_[candidate - oldest_];
      const Thread& thread = threads_[root];
      const OfAuthor& of = of_author_[other];
      Put(kGuessNewer, i > 0 ? ShareOf(probabilities[i - 1]) : 0);
      Put(kGuessOlder, i + 2 < count ? ShareOf(probabilities[i + 1]) : 0);
      Put(kGuessOfAuthor, static_cast<uint8_t>(std::min<uint32_t>(of.share, 255)));
      Put(kGuessBestOfAuthor, ShareOf(probability == of.best ? of.second : of.best));
      Put(kGuessOfThread, static_cast<uint8_t>(std::min<uint32_t>(thread.share, 255)));

      Put(kGuessCandidateStarts, ShareFor(candidate, candidate));
      Put(kGuessCandidateAnswersAuthor,
          static_cast<uint8_t>(std::min<uint32_t>(OnAuthor(candidate, author), 255)));
      const size_t at = candidate - guesses_.begin();
      Put(kGuessAnsweredBefore, SumByte(static_cast<uint32_t>(answered_[at])));
      Put(kGuessAnsweredLater, SumByte(static_cast<uint32_t>(answered_later_[at])));
      uint32_t by_own = 0;
      for (uint32_t n = 0; n < own_lines && lately[n] > candidate; ++n) {
        by_own += ShareFor(lately[n], candidate);
      }
      Put(kGuessAnsweredByOwn, SumByte(by_own));
      uint32_t answers_line = 0;
      for (const Later& later : later_) {
        if (later.author == other) answers_line += later.share;
      }
      Put(kGuessAnswersLine, SumByte(answers_line));
      if (own_seen) {
        Put(kGuessOwnAnsweredAuthor,
            static_cast<uint8_t>(std::min<uint32_t>(OnAuthor(own, other), 255)));
        Put(kGuessOwnThread, root_[own - oldest_] == root ? 2 : 1);
      }
      if (next_own != kNoLine) {
        Put(kGuessNextOwnAnswersAuthor,
            static_cast<uint8_t>(std::min<uint32_t>(OnAuthor(next_own, other), 255)));
        Put(kGuessNextOwnAnswers, ShareFor(next_own, candidate));
      }
      Put(kGuessThreadNewer, BucketCount(NewerInThread(candidate, line)));
      Put(kGuessThreadDistance, BucketCount(line - thread.newest));
      Put(kGuessThreadLines, BucketCount(thread.lines));
      Put(kGuessThreadOwn, BucketCount(thread.own));
      Put(kGuessThreadDepth, BucketCount(depth_[candidate - oldest_]));
    }
  }

  struct Later {
    uint32_t author = 0;
    uint8_t share = 0;
  };

  const LineWindow& window_;
  const CandidateTable& table_;
  const LinkGuesses& guesses_;
  FeatureBlocks& blocks_;
  // By line: the shares of those that answer it, before the line in hand and behind it.
  std::vector<int32_t> answered_, answered_later_;
  uint8_t* out_ = nullptr;
  // Of the line in hand, by distance from oldest_.
  uint32_t oldest_ = 0;
  std::vector<uint8_t> root_, depth_;
  std::vector<uint16_t> place_;  // in its talk
  std::vector<Thread> threads_;
  std::vector<OfAuthor> of_author_;
  std::vector<Later> later_;
};

}  // namespace

void LinkGuesses::Clear(uint32_t begin) {
  begin_ = begin;
  lines_.clear();
  guesses_.clear();
  probabilities_.clear();
}

void LinkGuesses::Add(std::span<const uint32_t> candidates, std::span<const float> own,
                      std::span<const float> likely, uint32_t marked) {
  Line line;
  line.best = end();
  line.guesses = static_cast<uint32_t>(guesses_.size());
  line.probabilities = static_cast<uint32_t>(probabilities_.size());
  probabilities_.insert(probabilities_.end(), own.begin(), own.end());
  if (marked != kNoLine) {
    guesses_.push_back({marked, 255});
    line.best = marked;
  } else {
    float best = 0;
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (likely[i] > best) {
        best = likely[i];
        line.best = candidates[i];
      }
      const uint8_t share = ShareOf(likely[i]);
      if (share >= kLeastShare) guesses_.push_back({candidates[i], share});
    }
  }
  line.guesses_end = static_cast<uint32_t>(guesses_.size());
  line.probabilities_end = static_cast<uint32_t>(probabilities_.size());
  lines_.push_back(line);
}

void ComputeGuessFeatures(const LineWindow& window, const CandidateTable& candidates,
                          const LinkGuesses& guesses, uint32_t begin, uint32_t end,
                          FeatureBlocks* blocks) {
  GuessExtractor(window, candidates, guesses, blocks).Lines(begin, end);
}

}  // namespace idiolect
