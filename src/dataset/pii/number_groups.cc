#include "dataset/pii/number_groups.h"

namespace idiolect {
namespace {

// The one meaningful character of what stands between two numbers; 0: they do not belong together.
char SeparatorOf(std::string_view gap) {
  if (gap.size() > 4) return 0;
  char separator = ' ';
  for (size_t i = 0; i < gap.size(); ++i) {
    char c = gap[i];
    if (c == '\xC2' && i + 1 < gap.size() && gap[i + 1] == '\xA0') {  // no-break space
      ++i;
      continue;
    }
    if (c == '\xE2' && i + 2 < gap.size() && gap[i + 1] == '\x80') {  // dashes
      if (gap[i + 2] < '\x90' || gap[i + 2] > '\x94') return 0;
      c = '-';
      i += 2;
    }
    if (c == ' ' || c == '\t') continue;
    constexpr std::string_view kKnown = "-./:(),";
    if (kKnown.find(c) == std::string_view::npos) return 0;
    if (separator == ' ') {
      separator = c;
    } else if (separator == ')' && c == '-') {
      separator = ')';
    } else if (separator == '-' && c == '(') {
      separator = '(';
    } else {
      return 0;
    }
  }
  return separator;
}

// Digits of a token such as "2294x751"; 0 when it is none.
uint32_t DigitsBeforeExtension(std::string_view token) {
  size_t at = 0;
  while (at < token.size() && token[at] >= '0' && token[at] <= '9') ++at;
  const size_t digits = at;
  if (at == 0 || at == token.size() || (token[at] | 0x20) != 'x') return 0;
  for (++at; at < token.size(); ++at) {
    if (token[at] < '0' || token[at] > '9') return 0;
  }
  return static_cast<uint32_t>(digits);
}

}  // namespace

std::string DigitRow::Joined(size_t n) const {
  std::string joined;
  for (size_t i = 0; i < n; ++i) joined += digits(i);
  return joined;
}

bool DigitRow::Shaped(std::initializer_list<uint32_t> sizes, std::string_view separators) const {
  if (count < sizes.size()) return false;
  size_t i = 0;
  for (const uint32_t wanted : sizes) {
    if (groups[i].size != wanted) return false;
    if (i > 0 && (separators.find(groups[i - 1].separator) == std::string_view::npos ||
                  groups[i - 1].separator != groups[0].separator)) {
      return false;
    }
    ++i;
  }
  return true;
}

DigitRow ReadDigitRow(const PiiText& text, size_t token) {
  DigitRow row;
  row.text = &text;
  while (row.count < kMostGroups) {
    DigitGroup& group = row.groups[row.count++];
    group.token = token;
    group.begin = text.tokens[token].begin;
    group.end = text.tokens[token].end;
    group.size = group.end - group.begin;
    if (token + 1 >= text.tokens.size()) break;
    const PiiToken& next = text.tokens[token + 1];
    group.separator = SeparatorOf(text.gap_after(token));
    if (next.type == PiiTokenType::kMixed && group.separator != 0 && row.count < kMostGroups) {
      const uint32_t digits = DigitsBeforeExtension(text.of(token + 1));
      if (digits > 0) {
        DigitGroup& last = row.groups[row.count++];
        last.token = token + 1;
        last.begin = next.begin;
        last.end = next.begin + digits;
        last.size = digits;
        last.extension_end = next.end;
        break;
      }
    }
    if (next.type != PiiTokenType::kNumber || group.separator == 0) {
      group.separator = 0;
      break;
    }
    ++token;
  }
  return row;
}

}  // namespace idiolect
