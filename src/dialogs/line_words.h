#pragma once
// What the linker takes from the words of one line: stems with how rare they are, and cues (asks,
// thanks, greets, says yes …). Russian and English. The line's text is looked at once and never
// kept.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace idiolect {

// Cues of a line, as bits. The order is that of the features made of them (link_features.h).
enum LineCue : uint32_t {
  kAsks = 1u << 0,        // has a question mark
  kAskingWord = 1u << 1,  // begins with a question word
  kThanks = 1u << 2,
  kGreets = 1u << 3,
  kSaysYes = 1u << 4,
  kSaysNo = 1u << 5,
  kSaysOk = 1u << 6,
  kSaysI = 1u << 7,
  kTellsTo = 1u << 8,   // begins with an imperative
  kGoesOn = 1u << 9,    // begins with a conjunction or a pronoun
  kHasPath = 1u << 10,  // a path, a command, a version
  kHasUrl = 1u << 11,
  kTellsOfError = 1u << 12,
  kExclaims = 1u << 13,
  kTrailsOff = 1u << 14,  // ".."
  kLaughs = 1u << 15,
  kCallsBot = 1u << 16,  // "!word" or "/word"
  kAsksAnyone = 1u << 17,
  kAddresses = 1u << 18,    // "word: …" or "word, …", whoever that is
  kQuotes = 1u << 19,       // begins with ">" or «
  kBeginsSmall = 1u << 20,  // the first letter is a small one
};
constexpr int kLineCues = 21;

struct WordWeight {
  uint32_t hash = 0;
  uint8_t weight = 0;  // how rare, in eighths of a natural logarithm
};

// How rare words are: stems with the logarithm of how few lines hold them, from a text with lines
// "STEM WEIGHT". Constant after it is made; what is not in it counts as rarest.
class WordTable {
 public:
  // Lines that are not of that form are passed over.
  explicit WordTable(std::string_view text);
  // The cues that a word may give, and its weight.
  struct Entry {
    uint64_t hash = 0;
    uint32_t anywhere = 0, first = 0;  // LineCue bits
    uint8_t weight = kRarest;
  };
  static constexpr uint8_t kRarest = 80;
  const Entry* Find(uint64_t hash) const {
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      if (entries_[at].hash == hash) return &entries_[at];
      if (entries_[at].hash == 0) return nullptr;
    }
  }
  // Of a whole word, which is stemmed here.
  uint8_t WeightOf(std::string_view word) const;

 private:
  Entry* FindOrMake(uint64_t hash);
  std::vector<Entry> entries_;
  size_t mask_ = 0;
};

struct LineWords {
  uint32_t cues = 0;
  uint32_t letters = 0;  // of all the words
  uint32_t count = 0;    // of all the words
};

// Appends the line's words that are not frequent ones to *words, ordered by hash, each once, at
// most kMostWords. Reads the first kReadBytes of the text.
constexpr size_t kReadBytes = 1200;
constexpr size_t kMostWords = 40;
LineWords ReadLineWords(const WordTable& table, std::string_view text,
                        std::vector<WordWeight>* words);

// Calls `each` with every stem of the text, in order: for making a word table.
void ForEachStem(std::string_view text, void (*each)(void* context, const std::string& stem),
                 void* context);

// The table made from the training chats (models/links-words.txt).
std::string_view BuiltInLinkWords();

}  // namespace idiolect
