#pragma once
// What the scorer sees of a line and one of its candidates: small whole numbers, one byte each, so
// that the trainer's rows and the product's are the same bytes and trees compare bytes. Distances
// and times are bucketed (link_window.h). The rows that train a model are written by this code
// (bench/links --rows), so training and serving cannot differ.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/language.h"
#include "dialogs/link_candidates.h"

namespace idiolect {

// In the order of the names in link_features.cc. A model names the features it was trained with.
enum LinkFeature : uint8_t {
  // Where the candidate stands.
  kIsSelf,
  kLinesBetween,
  kSpokenBetween,
  kSecondsBetween,
  kOthersLinesBetween,
  kPeopleBetween,
  kGapBeforeLine,
  kGapBeforeCandidate,
  kGapBehindCandidate,
  kBurstOfLine,
  kBurstBeforeCandidate,
  kBurstBehindCandidate,
  kIsPrevious,
  kIsPreviousOfOther,
  // The two authors' lines.
  kOwnLinesSince,
  kIsPreviousOwn,
  kRankOfAuthor,
  kSameAuthor,
  kOwnDistance,
  kOwnSpokenDistance,
  kOwnSeconds,
  kOwnAsked,
  kOwnNamed,
  kOwnNamedCandidate,
  kFirstOfAuthor,
  kLinesOfAuthor,
  kLinesOfCandidate,
  kBeforeCandidateDistance,
  kBeforeCandidateNames,
  kAfterCandidateDistance,
  kAfterCandidateNames,
  kPeopleSinceOwn,
  // Names.
  kNamesCandidate,
  kCandidateNames,
  kNamesAnyone,
  kNamesOther,
  kCandidateNamesOther,
  kBothNameThird,
  kNamedDistance,
  kIsLastOfNamed,
  kIsLastNaming,
  kRankOfNaming,
  kNamingDistance,
  kNamesUnknown,
  kCandidateNamesNobody,
  // The state of the talk.
  kLastNamedIsCandidate,
  kLastNamedDistance,
  kCandidateLastNamed,
  kLinesNamingAuthor,
  kLinesNamingCandidate,
  kLastNamerIsCandidate,
  kNamedAfterOwn,
  kTimesCandidateNamed,
  kTimesNamedCandidate,
  // Later lines.
  kNextOwnDistance,
  kNextOwnSeconds,
  kNextOwnNamesCandidate,
  kNextOwnNamesOther,
  kNextOfCandidateDistance,
  kNextOfCandidateSeconds,
  kNextOfCandidateNames,
  kNextOfCandidateNamesOther,
  kNextLineSeconds,
  // Words.
  kSharedWeight,
  kSharedCosine,
  kSharedRarest,
  kSharedCount,
  kSharedRelative,
  kSharedIsBest,
  kSharedAround,
  kSharedWithOwn,
  kWordsOfLine,
  kWordsOfCandidate,
  kLettersOfLine,
  kLettersOfCandidate,
  kLettersOfBurst,
  // What messengers know.
  kMediaOfLine,
  kMediaOfCandidate,
  kForwardedLine,
  kForwardedCandidate,
  kCandidateBurstAsks,
  kTurnsBetween,
  kQuestionsBetween,
  kIsLastQuestion,
  kTimesAfterCandidate,
  kTimesBeforeCandidate,
  kNextOfCandidateCue,
  kIsLongestOfBurst,
  // Marks on other lines: 0 unless they are shown.
  kCandidateMarksAuthor,
  kCandidateMarksOther,
  kCandidateMarked,
  kCandidateMarkedByOwn,
  kNextMarksLine,
  kOwnMarkedCandidate,
  // Cues, a bit each, of the line and of the candidate: kLineCues features each.
  kLineCue0,
  kCandidateCue0 = kLineCue0 + kLineCues,
  // The second look (link_guesses.h): 0 for a model that decides alone.
  kGuessShare = kCandidateCue0 + kLineCues,
  kGuessBehind,
  kGuessRank,
  kGuessStart,
  kGuessBest,
  kGuessNewer,
  kGuessOlder,
  kGuessOfAuthor,
  kGuessBestOfAuthor,
  kGuessOfThread,
  kGuessCandidateStarts,
  kGuessCandidateAnswersAuthor,
  kGuessAnsweredBefore,
  kGuessAnsweredLater,
  kGuessAnsweredByOwn,
  kGuessAnswersLine,
  kGuessLineAnswered,
  kGuessOwnAnsweredAuthor,
  kGuessOwnThread,
  kGuessNextOwnAnswersAuthor,
  kGuessNextOwnAnswers,
  kGuessNextOwnGoesOn,
  kGuessThreadNewer,
  kGuessThreadDistance,
  kGuessThreadLines,
  kGuessThreadOwn,
  kGuessThreadDepth,
  kLinkFeatures,
};

// As models and docs/links.md call it.
std::string_view LinkFeatureName(int feature);
// For people: "names its author".
std::string_view LinkFeatureWords(int feature, Language language);

// Feature bytes of many candidates, in blocks of 32 candidates, feature by feature: a block is what
// the trees go over at once.
class FeatureBlocks {
 public:
  static constexpr size_t kLanes = 32;
  static constexpr size_t kBlock = kLanes * kLinkFeatures;

  void Resize(size_t candidates) {
    candidates_ = candidates;
    bytes_.assign((candidates + kLanes - 1) / kLanes * kBlock, 0);
  }
  size_t candidates() const { return candidates_; }
  size_t blocks() const { return bytes_.size() / kBlock; }
  const uint8_t* block(size_t number) const { return bytes_.data() + number * kBlock; }
  uint8_t* lane(size_t candidate) {
    return bytes_.data() + candidate / kLanes * kBlock + candidate % kLanes;
  }
  uint8_t at(size_t candidate, int feature) const {
    return bytes_[candidate / kLanes * kBlock + candidate % kLanes +
                  static_cast<size_t>(feature) * kLanes];
  }

 private:
  size_t candidates_ = 0;
  std::vector<uint8_t> bytes_;
};

// Whether reply marks of other lines are seen. The line's own mark never is.
enum class Marks : uint8_t { kHidden, kShown };

// Replaces *blocks by the features of all candidates of the lines [begin, end).
void ComputeLinkFeatures(const LineWindow& window, const CandidateTable& candidates, uint32_t begin,
                         uint32_t end, Marks marks, FeatureBlocks* blocks);

}  // namespace idiolect
