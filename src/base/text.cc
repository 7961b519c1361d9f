#include "base/text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cmath>

namespace idiolect {
namespace {

// Length of the well-formed sequence at text[at], or 0. The table of Unicode 15, section 3.9.
size_t SequenceLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned b0 = byte(0), b1 = byte(1);
  if (b0 < 0x80) return 1;
  if (b0 < 0xC2) return 0;
  if (b0 < 0xE0) return tail(1) ? 2 : 0;
  if (b0 < 0xF0) {
    if (!tail(1) || !tail(2)) return 0;
    if (b0 == 0xE0 && b1 < 0xA0) return 0;
    if (b0 == 0xED && b1 > 0x9F) return 0;
    return 3;
  }
  if (b0 < 0xF5) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (b0 == 0xF0 && b1 < 0x90) return 0;
    if (b0 == 0xF4 && b1 > 0x8F) return 0;
    return 4;
  }
  return 0;
}

std::string Normalize(const icu::Normalizer2* normalizer, std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString out =
      normalizer->normalize(icu::UnicodeString::fromUTF8(
                                icu::StringPiece(text.data(), static_cast<int32_t>(text.size()))),
                            error);
  std::string utf8;
  if (U_FAILURE(error)) return std::string(text);
  out.toUTF8String(utf8);
  return utf8;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

}  // namespace

bool IsUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = SequenceLength(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string RepairUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = SequenceLength(text, at);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
    } else {
      out.append(text, at, length);
      at += length;
    }
  }
  return out;
}

char32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) -> char32_t { return static_cast<unsigned char>(text[*at + i]); };
  const size_t length = SequenceLength(text, *at);
  char32_t c = 0xFFFD;
  switch (length) {
    case 1:
      c = byte(0);
      break;
    case 2:
      c = (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
      break;
    case 3:
      c = (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
      break;
    case 4:
      c = (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 |
          (byte(3) & 0x3F);
      break;
    default:
      break;
  }
  *at += std::max<size_t>(length, 1);
  return c;
}

void AppendUtf8(char32_t c, std::string* out) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
  if (c < 0x80) {
    *out += static_cast<char>(c);
  } else if (c < 0x800) {
    *out += static_cast<char>(0xC0 | c >> 6);
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out += static_cast<char>(0xE0 | c >> 12);
    *out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | c >> 18);
    *out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    *out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

size_t CountCodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string FoldForSearch(std::string_view text) {
  std::string folded;
  if (IsAscii(text)) {
    folded.assign(text);
    for (char& c : folded) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
  } else {
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
    folded = U_SUCCESS(error) ? Normalize(fold, text) : std::string(text);
  }
  std::string out;
  out.reserve(folded.size());
  bool gap = false;
  size_t at = 0;
  while (at < folded.size()) {
    char32_t c = NextCodePoint(folded, &at);
    if (IsSpace(c)) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    if (c == U'ё') c = U'е';
    AppendUtf8(c, &out);
  }
  return out;
}

std::string ToNfc(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  return U_SUCCESS(error) ? Normalize(nfc, text) : std::string(text);
}

std::string ToNfkc(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(error);
  return U_SUCCESS(error) ? Normalize(nfkc, text) : std::string(text);
}

std::string_view TrimSpace(std::string_view text) {
  size_t begin = 0;
  while (begin < text.size()) {
    size_t next = begin;
    if (!IsSpace(NextCodePoint(text, &next))) break;
    begin = next;
  }
  size_t end = text.size();
  while (end > begin) {
    size_t start = end - 1;
    while (start > begin && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    size_t next = start;
    if (!IsSpace(NextCodePoint(text, &next))) break;
    end = start;
  }
  return text.substr(begin, end - begin);
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool IsLetter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_L_MASK) != 0;
}
bool IsMark(char32_t c) {
  return c >= 0x80 && (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK) != 0;
}
bool IsNumber(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_N_MASK) != 0;
}
bool IsSpace(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  if (c > 0xA0 && c < 0x1680) return false;  // Latin, Greek, Cyrillic and others without a table
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}
bool IsUpper(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return u_isupper(static_cast<UChar32>(c)) != 0;
}
bool IsCapitalLetter(char32_t c) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & (U_GC_LU_MASK | U_GC_LT_MASK)) != 0;
}
bool IsSmallLetter(char32_t c) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_LL_MASK) != 0;
}
bool IsEmoji(char32_t c) {
  if (c < 0xA9) return false;
  if (c == 0xFE0F || c == 0x200D || c == 0x20E3) return true;
  const auto u = static_cast<UChar32>(c);
  return u_hasBinaryProperty(u, UCHAR_EXTENDED_PICTOGRAPHIC) ||
         u_hasBinaryProperty(u, UCHAR_EMOJI_MODIFIER) ||
         u_hasBinaryProperty(u, UCHAR_REGIONAL_INDICATOR);
}
char32_t ToLower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
}

size_t EditDistance(std::string_view a, std::string_view b, size_t cap) {
  std::u32string x, y;
  for (size_t at = 0; at < a.size();) x += NextCodePoint(a, &at);
  for (size_t at = 0; at < b.size();) y += NextCodePoint(b, &at);
  if (x.size() > y.size()) std::swap(x, y);
  if (y.size() - x.size() >= cap) return cap;
  std::vector<size_t> row(x.size() + 1);
  for (size_t i = 0; i <= x.size(); ++i) row[i] = i;
  for (size_t j = 1; j <= y.size(); ++j) {
    size_t diagonal = row[0];
    row[0] = j;
    size_t least = j;
    for (size_t i = 1; i <= x.size(); ++i) {
      const size_t substituted = diagonal + (x[i - 1] == y[j - 1] ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({substituted, row[i] + 1, row[i - 1] + 1});
      least = std::min(least, row[i]);
    }
    if (least >= cap) return cap;
  }
  return std::min(row[x.size()], cap);
}

std::vector<std::string> Closest(std::string_view word, const std::vector<std::string>& known,
                                 size_t most) {
  const std::string folded = FoldForSearch(word);
  const size_t cap = std::max<size_t>(3, CountCodePoints(folded) / 2 + 1);
  struct Scored {
    size_t distance;
    const std::string* text;
  };
  std::vector<Scored> scored;
  for (const std::string& candidate : known) {
    const std::string other = FoldForSearch(candidate);
    size_t distance = EditDistance(folded, other, cap);
    if (!folded.empty() && other.find(folded) != std::string::npos) distance = 0;
    if (distance < cap) scored.push_back({distance, &candidate});
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const Scored& a, const Scored& b) { return a.distance < b.distance; });
  std::vector<std::string> out;
  for (const Scored& s : scored) {
    if (out.size() == most) break;
    out.push_back(*s.text);
  }
  return out;
}

void AppendHundredths(double number, std::string* out) {
  const int64_t hundredths = number == number ? std::llround(number * 100) : 0;
  const int64_t size = hundredths < 0 ? -hundredths : hundredths;
  if (hundredths < 0) *out += '-';
  *out += std::to_string(size / 100);
  *out += '.';
  *out += static_cast<char>('0' + size / 10 % 10);
  *out += static_cast<char>('0' + size % 10);
}

std::string GroupDigits(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = digits[0] == '-' ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ' ');
  }
  return digits;
}

}  // namespace idiolect
