#pragma once
// Every distinct word of the chats once: its number, its stem's number, and the lists of the
// lexicon that it belongs to, all worked out when the word is first met. What counts words counts
// numbers.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/lexicon.h"

namespace idiolect {

using WordId = uint32_t;
using StemId = uint32_t;

struct WordInfo {
  StemId stem = 0;
  WordLists lists;
  bool begins_phrase = false;  // some phrase of the lexicon begins with this stem
};

// Interns byte strings: equal strings, equal numbers, from 0 in the order they are met.
class StringTable {
 public:
  StringTable();
  // `hash` must depend on the bytes alone.
  uint32_t Intern(std::string_view text, uint64_t hash);
  std::string_view Text(uint32_t id) const {
    return std::string_view(bytes_).substr(begins_[id], begins_[id + 1] - begins_[id]);
  }
  size_t size() const { return begins_.size() - 1; }

 private:
  struct Slot {
    uint32_t tag = 0;        // upper bits of the hash
    uint32_t id_plus_1 = 0;  // 0: free
  };
  void Grow();

  std::vector<Slot> slots_;  // a power of two
  std::vector<uint32_t> begins_{0};
  std::vector<uint64_t> hashes_;
  std::string bytes_;
};

// The mix that StringTable wants, made letter by letter.
constexpr uint64_t kWordHashSeed = 0xcbf29ce484222325ull;
constexpr uint64_t MixLetter(uint64_t hash, uint32_t letter) {
  return (hash ^ letter) * 0x9e3779b97f4a7c15ull;
}

class WordTable {
 public:
  // The lexicon must outlive the table.
  explicit WordTable(const Lexicon& lexicon);

  // `word`: letters in lower case, е for ё; `hash`: MixLetter over its code points.
  WordId Intern(std::string_view word, uint64_t hash) {
    const WordId id = words_.Intern(word, hash);
    if (id == infos_.size()) Learn(id);
    return id;
  }
  // The same for a word at hand, hashed here.
  WordId Intern(std::string_view word);

  const WordInfo& info(WordId id) const { return infos_[id]; }
  std::string_view Text(WordId id) const { return words_.Text(id); }
  std::string_view StemText(StemId id) const { return stems_.Text(id); }
  size_t size() const { return infos_.size(); }
  size_t stems() const { return stems_.size(); }

  // Phrases as numbers: matched against the stems of following words.
  struct Phrase {
    std::vector<StemId> stems;
    ListMask lists = 0;
  };
  const std::vector<Phrase>& phrases() const { return phrases_; }

 private:
  void Learn(WordId id);
  StemId InternStem(std::string_view stem);

  const Lexicon& lexicon_;
  Stemmer stemmer_;
  StringTable words_, stems_;
  std::vector<WordInfo> infos_;
  std::vector<Phrase> phrases_;
  std::vector<bool> first_stems_;  // by StemId
};

}  // namespace idiolect
