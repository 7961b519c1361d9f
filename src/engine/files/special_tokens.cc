#include "engine/files/special_tokens.h"

namespace idiolect {

uint32_t SpecialTokens::Child(uint32_t node, unsigned char byte) const {
  if (node == 0) return roots_[byte];
  for (const uint32_t child : nodes_[node].children) {
    if (nodes_[child].byte == byte) return child;
  }
  return 0;
}

void SpecialTokens::Add(std::string_view text, int32_t id, bool control) {
  if (text.empty()) return;
  if (!control) text_roots_[static_cast<unsigned char>(text[0])] = true;
  uint32_t node = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    uint32_t child = Child(node, byte);
    if (child == 0) {
      child = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back().byte = byte;
      if (node == 0) {
        roots_[byte] = child;
      } else {
        nodes_[node].children.push_back(child);
      }
    }
    node = child;
  }
  if (nodes_[node].id >= 0) return;
  nodes_[node].id = id;
  nodes_[node].control = control;
}

SpecialTokens::Match SpecialTokens::Find(std::string_view text, size_t from, Which which) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    const auto first = static_cast<unsigned char>(text[begin]);
    if (which == Which::kAll ? roots_[first] == 0 : !text_roots_[first]) continue;
    Match best;
    uint32_t node = 0;
    for (size_t at = begin; at < text.size(); ++at) {
      node = Child(node, static_cast<unsigned char>(text[at]));
      if (node == 0) break;
      if (nodes_[node].id >= 0 && (which == Which::kAll || !nodes_[node].control)) {
        best = {begin, at + 1 - begin, nodes_[node].id};
      }
    }
    if (best.length > 0) return best;
  }
  return {};
}

}  // namespace idiolect
