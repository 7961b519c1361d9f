#include "base/json.h"

#include <array>

#include "base/text.h"

namespace idiolect {
namespace {

// 0: copy as it is; otherwise the letter after the backslash, 'u' for \u00XX, 'x' for "look
// closer".
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> table{};
  for (int i = 0; i < 0x20; ++i) table[static_cast<size_t>(i)] = 'u';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

void AppendEscaped(std::string_view text, std::string* out) {
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out->append(text, copied, i - copied);
    copied = i + 1;
    *out += '\\';
    *out += escape;
    if (escape == 'u') {
      constexpr char kDigits[] = "0123456789abcdef";
      *out += "00";
      *out += kDigits[byte >> 4];
      *out += kDigits[byte & 15];
    }
  }
  out->append(text, copied, text.size() - copied);
}

// Length of the beginning that can be copied as it is: ASCII without escapes and two-byte letters,
// which is most of what people write.
size_t PlainPrefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      if (kEscapes[byte] != 0) return at;
      ++at;
    } else {
      if (byte < 0xC2 || byte > 0xDF || at + 1 == text.size() ||
          (static_cast<unsigned char>(text[at + 1]) & 0xC0) != 0x80) {
        return at;
      }
      at += 2;
    }
  }
  return at;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  const size_t plain = PlainPrefix(text);
  out->append(text, 0, plain);
  text.remove_prefix(plain);
  if (IsUtf8(text)) {
    AppendEscaped(text, out);
  } else {
    AppendEscaped(RepairUtf8(text), out);
  }
  *out += '"';
}

std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

bool NestsDeeper(std::string_view text, size_t levels) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > levels) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace idiolect
