#pragma once
// One walk over a message's text: its words as numbers, and everything that is counted about its
// letters and marks. The hottest loop of the report.
//
// A word is letters with apostrophes or hyphens between them, in lower case, е for ё. Links,
// mentions
// (@name) and numbers are no words. Emoji joined into one picture count once.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/word_table.h"

namespace idiolect {

struct ScannedText {
  std::vector<WordId> words;
  std::vector<uint8_t> starts;  // by word: 1 for the first of a sentence
  std::vector<char32_t> emoji;  // each one met, without skin tone and the like
  uint32_t characters = 0;      // code points
  uint32_t cyrillic_words = 0, latin_words = 0;
  uint32_t questions = 0, exclamations = 0, ellipses = 0;
  uint32_t angle_quotes = 0, straight_quotes = 0, dashes = 0;
  uint32_t smile_brackets = 0;  // closing ones that nothing opened: ")))"
  uint32_t caps_words = 0;      // four letters or more, all upper case
  bool starts_lower = false;    // the first letter is in lower case
  bool ends_with_period = false;
  // Bits of the lexicon's lists, and how many words fit each of the bits of `lists`.
  ListMask lists = 0;
};

class TextScanner {
 public:
  // The table must outlive the scanner.
  explicit TextScanner(WordTable& words) : words_(words) {}

  // Valid until the next call.
  const ScannedText& Scan(std::string_view text);

  // Of the text scanned last: calls each(list's bit as a mask of one or more lists) for every word
  // or phrase that fits, so that hits can be counted by list.
  template <typename Each>
  void ForEachHit(Each each) const {
    for (size_t i = 0; i < scanned_.words.size(); ++i) {
      const ListMask hit = HitsAt(i);
      if (hit != 0) each(hit);
    }
  }

 private:
  ListMask HitsAt(size_t word) const;

  WordTable& words_;
  ScannedText scanned_;
  std::string word_;
};

}  // namespace idiolect
