#pragma once
// The lexicon: lists of words by which topics of dialogs and traits of manner are known, read from
// a text file that the user may edit (lexicon.txt describes its form and holds the built-in lists).

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/stemmer.h"
#include "base/language.h"
#include "base/result.h"

namespace idiolect {

// One bit a list; topics and traits together.
using ListMask = uint64_t;
constexpr size_t kMostLists = 64;

struct LexiconList {
  enum class Use { kTopic, kTrait };
  Use use = Use::kTopic;
  std::string key;
  std::string title_en, title_ru;
  std::vector<std::string> entries;  // as written

  const std::string& title(Language language) const {
    return language == Language::kRussian ? title_ru : title_en;
  }
};

// Which lists a word belongs to.
struct WordLists {
  ListMask anywhere = 0;
  ListMask at_start = 0;  // only as the first word of a sentence
  ListMask never = 0;
  bool stop = false;  // names no topic
};

// Constant after it was read.
class Lexicon {
 public:
  // kBadInput with "NAME:LINE: what is wrong".
  static Result<Lexicon> Parse(std::string_view text, std::string_view name);
  static std::string_view BuiltInText();

  const std::vector<LexiconList>& lists() const { return lists_; }
  // Bits of all lists of one use.
  ListMask MaskOf(LexiconList::Use use) const;
  // Index of the list, or kMostLists when the file has none of that key.
  size_t Find(std::string_view key) const;

  // For a word in lower case with е for ё, and its stem.
  WordLists ListsOf(std::string_view word, std::string_view stem) const;

  struct Phrase {
    std::vector<std::string> stems;  // two or more
    ListMask lists = 0;
  };
  const std::vector<Phrase>& phrases() const { return phrases_; }

 private:
  struct Ending {
    std::string text;
    ListMask lists = 0;
  };
  Status AddEntry(std::string_view entry, ListMask list, bool stop, Stemmer& stemmer);
  Status AddPhrase(std::string_view words, ListMask list, Stemmer& stemmer);

  std::vector<LexiconList> lists_;
  std::unordered_map<std::string, WordLists> by_word_;
  std::unordered_map<std::string, WordLists> by_stem_;
  std::vector<Ending> beginnings_, endings_;
  std::vector<Phrase> phrases_;
};

}  // namespace idiolect
