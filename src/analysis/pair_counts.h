#pragma once
// How often pairs of numbers (two words in a row, say) were met in each of two corpora. A table of
// its own because there are millions of pairs and each is touched once: adds wait in a small queue
// while their places come from memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace idiolect {

class PairCounts {
 public:
  // Above `most` pairs those met once only, and by the second corpus only, are forgotten.
  explicit PairCounts(size_t most = size_t{4} << 20);

  // `corpus` 0 or 1.
  void Add(uint32_t first, uint32_t second, int corpus);

  struct Pair {
    uint32_t first = 0, second = 0;
    uint32_t counts[2] = {0, 0};
  };
  // Counts what still waits: call after the last Add.
  void Finish() { Drain(); }
  // Calls each(const Pair&) in no particular order.
  template <typename Each>
  void ForEach(Each each) const {
    for (const Pair& pair : slots_) {
      if (pair.counts[0] + pair.counts[1] > 0) each(pair);
    }
  }
  // Everything added, the forgotten too.
  uint64_t total(int corpus) const { return totals_[corpus]; }

 private:
  struct Waiting {
    uint32_t first, second;
    size_t hash;
    int corpus;
  };
  void Count(const Waiting& waiting);
  void Drain();
  void Rebuild();

  static constexpr size_t kQueue = 16;
  size_t most_;
  std::vector<Pair> slots_;  // a power of two
  size_t used_ = 0;
  std::array<Waiting, kQueue> queue_;
  size_t queued_ = 0;
  uint64_t totals_[2] = {0, 0};
};

}  // namespace idiolect
