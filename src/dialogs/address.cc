#include "dialogs/address.h"

#include <algorithm>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr int kLeadingWords = 3;
constexpr size_t kPrefixLetters = 3;  // also the shortest stem
constexpr size_t kLongestEnding = 2;  // letters
constexpr size_t kLookedAtBytes = 400;

// Case folding for the two alphabets most names come in, without tables; other letters stay.
char32_t Lower(char32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= U'А' && c <= U'Я')) return c + 32;
  return c == U'Ё' || c == U'ё' ? U'е' : c;
}

bool InWord(char32_t c) {
  if (c < 0x80) return IsLetter(c) || IsNumber(c) || c == '_';
  if (c >= 0x400 && c < 0x530) return true;
  return IsLetter(c) || IsMark(c);
}

bool IsVowelEnding(char32_t c) {
  constexpr std::u32string_view kVowels = U"аеиоуыэюяйьaeiouy";
  return kVowels.find(c) != std::u32string_view::npos;
}

// Folds the word that begins at `at`, at most `most` letters of it.
std::u32string FoldWord(std::string_view text, size_t at, size_t most) {
  std::u32string word;
  while (at < text.size() && word.size() < most) {
    const char32_t c = NextCodePoint(text, &at);
    if (!InWord(c)) break;
    word += Lower(c);
  }
  return word;
}

// Where the next word begins and ends, roughly: every turn of every group passes here, so bytes are
// looked at and not letters. Beyond ASCII, letters of two bytes are taken for words, all else
// (dashes, quotation marks, emoji) for what is between them.
bool ByteInWord(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_' || (byte >= 0xC3 && byte <= 0xDF);
}

size_t WordEnd(std::string_view text, size_t at) {
  while (at < text.size() && ByteInWord(static_cast<unsigned char>(text[at]))) {
    at += static_cast<unsigned char>(text[at]) >= 0x80 ? 2 : 1;
  }
  return std::min(at, text.size());
}

size_t NextWord(std::string_view text, size_t at) {
  while (at < text.size() && !ByteInWord(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

uint64_t KeyOf(const char32_t* letters) {
  uint64_t key = 0;
  for (size_t i = 0; i < kPrefixLetters; ++i) key = key << 21 | letters[i];
  return key;
}

size_t BitOf(uint64_t key) {
  return static_cast<size_t>(key * 0x9e3779b97f4a7c15ull >> 48);
}

}  // namespace

NameIndex::NameIndex(const std::vector<std::string>& names) {
  for (size_t person = 1; person < names.size(); ++person) {
    const std::string& name = names[person];
    std::u32string stem = FoldWord(name, NextWord(name, 0), 64);
    // The last vowel goes: it is what the cases change.
    if (stem.size() > kPrefixLetters && IsVowelEnding(stem.back())) stem.pop_back();
    if (stem.size() < kPrefixLetters) continue;
    const uint64_t key = KeyOf(stem.data());
    std::string letters;
    for (const char32_t c : stem) AppendUtf8(c, &letters);
    any_.set(BitOf(key));
    stems_[key].push_back({static_cast<PersonId>(person), std::move(letters)});
  }
}

void NameIndex::FindAddressed(std::string_view text, std::vector<Addressed>* people) const {
  if (stems_.empty()) return;
  text = text.substr(0, kLookedAtBytes);
  size_t at = NextWord(text, 0);
  for (int word = 0; word < kLeadingWords && at < text.size(); ++word) {
    const size_t end = WordEnd(text, at);
    const bool set_off = end < text.size() && (text[end] == ',' || text[end] == ':');
    Match(text, at, word == 0 && set_off ? 3 : word == 0 || set_off ? 2 : 1, people);
    at = NextWord(text, end);
  }
  for (at = text.find('@'); at != std::string_view::npos; at = text.find('@', at)) {
    Match(text, ++at, 3, people);
  }
}

void NameIndex::Match(std::string_view text, size_t at, uint8_t strength,
                      std::vector<Addressed>* people) const {
  char32_t prefix[kPrefixLetters];
  size_t next = at;
  for (char32_t& letter : prefix) {
    if (next >= text.size()) return;
    letter = NextCodePoint(text, &next);
    if (!InWord(letter)) return;
    letter = Lower(letter);
  }
  const uint64_t key = KeyOf(prefix);
  if (!any_.test(BitOf(key))) return;
  const auto found = stems_.find(key);
  if (found == stems_.end()) return;
  std::string word;
  size_t letters = 0;
  for (const char32_t c : FoldWord(text, at, 64)) {
    AppendUtf8(c, &word);
    ++letters;
  }
  for (const Stem& stem : found->second) {
    if (word.starts_with(stem.letters) &&
        letters - CountCodePoints(stem.letters) <= kLongestEnding) {
      people->push_back({stem.person, strength});
    }
  }
}

}  // namespace idiolect
