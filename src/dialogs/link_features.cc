#include "dialogs/link_features.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

namespace idiolect {
namespace {

constexpr uint32_t kScanned = 100;  // lines before that are counted over

// The words that two lines share.
struct Overlap {
  uint32_t weight = 0, square = 0;
  uint8_t rarest = 0, count = 0;
};

uint8_t Byte(uint32_t value) {
  return static_cast<uint8_t>(std::min<uint32_t>(value, 255));
}

// What was counted over the lines between a candidate and the line.
struct Between {
  uint16_t own = 0, people = 0, rank = 0, naming_author = 0, naming_candidate = 0;
  uint16_t turns = 0, questions = 0;  // of others
  uint8_t naming_rank = 0;
};

// By author, valid while the stamp is that of the line in hand.
struct AuthorCount {
  uint32_t stamp = kNoLine;
  uint16_t lines = 0, named = 0;
  uint16_t names_author = 0, named_by_author = 0;
  uint16_t after_author = 0, before_author = 0;  // neighbouring lines, the line's author's
  uint32_t newest = kNoLine;
  uint32_t next = kNoLine;  // behind the line
};

class Extractor {
 public:
  Extractor(const LineWindow& window, const CandidateTable& candidates, Marks marks,
            FeatureBlocks* blocks)
      : window_(window),
        table_(candidates),
        marks_(marks),
        blocks_(*blocks),
        counts_(window.authors()) {
    kept_.fill(kNoLine);
    if (marks == Marks::kShown) marked_by_.assign(window.size(), 0);
  }

  void Line(uint32_t line) {
    const auto candidates = table_.of(line);
    if (candidates.empty()) return;
    line_ = line;
    if (marks_ == Marks::kShown) CountMarks();
    Scan(candidates);
    LookAhead();
    Overlaps(candidates);
    LineFeatures();
    FillShared(table_.begin(line), candidates.size());
    for (size_t i = 0; i < candidates.size(); ++i) {
      out_ = blocks_.lane(table_.begin(line) + i);
      if (candidates[i] == line_) {
        Put(kIsSelf, 1);
      } else {
        Candidate(i, candidates[i]);
      }
    }
  }

 private:
  void Put(int feature, uint8_t value) {
    out_[static_cast<size_t>(feature) * FeatureBlocks::kLanes] = value;
  }
  // Whether a line is near enough to be remembered; kNoLine is not.
  bool Seen(uint32_t earlier) const { return earlier != kNoLine && earlier + kWindow >= line_; }
  AuthorCount& CountOf(uint32_t author) {
    AuthorCount& count = counts_[author];
    if (count.stamp != line_) {
      count = {};
      count.stamp = line_;
    }
    return count;
  }

  // What the line's candidates have in common, for all of them at once.
  void FillShared(size_t begin, size_t count) {
    for (size_t at = begin; at < begin + count;) {
      const size_t lanes =
          std::min(begin + count - at, FeatureBlocks::kLanes - at % FeatureBlocks::kLanes);
      uint8_t* const lane = blocks_.lane(at);
      for (size_t f = 0; f < kLinkFeatures; ++f) {
        if (shared_[f] != 0) std::memset(lane + f * FeatureBlocks::kLanes, shared_[f], lanes);
      }
      at += lanes;
    }
  }

  // Who spoke in the lines behind: by author the next one, and whose mark points at the line.
  void LookAhead() {
    answering_.clear();
    const uint32_t end = std::min(window_.size(), line_ + 1 + kLookAhead);
    for (uint32_t i = line_ + 1; i < end; ++i) {
      const ChatLine& later = window_.line(i);
      if (!later.spoken) continue;
      AuthorCount& count = CountOf(later.author);
      if (count.next == kNoLine) count.next = i;
      if (later.marked == line_) answering_.push_back(later.author);
    }
  }

