#include "engine/files/token_table.h"

#include <bit>
#include <cstring>

namespace idiolect {
namespace {

constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15ull;

uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * kMultiplier;
  return hash ^ hash >> 32;
}

uint64_t KeyOfPair(int32_t left, int32_t right) {
  return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right)) +
         1;
}

// Room for `count` at most two thirds full.
size_t SlotsFor(size_t count) {
  return std::bit_ceil(count + count / 2 + 8);
}

}  // namespace

uint64_t HashOfText(std::string_view text) {
  uint64_t hash = Mix(kMultiplier, text.size());
  while (text.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = Mix(hash, word);
    text.remove_prefix(8);
  }
  uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
  return Mix(hash, rest);
}

void TextTable::Reserve(size_t tokens) {
  slots_.assign(SlotsFor(tokens), 0);
  mask_ = slots_.size() - 1;
}

void TextTable::Insert(const TokenTexts& texts, int32_t id) {
  const std::string_view text = texts[id];
  const uint64_t hash = HashOfText(text);
  const uint64_t tag = hash & 0xffffffff00000000ull;
  uint64_t at = hash & mask_;
  while (slots_[at] != 0) {
    if ((slots_[at] & 0xffffffff00000000ull) == tag &&
        texts[static_cast<int32_t>(slots_[at] & 0xffffffff) - 1] == text) {
      return;
    }
    at = (at + 1) & mask_;
  }
  slots_[at] = tag | static_cast<uint32_t>(id + 1);
}

int32_t TextTable::Find(const TokenTexts& texts, std::string_view text) const {
  if (slots_.empty()) return -1;
  const uint64_t hash = HashOfText(text);
  const uint64_t tag = hash & 0xffffffff00000000ull;
  for (uint64_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
    if ((slots_[at] & 0xffffffff00000000ull) != tag) continue;
    const int32_t id = static_cast<int32_t>(slots_[at] & 0xffffffff) - 1;
    if (texts[id] == text) return id;
  }
  return -1;
}

void PairTable::Reserve(size_t pairs) {
  slots_.assign(SlotsFor(pairs), Slot{0, {}});
  mask_ = slots_.size() - 1;
}

void PairTable::Insert(int32_t left, int32_t right, PairMerge merge) {
  const uint64_t key = KeyOfPair(left, right);
  uint64_t at = Mix(0, key) & mask_;
  while (slots_[at].key != 0) {
    if (slots_[at].key == key) return;
    at = (at + 1) & mask_;
  }
  slots_[at] = {key, merge};
}

PairMerge PairTable::Find(int32_t left, int32_t right) const {
  if (slots_.empty()) return {};
  const uint64_t key = KeyOfPair(left, right);
  for (uint64_t at = Mix(0, key) & mask_; slots_[at].key != 0; at = (at + 1) & mask_) {
    if (slots_[at].key == key) return slots_[at].merge;
  }
  return {};
}

}  // namespace idiolect
