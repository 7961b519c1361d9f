#pragma once
// How the persona writes, in numbers, beside everybody else in the same chats: lengths, marks,
// words and phrases, openings and closings, traits of the lexicon, with examples. Counts people's
// own words in private chats and groups; forwarded, a bot's and commands are not theirs.

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "analysis/pair_counts.h"
#include "analysis/text_item.h"
#include "analysis/text_scan.h"

namespace idiolect {

// What a message has or has not.
enum class Feature : uint8_t {
  kQuestion,
  kExclamation,
  kEllipsis,
  kSmileBrackets,  // ")", ")))" that nothing opened
  kEmoji,
  kAngleQuotes,
  kStraightQuotes,
  kDash,
  kCaps,
  kStartsLower,
  kEndsWithPeriod,
  kMixedScripts,  // Cyrillic and Latin words
};
constexpr size_t kFeatures = 12;

// What a message ends with.
enum class Ending : uint8_t {
  kLetter,
  kPeriod,
  kQuestion,
  kExclamation,
  kEllipsis,
  kBracket,
  kEmoji,
  kOther
};
constexpr size_t kEndings = 8;

constexpr size_t kMostWordsCounted = 256;  // longer messages are counted as this
constexpr WordId kNoWord = UINT32_MAX;

struct VoiceFacts {
  int64_t messages = 0;  // with text
  int64_t characters = 0, words = 0;
  int64_t cyrillic_words = 0, latin_words = 0;
  int64_t emoji = 0;
  std::array<int64_t, kMostWordsCounted + 1> by_words = {};  // messages by number of words
  std::array<int64_t, kFeatures> features = {};              // messages that have it
  std::array<int64_t, kEndings> endings = {};
  std::array<int64_t, kMostLists> lists = {};  // messages with a word of the list
  std::unordered_map<char32_t, int64_t> emoji_counts;
  int64_t openings = 0, closings = 0;  // runs with words

  // The number of words that this share (0…1) of the messages does not exceed.
  int64_t WordsAt(double share) const;
};

struct SpeechFacts {
  VoiceFacts voices[kVoices];
  std::vector<std::array<uint32_t, kVoices>> words;  // by WordId
  PairCounts phrases;                                // two words in a row within a sentence
  PairCounts openings;  // the first two words of a run; the second may be kNoWord
  PairCounts closings;  // the last two words of a run; the first may be kNoWord
  std::array<BestExamples, kFeatures> feature_examples;
  std::array<BestExamples, kMostLists> list_examples;
};

// Thread-compatible.
class SpeechCounter {
 public:
  // `items` of one chat come in order.
  void Add(const TextItem& item, std::string_view text, const ScannedText& scanned,
           bool may_be_shown);
  void EndChat() { EndRun(); }
  SpeechFacts Take();

 private:
  void EndRun();
  void CountWords(const ScannedText& scanned, Voice voice);
  void KeepExamples(const TextItem& item, std::string_view text, const ScannedText& scanned,
                    uint32_t features);

  SpeechFacts facts_;
  // The last words of the run going on.
  WordId last_ = kNoWord, last_but_one_ = kNoWord;
  Voice run_voice_ = kOthers;
  bool opening_due_ = false;  // the run has had no words yet
};

uint32_t FeaturesOf(const ScannedText& scanned);
Ending EndingOf(std::string_view text, const ScannedText& scanned);

}  // namespace idiolect