  // Marks of the lines before the one in hand; later ones are not seen.
  void CountMarks() {
    for (; counted_ < line_; ++counted_) {
      const uint32_t target = window_.line(counted_).marked;
      if (target != kNoLine && marked_by_[target] < 255) ++marked_by_[target];
    }
  }

  // One walk back over the lines before, counting; at each candidate what is counted so far is
  // kept.
  void Scan(std::span<const uint32_t> candidates) {
    between_.assign(candidates.size(), {});
    const ChatLine& said = window_.line(line_);
    last_naming_ = last_own_naming_ = last_own_named_ = kNoLine;
    people_since_own_ = 0;
    own_lines_ = 0;
    uint16_t own = 0, people = 0, naming_author = 0, turns = 0, questions = 0;
    uint32_t later_author = said.author;  // of the spoken line behind
    size_t next = 0;
    const uint32_t oldest = line_ > kWindow ? line_ - kWindow : 0;
    const uint32_t deepest = candidates.size() > 1 ? candidates[candidates.size() - 2] : line_;
    for (uint32_t i = line_; i-- > oldest;) {
      if (line_ - i > kScanned && i < deepest) break;
      const ChatLine& earlier = window_.line(i);
      if (!earlier.spoken) continue;
      AuthorCount& count = CountOf(earlier.author);
      if (next < candidates.size() && candidates[next] == i) {
        Between& kept = between_[next];
        kept.own = own;
        kept.people = people;
        kept.rank = count.lines;
        kept.naming_author = naming_author;
        kept.naming_candidate = count.named;
        kept.turns = turns;
        kept.questions = questions;
        kept.naming_rank = static_cast<uint8_t>(std::min<int>(naming_author, 255));
        ++next;
      }
      if (earlier.author != later_author) {
        if (earlier.author == said.author) ++CountOf(later_author).after_author;
        if (later_author == said.author && i + 1 != line_) ++count.before_author;
        if (earlier.author != said.author) ++turns;
        later_author = earlier.author;
      }
      if (earlier.author != said.author && (window_[i].cues & kAsks) != 0) ++questions;
      if (count.lines == 0) {
        count.newest = i;
        if (earlier.author != said.author) ++people;
      }
      ++count.lines;
      if (earlier.author == said.author) {
        if (own == 0) people_since_own_ = people;
        ++own;
        if (line_ - i <= kScanned) ++own_lines_;
      }
      for (const Naming& naming : window_.namings(i)) {
        if (naming.author == said.author) {
          if (naming_author == 0) last_naming_ = i;
          ++naming_author;
          ++count.names_author;
        } else {
          AuthorCount& named = CountOf(naming.author);
          ++named.named;
          if (earlier.author == said.author) {
            ++named.named_by_author;
            if (last_own_naming_ == kNoLine) {
              last_own_naming_ = i;
              last_own_named_ = naming.author;
            }
          }
        }
      }
    }
    if (own == 0) people_since_own_ = people;
  }

  // What the line shares with each of those before it.
  void Overlaps(std::span<const uint32_t> candidates) {
    overlaps_.fill({});
    window_.ForEachSharing(line_, line_ > kWindow ? line_ - kWindow : 0,
                           [this](uint32_t earlier, const WordWeight& word) {
                             Overlap& overlap = overlaps_[line_ - earlier];
                             overlap.weight += word.weight;
                             overlap.square += uint32_t{word.weight} * word.weight;
                             overlap.rarest = std::max(overlap.rarest, word.weight);
                             ++overlap.count;
                           });
    best_overlap_ = 0;
    for (const uint32_t candidate : candidates) {
      best_overlap_ = std::max(best_overlap_, overlaps_[line_ - candidate].weight);
    }
  }

