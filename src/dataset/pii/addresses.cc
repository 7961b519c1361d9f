// Postal addresses: Russian ones by their marks (г., ул., д., кв.) in the usual orders, English
// ones by a house number before a street's name.

#include <algorithm>

#include "dataset/pii/keywords.h"
#include "dataset/pii/scanner.h"

namespace idiolect {
namespace {

constexpr size_t kLongestName = 3;  // words of a street's or a city's name

bool Joined(std::string_view gap) {
  if (gap.size() > 4) return false;
  return std::all_of(gap.begin(), gap.end(), [](char c) {
    return c == ' ' || c == ',' || c == '.' || c == '-' || c == '/' || c == '\n';
  });
}

bool IsProper(const PiiText& text, size_t token) {
  const PiiToken& of = text.tokens[token];
  return of.type == PiiTokenType::kWord && of.capital;
}

bool IsHouseNumber(const PiiText& text, size_t token) {
  const PiiToken& of = text.tokens[token];
  if (of.type == PiiTokenType::kNumber) return of.letters <= 4;
  // 12а, 12к3
  return of.type == PiiTokenType::kMixed && of.letters <= 5 && text.of(token)[0] >= '0' &&
         text.of(token)[0] <= '9';
}

// A street's name behind its mark: "Ленина", "1-я Тверская", "50 лет Октября". Returns the token
// behind the name, or `token` when there is none.
size_t NameEnd(const PiiText& text, size_t token) {
  size_t at = token;
  if (at < text.tokens.size() && text.tokens[at].type == PiiTokenType::kNumber &&
      text.tokens[at].letters <= 3 && at + 1 < text.tokens.size()) {
    const std::string_view gap = text.gap_after(at);
    if (gap == "-" || gap == " ") ++at;  // 1-я, 50 лет
    if (at + 1 < text.tokens.size() && text.tokens[at].letters <= 3 && !IsProper(text, at)) ++at;
  }
  const size_t begin = at;
  while (at < text.tokens.size() && at - begin < kLongestName && IsProper(text, at)) {
    if (at > begin) {
      const std::string_view gap = text.gap_after(at - 1);
      if (gap != " " && gap != "-" && gap != ". ") break;
    }
    if (text.announces(at) & (kSaysStreet | kSaysCity) && at > begin) break;
    ++at;
  }
  return at > begin ? at : token;
}

// House, building and flat behind a street: ", д. 10, корп. 2, кв. 5", " 10-5". Returns the token
// behind; sets *numbers.
size_t HouseEnd(const PiiText& text, size_t at, int* numbers) {
  *numbers = 0;
  while (at < text.tokens.size() && Joined(text.gap_after(at - 1))) {
    if (IsHouseNumber(text, at)) {
      // After the house a bare number is the flat only behind a dash.
      if (*numbers > 0 && text.gap_after(at - 1).find_first_of("-/") == std::string_view::npos) {
        break;
      }
      ++*numbers;
      ++at;
      continue;
    }
    const bool mark = text.announces(at) & (kSaysHouse | kSaysFlat);
    if (!mark || at + 1 >= text.tokens.size() || !Joined(text.gap_after(at)) ||
        !IsHouseNumber(text, at + 1)) {
      break;
    }
    ++*numbers;
    at += 2;
  }
  return at;
}

PiiMatch Address(const PiiText& text, size_t first, size_t behind) {
  PiiMatch match;
  match.kind = PiiKind::kAddress;
  match.begin = text.tokens[first].begin;
  match.end = text.tokens[behind - 1].end;
  match.next_token = behind;
  return match;
}

PiiMatch MatchEnglish(const PiiText& text, size_t token, uint32_t free_from) {
  // The mark stands behind the name: 221B Baker Street, Apt 4.
  size_t first = token;
  for (size_t back = 1; back <= 4 && back <= token; ++back) {
    const std::string_view gap = text.gap_after(token - back);
    if (gap != " " && gap != "  " && gap != ". ") break;
    if (IsHouseNumber(text, token - back)) {
      first = token - back;
      // 8 of "23 8 wressle road"
      if (first > 0 && IsHouseNumber(text, first - 1) && text.gap_after(first - 1) == " ") --first;
      break;
    }
    if (text.tokens[token - back].type != PiiTokenType::kWord) break;
  }
  if (first == token || first + 1 == token || text.tokens[first].begin < free_from) return {};
  // "5 minutes drive": small words make no street unless the mark is unmistakable.
  const bool proper = IsProper(text, first + 1) || IsProper(text, token - 1);
  const std::string_view mark = text.of(token);
  const bool sure = mark.size() >= 4 && mark != "drive" && mark != "place" && mark != "court" &&
                    mark != "close" && mark != "square" && mark != "Drive" && mark != "road";
  if (!proper && !sure &&
      !(token + 1 < text.tokens.size() && text.announces(token + 1) & kSaysEnUnit)) {
    return {};
  }
  size_t behind = token + 1;
  if (behind + 1 < text.tokens.size() && text.announces(behind) & kSaysEnUnit &&
      IsHouseNumber(text, behind + 1)) {
    behind += 2;
  }
  return Address(text, first, behind);
}

}  // namespace

PiiMatch MatchAddress(const PiiText& text, size_t token, uint32_t free_from) {
  const uint64_t announces = text.announces(token);
  if (announces & kSaysEnStreet && text.tokens[token].latin) {
    return MatchEnglish(text, token, free_from);
  }
  if (!text.tokens[token].cyrillic) return {};
  const auto bare_letter = [&](size_t at) {
    return text.tokens[at].letters == 1 && text.char_after(at) != '.';
  };
  size_t first = token, at = token;
  bool city = false;
  int parts = 0;
  // Regions and cities first, in any order: "обл. Московская, г. Химки", "Московская обл.".
  while (at + 1 < text.tokens.size() && text.announces(at) & (kSaysCity | kSaysRegion) &&
         !bare_letter(at)) {
    if (at > first && !Joined(text.gap_after(at - 1))) break;
    const std::string_view gap = text.gap_after(at);
    const size_t behind = gap.size() <= 2 ? NameEnd(text, at + 1) : at + 1;
    if (behind == at + 1) break;
    city |= (text.announces(at) & kSaysCity) != 0;
    ++parts;
    at = behind;
  }
  size_t street_end = at;
  int numbers = 0;
  if (at < text.tokens.size() && text.announces(at) & kSaysStreet && !bare_letter(at) &&
      (at == first || Joined(text.gap_after(at - 1)))) {
    size_t behind = at + 1 < text.tokens.size() ? NameEnd(text, at + 1) : at + 1;
    if (behind > at + 1 && text.gap_after(at).size() <= 2) {
      street_end = HouseEnd(text, behind, &numbers);
      if (numbers == 0) street_end = behind;
    } else if (at == first && at > 0 && IsProper(text, at - 1) && text.gap_after(at - 1) == " " &&
               text.tokens[at - 1].begin >= free_from) {
      // Невский проспект, 28
      behind = HouseEnd(text, at + 1, &numbers);
      if (numbers > 0) {
        first = at - 1;
        street_end = behind;
      }
    }
  } else if (city && at < text.tokens.size() && Joined(text.gap_after(at - 1))) {
    // г. Москва, Ленина 5
    const size_t behind = NameEnd(text, at);
    if (behind > at) {
      const size_t end = HouseEnd(text, behind, &numbers);
      if (numbers > 0) street_end = end;
    }
  }
  const bool street = street_end > at;
  // A street with a house, or a street in a named city: enough to find somebody.
  if (street && (numbers > 0 || parts > 0)) return Address(text, first, street_end);
  // A region, a city and nothing else is where half of the country lives.
  return {};
}

}  // namespace idiolect
