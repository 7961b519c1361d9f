#pragma once
// A text cut into words and numbers once, each with the hash of its letters folded: what every rule
// of the scanner looks at. A token is a run of Latin and Cyrillic letters, other letters, digits
// and
// "_"; a link and an "@" are tokens too.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace idiolect {

enum class PiiTokenType : uint8_t {
  kWord,    // letters only
  kNumber,  // digits only
  kMixed,   // both, or "_"
  kAt,
  kLink,
};

struct PiiToken {
  uint32_t begin = 0, end = 0;  // bytes
  uint32_t letters = 0;         // code points
  uint64_t hash = 0;            // PiiHash of the folded letters
  PiiTokenType type = PiiTokenType::kWord;
  bool capital = false;        // begins with a capital letter
  bool other_capital = false;  // has another one
  bool all_capital = false;    // has no small letter
  bool latin = false, cyrillic = false;
};

// Replaces *tokens. Texts longer than 4 GiB are not for this.
void CutTokens(std::string_view text, std::vector<PiiToken>* tokens);

// Small letters, ё as е; other alphabets than Latin and Cyrillic stay.
char32_t FoldLetter(char32_t c);
constexpr uint64_t kPiiHashStart = 0xcbf29ce484222325ull;
constexpr uint64_t PiiHashStep(uint64_t hash, char32_t folded) {
  return (hash ^ folded) * 0x100000001b3ull;
}
uint64_t PiiHash(std::string_view word);
uint64_t PiiHash(std::u32string_view folded);
std::u32string FoldedLetters(std::string_view word);

}  // namespace idiolect
