#include "base/o200k_split.h"

#include "base/text.h"

namespace idiolect {
namespace {

// A word is capitals, then small letters; letters without case and marks may stand in both parts.
constexpr unsigned kHead = 1;      // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
constexpr unsigned kTail = 2;      // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
constexpr unsigned kLetter = 4;    // \p{L}
constexpr unsigned kNumber = 8;    // \p{N}
constexpr unsigned kSpace = 16;    // \s
constexpr unsigned kNewline = 32;  // [\r\n]
constexpr unsigned kBoth = kHead | kTail;

unsigned FlagsOf(char32_t c) {
  if (IsLetter(c)) {
    if (IsCapitalLetter(c)) return kLetter | kHead;
    if (IsSmallLetter(c)) return kLetter | kTail;
    return kLetter | kBoth;
  }
  if (IsMark(c)) return kBoth;
  if (IsNumber(c)) return kNumber;
  if (c == '\r' || c == '\n') return kSpace | kNewline;
  return IsSpace(c) ? kSpace : 0;
}

// The length of (?i:'s|'t|'re|'ve|'m|'ll|'d) at `at`, or 0. Without regard to case, s is also ſ.
size_t Contraction(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at] != '\'') return 0;
  const auto letter = [&](size_t i) -> char {
    const char c = at + i < text.size() ? text[at + i] : '\0';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const char second = letter(2);
  switch (letter(1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return second == 'e' ? 3 : 0;
    case 'l':
      return second == 'l' ? 3 : 0;
    case '\xC5':
      return second == '\xBF' ? 3 : 0;
    default:
      return 0;
  }
}

}  // namespace

O200kSplitter::O200kSplitter(O200kForm form) : form_(form) {
  for (size_t c = 0; c < flags_.size(); ++c) {
    flags_[c] = static_cast<uint8_t>(FlagsOf(static_cast<char32_t>(c)));
  }
}

inline O200kSplitter::Step O200kSplitter::At(std::string_view text, size_t at) const {
  if (at >= text.size()) return {0, 0};
  const auto b0 = static_cast<unsigned char>(text[at]);
  if (b0 < 0x80) return {flags_[b0], 1};
  if (b0 >= 0xC2 && b0 < 0xE0 && at + 1 < text.size()) {
    const auto b1 = static_cast<unsigned char>(text[at + 1]);
    if ((b1 & 0xC0) == 0x80) return {flags_[(b0 & 0x1Fu) << 6 | (b1 & 0x3Fu)], 2};
  }
  return Rare(text, at);
}

O200kSplitter::Step O200kSplitter::Rare(std::string_view text, size_t at) const {
  size_t next = at;
  const char32_t c = NextCodePoint(text, &next);
  const auto length = static_cast<unsigned>(next - at);
  return {c < flags_.size() ? flags_[c] : FlagsOf(c), length};
}

// The first two rows. The piece begins at `at`; its first letter is at `first`, which is `at` or
// one code point later.
inline size_t O200kSplitter::WordEnd(std::string_view text, size_t at, size_t first) const {
  size_t end = first;
  size_t after_both = 0;  // end of the last code point of the head that could be tail, too
  Step step = At(text, end);
  while (step.flags & kHead) {
    end += step.length;
    if (step.flags & kTail) after_both = end;
    step = At(text, end);
  }
  if (step.flags & kTail) {
    do {
      end += step.length;
      step = At(text, end);
    } while (step.flags & kTail);
  } else if (after_both != 0) {
    // The tail needs one code point, so the head gives back down to the last that will do.
    end = after_both;
  } else if (first > at) {
    // Capitals only. If what stands before them is a mark, the first row matches that mark alone
    // before the second row is tried.
    const Step before = At(text, at);
    if (before.flags & kTail) return first;
  }
  return form_ == O200kForm::kO200k ? end + Contraction(text, end) : end;
}

// The last three rows.
size_t O200kSplitter::SpacesEnd(std::string_view text, size_t at) const {
  size_t end = at, last = at, after_newline = at;
  for (Step step = At(text, at); step.flags & kSpace; step = At(text, end)) {
    last = end;
    end += step.length;
    if (step.flags & kNewline) after_newline = end;
  }
  if (after_newline > at) return after_newline;
  // A word takes the last of several spaces.
  return end == text.size() || last == at ? end : last;
}

size_t O200kSplitter::PieceEnd(std::string_view text, size_t at) const {
  const Step first = At(text, at);
  if (first.flags & kLetter) return WordEnd(text, at, at);
  if (first.flags & kNumber) {
    size_t end = at + first.length;
    const int most = form_ == O200kForm::kO200k ? 3 : 1;
    for (int i = 1; i < most; ++i) {
      const Step step = At(text, end);
      if (!(step.flags & kNumber)) break;
      end += step.length;
    }
    return end;
  }
  const Step second = At(text, at + first.length);
  if (!(first.flags & kNewline)) {
    if (second.flags & kBoth) return WordEnd(text, at, at + first.length);
    if (first.flags & kBoth) return WordEnd(text, at, at);
  }
  // ` ?[^\s\p{L}\p{N}]+[\r\n/]*`
  constexpr unsigned kNoSymbol = kSpace | kLetter | kNumber;
  size_t end = at;
  Step step = first;
  if (text[at] == ' ') {
    end += 1;
    step = second;
  }
  if (step.length != 0 && !(step.flags & kNoSymbol)) {
    do {
      end += step.length;
      step = At(text, end);
    } while (step.length != 0 && !(step.flags & kNoSymbol));
    while (end < text.size() && (text[end] == '\r' || text[end] == '\n' || text[end] == '/')) ++end;
    return end;
  }
  return SpacesEnd(text, at);
}

}  // namespace idiolect
