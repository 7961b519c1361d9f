#pragma once
// The two hash tables of a tokenizer: token text to id, and pair of ids to what they merge into.
// Open addressing over flat memory, because a vocabulary of a quarter million must load in a few
// tens of milliseconds.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace idiolect {

// All token texts, one after another, by id.
class TokenTexts {
 public:
  void Reserve(size_t tokens, size_t bytes) {
    ends_.reserve(tokens);
    bytes_.reserve(bytes);
  }
  void Add(std::string_view text) {
    bytes_ += text;
    ends_.push_back(static_cast<uint32_t>(bytes_.size()));
  }
  std::string_view operator[](int32_t id) const {
    const auto i = static_cast<size_t>(id);
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  int32_t size() const { return static_cast<int32_t>(ends_.size()); }

 private:
  std::string bytes_;
  std::vector<uint32_t> ends_;
};

// Finds ids by text. The texts stay where they are and are passed to each call.
class TextTable {
 public:
  void Reserve(size_t tokens);
  // Of two equal texts the first stays. Must be within what was reserved.
  void Insert(const TokenTexts& texts, int32_t id);
  // -1: no such token.
  int32_t Find(const TokenTexts& texts, std::string_view text) const;

 private:
  std::vector<uint64_t> slots_;  // hash in the upper half, id + 1 in the lower; 0: empty
  uint64_t mask_ = 0;
};

struct PairMerge {
  uint32_t rank = UINT32_MAX;  // lower merges first; UINT32_MAX: these two do not merge
  int32_t merged = -1;
};

class PairTable {
 public:
  void Reserve(size_t pairs);
  // Of two equal pairs the first stays. Must be within what was reserved.
  void Insert(int32_t left, int32_t right, PairMerge merge);
  PairMerge Find(int32_t left, int32_t right) const;

 private:
  struct Slot {
    uint64_t key;  // both ids plus one, so that 0 is empty
    PairMerge merge;
  };
  std::vector<Slot> slots_;
  uint64_t mask_ = 0;
};

uint64_t HashOfText(std::string_view text);

}  // namespace idiolect
