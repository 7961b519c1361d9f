#pragma once
// Byte-pair merging by rank, as tiktoken defines it: among neighbouring parts, join the two whose
// bytes together are the token of lowest rank (the leftmost of equals), until no two are a token.
// Short pieces are scanned; long ones go through a heap, so that a megabyte without a space is no
// trap. Used by o200k.cc alone.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokens/o200k.h"

namespace idiolect {

// Memory kept between calls.
class ByteMerge {
 public:
  // The ids of `piece`, which is no token itself, in ids(). At most 4 GiB.
  void Run(const O200k& encoding, std::string_view piece) {
    ids_.clear();
    if (piece.size() <= kLongestScan) {
      Scan(encoding, piece);
    } else {
      Heap(encoding, piece);
    }
  }
  const std::vector<uint32_t>& ids() const { return ids_; }

 private:
  static constexpr size_t kLongestScan = 64;
  static constexpr uint32_t kNone = O200k::kNone;

  struct Part {
    uint32_t begin;
    uint32_t id;
    uint32_t joined;  // the token that it makes with the next part
  };
  struct Candidate {
    uint32_t rank;
    uint32_t left;
    uint32_t end;  // of both together when found; another now means that it is stale
  };

  static uint32_t Joined(const O200k& encoding, std::string_view piece, size_t begin, size_t end) {
    return end - begin > encoding.longest() ? kNone
                                            : encoding.Find(piece.substr(begin, end - begin));
  }

  void Start(const O200k& encoding, std::string_view piece) {
    parts_.resize(piece.size());
    for (size_t i = 0; i < piece.size(); ++i) {
      const auto a = static_cast<unsigned char>(piece[i]);
      parts_[i] = {static_cast<uint32_t>(i), encoding.FindByte(a),
                   i + 1 < piece.size()
                       ? encoding.FindPair(a, static_cast<unsigned char>(piece[i + 1]))
                       : kNone};
    }
  }

  void Scan(const O200k& encoding, std::string_view piece) {
    Start(encoding, piece);
    size_t count = parts_.size();
    Part* parts = parts_.data();
    for (;;) {
      size_t best = 0;
      uint32_t rank = kNone;
      for (size_t i = 0; i + 1 < count; ++i) {
        if (parts[i].joined < rank) {
          rank = parts[i].joined;
          best = i;
        }
      }
      if (rank == kNone) break;
      parts[best].id = rank;
      std::copy(parts + best + 2, parts + count, parts + best + 1);
      --count;
      const auto end = [&](size_t part) {
        return part + 1 < count ? parts[part + 1].begin : piece.size();
      };
      parts[best].joined =
          best + 1 < count ? Joined(encoding, piece, parts[best].begin, end(best + 1)) : kNone;
      if (best > 0)
        parts[best - 1].joined = Joined(encoding, piece, parts[best - 1].begin, end(best));
    }
    for (size_t i = 0; i < count; ++i) ids_.push_back(parts[i].id);
  }

  // Parts stay where they began; `next` of the one before says where a part ends.
  void Heap(const O200k& encoding, std::string_view piece) {
    Start(encoding, piece);
    const auto size = static_cast<uint32_t>(piece.size());
    next_.resize(size);
    previous_.resize(size);
    heap_.clear();
    const auto later = [](const Candidate& a, const Candidate& b) {
      return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
    };
    for (uint32_t i = 0; i < size; ++i) {
      next_[i] = i + 1;
      previous_[i] = i == 0 ? kNone : i - 1;
      if (parts_[i].joined != kNone) heap_.push_back({parts_[i].joined, i, i + 2});
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    const auto consider = [&](uint32_t left) {
      if (left == kNone || next_[left] == size) return;
      const uint32_t end = next_[next_[left]];
      const uint32_t rank = Joined(encoding, piece, left, end);
      if (rank == kNone) return;
      heap_.push_back({rank, left, end});
      std::push_heap(heap_.begin(), heap_.end(), later);
    };
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      const Candidate best = heap_.back();
      heap_.pop_back();
      const uint32_t middle = next_[best.left];
      // A part that was swallowed has no next.
      if (middle == kNone || middle == size || next_[middle] != best.end) continue;
      parts_[best.left].id = best.rank;
      next_[best.left] = best.end;
      next_[middle] = kNone;
      if (best.end != size) previous_[best.end] = best.left;
      consider(best.left);
      consider(previous_[best.left]);
    }
    for (uint32_t i = 0; i != size; i = next_[i]) ids_.push_back(parts_[i].id);
  }

  std::vector<uint32_t> ids_;
  std::vector<Part> parts_;
  std::vector<uint32_t> next_, previous_;
  std::vector<Candidate> heap_;
};

}  // namespace idiolect
