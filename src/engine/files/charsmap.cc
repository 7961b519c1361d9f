#include "engine/files/charsmap.h"

#include <cstring>

#include "base/text.h"

namespace idiolect {
namespace {

// A node of a double array, by bits: 31 … 0 of a leaf are its value; else 7 … 0 and 31 the label
// that leads here, 8 whether a leaf hangs on it, 30 … 9 where its children are.
bool HasLeaf(uint32_t node) {
  return (node >> 8 & 1) != 0;
}
uint32_t ValueOf(uint32_t node) {
  return node & 0x7fffffff;
}
uint32_t LabelOf(uint32_t node) {
  return node & 0x800000ff;
}
uint32_t OffsetOf(uint32_t node) {
  return node >> 10 << ((node & 0x200) >> 6);
}

}  // namespace

Result<Charsmap> Charsmap::Parse(std::string_view bytes, const std::string& what) {
  Charsmap map;
  if (bytes.empty()) return map;
  uint32_t size = 0;
  if (bytes.size() < sizeof size) {
    return Fail(ErrorKind::kBadInput, what + ": the table of replaced characters is cut off");
  }
  std::memcpy(&size, bytes.data(), sizeof size);
  bytes.remove_prefix(sizeof size);
  if (size > bytes.size() || size % sizeof(uint32_t) != 0) {
    return Fail(ErrorKind::kBadInput, what + ": the table of replaced characters is cut off");
  }
  map.trie_.resize(size / sizeof(uint32_t));
  if (size > 0) std::memcpy(map.trie_.data(), bytes.data(), size);
  map.replacements_ = bytes.substr(size);
  return map;
}

Charsmap::Match Charsmap::LongestAt(std::string_view text) const {
  Match match;
  size_t at = OffsetOf(trie_[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    at ^= byte;
    if (byte == 0 || at >= trie_.size() || LabelOf(trie_[at]) != byte) break;
    const uint32_t node = trie_[at];
    at ^= OffsetOf(node);
    if (!HasLeaf(node)) continue;
    if (at >= trie_.size()) break;
    const size_t value = ValueOf(trie_[at]);
    if (value >= replacements_.size()) break;
    const size_t end = std::min(replacements_.find('\0', value), replacements_.size());
    match = {i + 1, std::string_view(replacements_).substr(value, end - value)};
  }
  return match;
}

std::string Charsmap::Apply(std::string_view text) const {
  if (trie_.empty()) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (const Match match = LongestAt(text.substr(at)); match.length > 0) {
      out += match.replacement;
      at += match.length;
      continue;
    }
    size_t next = at;
    NextCodePoint(text, &next);
    out += text.substr(at, next - at);
    at = next;
  }
  return out;
}

}  // namespace idiolect