  // Of the words that two lines share, both the line in hand or not more than kWindow before it.
  uint32_t SharedWeight(uint32_t a, uint32_t b) {
    const auto [earlier, later] = std::minmax(a, b);
    return WeightsOf(later)[later - earlier];
  }
  const std::array<uint16_t, kWindow + 1>& WeightsOf(uint32_t line) {
    Weights& weights = weights_[line % kKept];
    if (std::exchange(kept_[line % kKept], line) == line) return weights;
    weights.fill(0);
    window_.ForEachSharing(line, line > kWindow ? line - kWindow : 0,
                           [&](uint32_t earlier, const WordWeight& word) {
                             uint16_t& sum = weights[line - earlier];
                             sum = static_cast<uint16_t>(sum + word.weight);
                           });
    return weights;
  }

  // What depends on the line alone.
  void LineFeatures() {
    std::memset(shared_, 0, sizeof shared_);
    const ChatLine& said = window_.line(line_);
    const WindowLine& facts = window_[line_];
    const auto set = [this](int feature, uint8_t value) { shared_[feature] = value; };
    if (line_ > 0) set(kGapBeforeLine, BucketSeconds(said.time - window_.line(line_ - 1).time));
    set(kBurstOfLine, facts.burst_before);
    if (line_ + 1 < window_.size()) {
      set(kNextLineSeconds, BucketSeconds(window_.line(line_ + 1).time - said.time));
    }
    const uint32_t own = facts.previous_own;
    if (own == kNoLine) {
      set(kFirstOfAuthor, 1);
      set(kOwnDistance, 255);
      set(kOwnSpokenDistance, 255);
      set(kOwnSeconds, 255);
    } else {
      set(kOwnDistance, BucketCount(line_ - own));
      set(kOwnSpokenDistance, BucketCount(facts.chat_number - window_[own].chat_number));
      set(kOwnSeconds, BucketSeconds(said.time - window_.line(own).time));
      set(kOwnAsked, (window_[own].cues & kAsks) != 0);
      set(kOwnNamed, !window_.namings(own).empty());
    }
    set(kLinesOfAuthor, BucketCount(own_lines_));
    set(kPeopleSinceOwn, BucketCount(people_since_own_));

    uint8_t anyone = 0;
    uint32_t named_line = kNoLine;
    for (const Naming& naming : window_.namings(line_)) {
      if (naming.strength > anyone) {
        anyone = naming.strength;
        named_line = CountOf(naming.author).newest;
      }
    }
    set(kNamesAnyone, anyone);
    set(kNamedDistance, anyone == 0             ? 0
                        : named_line == kNoLine ? 255
                                                : BucketCount(line_ - named_line));
    set(kNamesUnknown, anyone == 0 && (facts.cues & kAddresses) != 0);
    set(kNamingDistance, last_naming_ == kNoLine ? 255 : BucketCount(line_ - last_naming_));
    set(kNamedAfterOwn, last_naming_ != kNoLine && (own == kNoLine || last_naming_ > own));
    set(kLastNamedDistance,
        last_own_naming_ == kNoLine ? 255 : BucketCount(line_ - last_own_naming_));

    if (facts.next_own == kNoLine) {
      set(kNextOwnDistance, 255);
      set(kNextOwnSeconds, 255);
    } else {
      set(kNextOwnDistance, BucketCount(facts.next_own - line_));
      set(kNextOwnSeconds, BucketSeconds(window_.line(facts.next_own).time - said.time));
    }
    set(kWordsOfLine, facts.count);
    set(kLettersOfLine, facts.letters);
    set(kMediaOfLine, static_cast<uint8_t>(said.media));
    set(kForwardedLine, (said.flags & kForwarded) != 0);
    for (int cue = 0; cue < kLineCues; ++cue) set(kLineCue0 + cue, (facts.cues >> cue) & 1);
  }

