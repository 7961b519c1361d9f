// Phone numbers: Russian in every spelling, international with + or 00, North American, and
// national ones where brackets, a leading zero or a word beside them says what they are.

#include <algorithm>

#include "dataset/pii/checksums.h"
#include "dataset/pii/keywords.h"
#include "dataset/pii/number_groups.h"

namespace idiolect {
namespace {

bool JoinsPhone(char separator) {
  return separator == ' ' || separator == '-' || separator == '.' || separator == '(' ||
         separator == ')';
}

bool IsRussianArea(char first) {
  return first == '9' || first == '4' || first == '8' || first == '3';
}

// Groups from the first on with `wanted` digits together; 0 when no border falls there.
size_t GroupsWith(const DigitRow& row, uint32_t wanted) {
  uint32_t digits = 0;
  for (size_t i = 0; i < row.count; ++i) {
    digits += row.size(i);
    if (digits == wanted) return i + 1;
    if (digits > wanted || !JoinsPhone(row.separator(i))) return 0;
  }
  return 0;
}

// The most groups whose digits together are in [least, most]; 0: none.
size_t GroupsWithin(const DigitRow& row, uint32_t least, uint32_t most) {
  uint32_t digits = 0;
  size_t best = 0;
  for (size_t i = 0; i < row.count; ++i) {
    digits += row.size(i);
    if (digits > most) break;
    if (digits >= least) best = i + 1;
    if (!JoinsPhone(row.separator(i))) break;
  }
  return best;
}

bool IsAmerican(const DigitRow& row, size_t at) {
  return row.size(at) == 3 && row.size(at + 1) == 3 && row.size(at + 2) == 4 &&
         row.digits(at)[0] >= '2' && JoinsPhone(row.separator(at)) &&
         JoinsPhone(row.separator(at + 1));
}

// "1 000 000": thousands, and no phone.
bool IsGroupedAmount(const DigitRow& row, size_t groups) {
  if (groups < 2 || row.size(0) > 3) return false;
  for (size_t i = 1; i < groups; ++i) {
    if (row.size(i) != 3 || (row.separator(i - 1) != ' ' && row.separator(i - 1) != '.')) {
      return false;
    }
  }
  return true;
}

// "2020-10-10 10:30", "1 07.11.2019": a day of the calendar somewhere among the first groups.
bool HasDate(const DigitRow& row, size_t groups) {
  for (size_t i = 0; i + 2 < groups + 1 && i + 2 < row.count; ++i) {
    const char separator = row.separator(i);
    if (separator != row.separator(i + 1) || (separator != '.' && separator != '-')) continue;
    const uint32_t a = row.size(i), b = row.size(i + 1), c = row.size(i + 2);
    if (b == 0 || b > 2) continue;
    if ((a == 4 && c <= 2) || (a <= 2 && (c == 4 || (c == 2 && i == 0 && groups <= 3))))
      return true;
  }
  return false;
}

bool AnnouncedAsPhone(const PiiText& text, const DigitRow& row, size_t groups) {
  const size_t token = row.groups[0].token;
  if (IsStairs(row.Joined(groups))) return false;
  if (text.Announced(token, kSaysPhone, 5, 40) || text.Announced(token, kSaysNumber, 2, 12)) {
    return true;
  }
  // "69 987 88 37 office"
  const size_t behind = row.groups[groups - 1].token + 1;
  return behind < text.tokens.size() && text.gap_after(behind - 1) == " " &&
         (text.announces(behind) & kSaysPhone) != 0;
}

}  // namespace

size_t PhoneGroups(const PiiText& text, const DigitRow& row, uint32_t* begin) {
  const DigitGroup& first = row.groups[0];
  *begin = first.begin;
  const char before = text.char_before(first.token);
  const std::string_view digits = row.digits(0);
  const bool bracket = before == '(' && row.separator(0) == ')';
  const bool plus =
      before == '+' || (before == '(' && first.begin >= 2 && text.text[first.begin - 2] == '+');
  if (plus || bracket) *begin = first.begin - (before == '(' && plus ? 2 : 1);
  if (*begin > 0 && (plus || bracket)) {
    // "123+7916…": a sum, or a part of something longer.
    const auto earlier = static_cast<unsigned char>(text.text[*begin - 1]);
    if ((earlier >= '0' && earlier <= '9') || (earlier | 0x20) >= 'a') {
      if (earlier != '|' && earlier != '}' && earlier != '~' && earlier != '{') return 0;
    }
  } else if (before == '-' || before == '.' || before == '/') {
    // The tail of a code, unless a dash of prose stands there.
    if (first.begin >= 2 && text.text[first.begin - 2] != ' ') {
      if (before != '.' || (text.text[first.begin - 2] >= '0' && text.text[first.begin - 2] <= '9'))
        return 0;
    }
  }
  if (plus) {
    if (digits[0] == '7') return GroupsWith(row, 11);
    return GroupsWithin(row, 9, 15);
  }
  if (digits.starts_with("00") && row.count > 1) {
    if (const size_t n = GroupsWithin(row, 10, 15)) return n;
  }
  if ((digits[0] == '8' || digits[0] == '7') &&
      (first.size == 11 || first.size == 1 || first.size == 4)) {
    const size_t n = GroupsWith(row, 11);
    if (n > 0) {
      const char area = first.size > 1 ? digits[1] : row.digits(1)[0];
      const bool spelled = n == 1 || row.size(1) >= 3 || first.size == 4;
      if (IsRussianArea(area) && spelled && n <= 6) return n;
    }
  }
  if (first.size == 10 && digits[0] == '9') return 1;
  if (first.size == 3 && digits[0] == '9') {  // 916 123-45-67
    const size_t n = GroupsWith(row, 10);
    if (n == 4 || n == 3) return n;
  }
  if (IsAmerican(row, 0)) return 3;
  if (first.size == 1 && digits[0] == '1' && IsAmerican(row, 1) && JoinsPhone(row.separator(0))) {
    return 4;
  }
  if (bracket && first.size >= 2 && first.size <= 5) return GroupsWithin(row, 7, 12);
  if (digits[0] == '0' && first.size >= 2 && first.size <= 5) {
    const size_t n = GroupsWithin(row, 9, 11);
    if (n >= 3 && !HasDate(row, n) && row.separator(n - 1) != '/') return n;
  }
  if (row.Shaped({3, 2, 2}, "-")) return 3;  // 123-45-67
  if (row.Shaped({2, 3, 2, 2}, " -.") || row.Shaped({3, 3, 2, 2}, " -.")) return 4;
  const size_t n = GroupsWithin(row, 7, 12);
  if (n > 0 && !IsGroupedAmount(row, n) && !HasDate(row, n) && first.size <= 12 &&
      AnnouncedAsPhone(text, row, n)) {
    return n;
  }
  return 0;
}

}  // namespace idiolect
