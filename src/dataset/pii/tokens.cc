#include "dataset/pii/tokens.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace idiolect {
namespace {

enum ByteClass : uint8_t { kOther, kDigit, kSmall, kBig, kUnder, kAtSign, kHigh };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    auto& of = classes[static_cast<size_t>(c)];
    if (c >= '0' && c <= '9') of = kDigit;
    if (c >= 'a' && c <= 'z') of = kSmall;
    if (c >= 'A' && c <= 'Z') of = kBig;
    if (c == '_') of = kUnder;
    if (c == '@') of = kAtSign;
    if (c >= 0x80) of = kHigh;
  }
  return classes;
}
constexpr auto kClasses = MakeClasses();

uint8_t ClassAt(std::string_view text, size_t at) {
  return kClasses[static_cast<unsigned char>(text[at])];
}

bool EndsLink(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '<' || c == '>' || c == '`';
}

bool BeginsWith(std::string_view text, size_t at, std::string_view small) {
  if (text.size() - at < small.size()) return false;
  for (size_t i = 0; i < small.size(); ++i) {
    if ((text[at + i] | 0x20) != (small[i] | 0x20)) return false;
  }
  return true;
}

bool BeginsLink(std::string_view text, size_t at) {
  switch (text[at] | 0x20) {
    case 'h':
      return BeginsWith(text, at, "http://") || BeginsWith(text, at, "https://");
    case 'w':
      return BeginsWith(text, at, "www.") || BeginsWith(text, at, "wa.me/");
    case 't':
      return BeginsWith(text, at, "t.me/") || BeginsWith(text, at, "tg://");
    case 'v':
      return BeginsWith(text, at, "vk.com/");
    default:
      return false;
  }
}

uint32_t LinkEnd(std::string_view text, size_t at) {
  while (at < text.size() && !EndsLink(text[at])) ++at;
  constexpr std::string_view kTrailing = ".,;:!?)]}'";
  while (kTrailing.find(text[at - 1]) != std::string_view::npos) --at;
  return static_cast<uint32_t>(at);
}

}  // namespace

char32_t FoldLetter(char32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= U'А' && c <= U'Я')) return c + 32;
  if (c == U'Ё' || c == U'ё') return U'е';
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

uint64_t PiiHash(std::u32string_view folded) {
  uint64_t hash = kPiiHashStart;
  for (const char32_t c : folded) hash = PiiHashStep(hash, c);
  return hash;
}

uint64_t PiiHash(std::string_view word) {
  return PiiHash(FoldedLetters(word));
}

std::u32string FoldedLetters(std::string_view word) {
  std::u32string folded;
  for (size_t at = 0; at < word.size();) folded += FoldLetter(NextCodePoint(word, &at));
  return folded;
}

void CutTokens(std::string_view text, std::vector<PiiToken>* tokens) {
  tokens->clear();
  for (size_t at = 0; at < text.size();) {
    const uint8_t first = ClassAt(text, at);
    if (first == kOther) {
      ++at;
      continue;
    }
    PiiToken token;
    token.begin = static_cast<uint32_t>(at);
    if (first == kAtSign) {
      token.type = PiiTokenType::kAt;
      token.end = static_cast<uint32_t>(++at);
      tokens->push_back(token);
      continue;
    }
    if ((first == kSmall || first == kBig) && BeginsLink(text, at)) {
      token.type = PiiTokenType::kLink;
      token.end = std::max(LinkEnd(text, at), token.begin + 1);
      at = token.end;
      tokens->push_back(token);
      continue;
    }
    uint64_t hash = kPiiHashStart;
    bool digits = false, letters = false, under = false, small = false;
    while (at < text.size()) {
      const uint8_t of = ClassAt(text, at);
      char32_t c = static_cast<unsigned char>(text[at]);
      if (of == kSmall) {
        small = letters = token.latin = true;
        ++at;
      } else if (of == kDigit) {
        digits = true;
        ++at;
      } else if (of == kBig) {
        letters = token.latin = true;
        (token.letters == 0 ? token.capital : token.other_capital) = true;
        c += 32;
        ++at;
      } else if (of == kUnder) {
        under = true;
        ++at;
      } else if (of == kHigh) {
        size_t next = at;
        c = NextCodePoint(text, &next);
        if (c >= 0x400 && c < 0x530) {
          letters = token.cyrillic = true;
          const bool big = c < 0x430 || (c >= 0x460 && c % 2 == 0);
          if (big) {
            (token.letters == 0 ? token.capital : token.other_capital) = true;
          } else {
            small = true;
          }
          c = FoldLetter(c);
        } else if (IsLetter(c) || IsMark(c)) {
          letters = small = true;
          c = ToLower(c);
        } else {
          if (token.letters == 0) at = next;
          break;
        }
        at = next;
      } else {
        break;
      }
      hash = PiiHashStep(hash, c);
      ++token.letters;
    }
    if (token.letters == 0) continue;
    token.end = static_cast<uint32_t>(at);
    token.hash = hash;
    token.all_capital = letters && !small;
    token.type = under || (digits && letters) ? PiiTokenType::kMixed
                 : digits                     ? PiiTokenType::kNumber
                                              : PiiTokenType::kWord;
    tokens->push_back(token);
  }
}

}  // namespace idiolect