  void Candidate(size_t number, uint32_t candidate) {
    const ChatLine& said = window_.line(line_);
    const ChatLine& earlier = window_.line(candidate);
    const WindowLine& facts = window_[candidate];
    const Between& between = between_[number];
    const bool same = earlier.author == said.author;
    AuthorCount& count = CountOf(earlier.author);

    Put(kLinesBetween, BucketCount(line_ - candidate));
    Put(kSpokenBetween, BucketCount(window_[line_].chat_number - facts.chat_number));
    Put(kSecondsBetween, BucketSeconds(said.time - earlier.time));
    Put(kOthersLinesBetween,
        BucketCount(window_[line_].chat_number - facts.chat_number - 1 - between.own));
    Put(kPeopleBetween, BucketCount(between.people));
    Put(kGapBeforeCandidate,
        candidate > 0 ? BucketSeconds(earlier.time - window_.line(candidate - 1).time) : 255);
    Put(kGapBehindCandidate, BucketSeconds(window_.line(candidate + 1).time - earlier.time));
    Put(kBurstBeforeCandidate, facts.burst_before);
    Put(kBurstBehindCandidate, facts.burst_after);
    Put(kIsPrevious, number == 0);
    Put(kIsPreviousOfOther, !same && between.people == 0 && between.rank == 0);

    Put(kOwnLinesSince, BucketCount(between.own));
    Put(kIsPreviousOwn, candidate == window_[line_].previous_own);
    Put(kRankOfAuthor, BucketCount(between.rank));
    Put(kSameAuthor, same);
    if (window_[line_].previous_own != kNoLine) {
      Put(kOwnNamedCandidate, window_.NamingOf(window_[line_].previous_own, earlier.author));
    }
    Put(kLinesOfCandidate, BucketCount(count.lines));
    const uint32_t before = facts.previous_own, after = facts.next_own;
    Put(kBeforeCandidateDistance, Seen(before) ? BucketCount(candidate - before) : 255);
    if (Seen(before)) Put(kBeforeCandidateNames, window_.NamingOf(before, said.author));
    Put(kAfterCandidateDistance, after == kNoLine ? 255 : BucketCount(after - candidate));
    if (after != kNoLine && after != line_) {
      Put(kAfterCandidateNames, window_.NamingOf(after, said.author));
    }
    NameFeatures(candidate, between, count);
    LaterFeatures(candidate);
    WordFeatures(candidate);

    Put(kMediaOfCandidate, static_cast<uint8_t>(earlier.media));
    Put(kForwardedCandidate, (earlier.flags & kForwarded) != 0);
    uint32_t cues = facts.cues;
    uint32_t letters = facts.letters;
    uint8_t longest = 0;
    for (uint32_t i = candidate; window_[i].burst_before > 0 && candidate - i < 4;) {
      cues |= window_[--i].cues;
      letters += window_[i].letters;
      longest = std::max(longest, window_[i].letters);
    }
    for (uint32_t i = candidate;
         window_[i].burst_after > 0 && i - candidate < 4 && i + 1 < line_;) {
      cues |= window_[++i].cues;
      letters += window_[i].letters;
      longest = std::max(longest, window_[i].letters);
    }
    Put(kCandidateBurstAsks, (cues & kAsks) != 0);
    Put(kLettersOfBurst, Byte(letters));
    Put(kIsLongestOfBurst, longest == 0 ? 2 : facts.letters >= longest);
    Put(kTurnsBetween, BucketCount(between.turns));
    Put(kQuestionsBetween, BucketCount(between.questions));
    Put(kIsLastQuestion, between.questions == 0 && (facts.cues & kAsks) != 0);
    Put(kTimesAfterCandidate, BucketCount(count.before_author));
    Put(kTimesBeforeCandidate, BucketCount(count.after_author));
    if (marks_ == Marks::kShown) MarkFeatures(candidate);
    for (uint32_t bits = facts.cues; bits != 0; bits &= bits - 1) {
      Put(kCandidateCue0 + std::countr_zero(bits), 1);
    }
  }

  void NameFeatures(uint32_t candidate, const Between& between, const AuthorCount& count) {
    const ChatLine& said = window_.line(line_);
    const ChatLine& earlier = window_.line(candidate);
    uint8_t names = 0, others = 0, third = 0, back = 0, back_others = 0;
    for (const Naming& naming : window_.namings(line_)) {
      if (naming.author == earlier.author) {
        names = naming.strength;
      } else {
        others = std::max(others, naming.strength);
        if (window_.NamingOf(candidate, naming.author) > 0) third = 1;
      }
    }
    for (const Naming& naming : window_.namings(candidate)) {
      if (naming.author == said.author) {
        back = naming.strength;
      } else {
        back_others = std::max(back_others, naming.strength);
      }
    }
    Put(kNamesCandidate, names);
    Put(kCandidateNames, back);
    Put(kNamesOther, others);
    Put(kCandidateNamesOther, back_others);
    Put(kBothNameThird, third);
    Put(kIsLastOfNamed, names > 0 && between.rank == 0);
    Put(kIsLastNaming, candidate == last_naming_);
    Put(kRankOfNaming, back > 0 ? Byte(1u + between.naming_rank) : 0);
    Put(kCandidateNamesNobody, back == 0 && back_others == 0);
    Put(kLastNamedIsCandidate, last_own_naming_ == kNoLine         ? 0
                               : last_own_named_ == earlier.author ? 2
                                                                   : 1);
    Put(kCandidateLastNamed, LastNamed(candidate));
    Put(kLinesNamingAuthor, BucketCount(between.naming_author));
    Put(kLinesNamingCandidate, BucketCount(between.naming_candidate));
    Put(kLastNamerIsCandidate, last_naming_ == kNoLine                               ? 0
                               : window_.line(last_naming_).author == earlier.author ? 2
                                                                                     : 1);
    Put(kTimesCandidateNamed, BucketCount(count.names_author));
    Put(kTimesNamedCandidate, BucketCount(count.named_by_author));
  }

  // Whom the candidate's author named last, up to the candidate: 2 the line's author, 1 another.
  uint8_t LastNamed(uint32_t candidate) const {
    const uint32_t author = window_.line(line_).author;
    uint32_t at = candidate;
    for (int i = 0; i < 4 && Seen(at); ++i) {
      const auto namings = window_.namings(at);
      if (!namings.empty()) return window_.NamingOf(at, author) > 0 ? 2 : 1;
      at = window_[at].previous_own;
    }
    return 0;
  }

  void LaterFeatures(uint32_t candidate) {
    const ChatLine& earlier = window_.line(candidate);
    const uint32_t next_own = window_[line_].next_own;
    if (next_own != kNoLine) {
      for (const Naming& naming : window_.namings(next_own)) {
        Put(naming.author == earlier.author ? kNextOwnNamesCandidate : kNextOwnNamesOther,
            naming.strength);
      }
    }
    // The candidate's author after the line.
    const uint32_t next = CountOf(earlier.author).next;
    if (next == kNoLine) {
      Put(kNextOfCandidateDistance, 255);
      Put(kNextOfCandidateSeconds, 255);
      return;
    }
    Put(kNextOfCandidateDistance, BucketCount(next - line_));
    Put(kNextOfCandidateSeconds, BucketSeconds(window_.line(next).time - window_.line(line_).time));
    const uint32_t cues = window_[next].cues;
    Put(kNextOfCandidateCue, cues & kThanks                          ? 4
                             : cues & (kSaysYes | kSaysNo | kSaysOk) ? 3
                             : cues & kAsks                          ? 2
                                                                     : 1);
    for (const Naming& naming : window_.namings(next)) {
      Put(naming.author == window_.line(line_).author ? kNextOfCandidateNames
                                                      : kNextOfCandidateNamesOther,
          naming.strength);
    }
  }

  void WordFeatures(uint32_t candidate) {
    const Overlap& overlap = overlaps_[line_ - candidate];
    const WindowLine& facts = window_[candidate];
    Put(kSharedWeight, Byte(overlap.weight / 4));
    const float norms = window_[line_].norm * facts.norm;
    if (overlap.weight > 0) {
      Put(kSharedCosine,
          Byte(static_cast<uint32_t>(100.0f * static_cast<float>(overlap.square) / norms)));
    }
    Put(kSharedRarest, overlap.rarest);
    Put(kSharedCount, overlap.count);
    Put(kSharedRelative, best_overlap_ == 0 ? 101 : Byte(100 * overlap.weight / best_overlap_));
    Put(kSharedIsBest, best_overlap_ > 0 && overlap.weight == best_overlap_);
    uint32_t around = 0;
    if (Seen(facts.previous_own)) {
      around = std::max(around, SharedWeight(line_, facts.previous_own));
    }
    if (facts.next_own != kNoLine && facts.next_own < line_) {
      around = std::max(around, SharedWeight(line_, facts.next_own));
    }
    Put(kSharedAround, Byte(around / 4));
    uint32_t own = window_[line_].previous_own, with_own = 0;
    for (int i = 0; i < 2 && Seen(own); ++i) {
      if (own != candidate) {
        with_own = std::max(with_own, SharedWeight(own, candidate));
      }
      own = window_[own].previous_own;
    }
    Put(kSharedWithOwn, Byte(with_own / 4));
    Put(kWordsOfCandidate, facts.count);
    Put(kLettersOfCandidate, facts.letters);
  }

  void MarkFeatures(uint32_t candidate) {
    const uint32_t author = window_.line(line_).author;
    const ChatLine& earlier = window_.line(candidate);
    if (earlier.marked != kNoLine) {
      Put(window_.line(earlier.marked).author == author ? kCandidateMarksAuthor
                                                        : kCandidateMarksOther,
          1);
    }
    Put(kCandidateMarked, marked_by_[candidate]);
    uint32_t previous = window_[line_].previous_own;
    for (int i = 0; i < 3 && Seen(previous) && previous > candidate; ++i) {
      if (window_.line(previous).marked == candidate) Put(kCandidateMarkedByOwn, 1);
      previous = window_[previous].previous_own;
    }
    previous = window_[line_].previous_own;
    if (previous != kNoLine && window_.line(previous).marked != kNoLine) {
      Put(kOwnMarkedCandidate,
          window_.line(window_.line(previous).marked).author == earlier.author ? 2 : 1);
    }
    // A later line of the candidate's author that answers this one by mark.
    if (std::find(answering_.begin(), answering_.end(), earlier.author) != answering_.end()) {
      Put(kNextMarksLine, 1);
    }
  }

  const LineWindow& window_;
  const CandidateTable& table_;
  const Marks marks_;
  FeatureBlocks& blocks_;
  std::vector<AuthorCount> counts_;
  // Shared weights of lines once asked for, by line and distance.
  static constexpr uint32_t kKept = 256;
  using Weights = std::array<uint16_t, kWindow + 1>;
  const std::unique_ptr<Weights[]> weights_ = std::make_unique_for_overwrite<Weights[]>(kKept);
  std::array<uint32_t, kKept> kept_;  // which line each is of
  std::vector<uint8_t> marked_by_;    // by line
  uint32_t counted_ = 0;
  // Of the line in hand.
  uint32_t line_ = 0;
  uint8_t shared_[kLinkFeatures] = {};
  uint8_t* out_ = nullptr;
  std::vector<Between> between_;
  std::array<Overlap, kWindow + 1> overlaps_;  // by distance
  std::vector<uint32_t> answering_;            // whose marks point at the line
  uint32_t best_overlap_ = 0;
  uint32_t last_naming_ = kNoLine;      // the last line that names the author
  uint32_t last_own_naming_ = kNoLine;  // the author's last line that names somebody
  uint32_t last_own_named_ = 0;
  uint32_t people_since_own_ = 0, own_lines_ = 0;
};

}  // namespace

void ComputeLinkFeatures(const LineWindow& window, const CandidateTable& candidates, uint32_t begin,
                         uint32_t end, Marks marks, FeatureBlocks* blocks) {
  blocks->Resize(candidates.size());
  Extractor extractor(window, candidates, marks, blocks);
  for (uint32_t line = begin; line < end; ++line) extractor.Line(line);
}

}  // namespace idiolect
