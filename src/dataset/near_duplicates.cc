#include "dataset/near_duplicates.h"

#include <algorithm>
#include <numeric>

#include "dataset/spoken.h"

namespace idiolect {
namespace {

// 8 bands of 4 rows: pairs with an index of 0.7 share a band in nine cases of ten, those of 0.3 in
// one of twenty, and are then compared row by row.
constexpr size_t kBands = 8;
constexpr size_t kRowsPerBand = kSketchRows / kBands;

uint64_t Mixed(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ull;
  return x ^ (x >> 33);
}

class Minima {
 public:
  Minima() { lowest_.fill(UINT32_MAX); }
  // Each row orders the features by a linear function of their hash of its own.
  void Add(uint64_t feature) {
    const uint64_t hash = Mixed(feature);
    const auto low = static_cast<uint32_t>(hash), high = static_cast<uint32_t>(hash >> 32) | 1;
    uint32_t value = low;
    for (uint32_t& lowest : lowest_) {
      value += high;
      value ^= value << 7;
      lowest = std::min(lowest, value * 0x9e3779b1u);
    }
  }
  Sketch Take() const {
    Sketch sketch;
    for (size_t i = 0; i < kSketchRows; ++i) {
      sketch.rows[i] = static_cast<uint16_t>(Mixed(lowest_[i]) | 1);
    }
    return sketch;
  }

 private:
  std::array<uint32_t, kSketchRows> lowest_;
};

uint32_t Find(std::vector<uint32_t>& parent, uint32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

bool Sketch::empty() const {
  return rows[0] == 0;
}

Sketch SketchOf(std::string_view text) {
  Minima minima;
  uint64_t before = 0;
  size_t words = 0;
  ForEachWordHash(text, [&](uint64_t word) {
    minima.Add(word);
    if (words++ > 0) minima.Add(before * 31 + word);
    before = word;
  });
  return words < kFewestSketchWords ? Sketch() : minima.Take();
}

double Likeness(const Sketch& a, const Sketch& b) {
  if (a.empty() || b.empty()) return 0;
  size_t equal = 0;
  for (size_t i = 0; i < kSketchRows; ++i) equal += a.rows[i] == b.rows[i];
  return static_cast<double>(equal) / kSketchRows;
}

std::vector<uint32_t> GroupAlike(std::span<const Sketch> sketches, double least) {
  std::vector<uint32_t> parent(sketches.size());
  std::iota(parent.begin(), parent.end(), 0u);
  struct Entry {
    uint64_t band;
    uint32_t index;
  };
  std::vector<Entry> entries;
  for (size_t band = 0; band < kBands; ++band) {
    entries.clear();
    for (uint32_t i = 0; i < sketches.size(); ++i) {
      if (sketches[i].empty()) continue;
      uint64_t hash = 0;
      for (size_t row = 0; row < kRowsPerBand; ++row) {
        hash = hash << 16 | sketches[i].rows[band * kRowsPerBand + row];
      }
      entries.push_back({hash, i});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.band != b.band ? a.band < b.band : a.index < b.index;
    });
    for (size_t begin = 0; begin < entries.size();) {
      size_t end = begin + 1;
      // All pairs of the band, but a sketch that was there before stands for its copies.
      std::vector<uint32_t> different = {entries[begin].index};
      for (; end < entries.size() && entries[end].band == entries[begin].band; ++end) {
        const uint32_t index = entries[end].index;
        bool copy = false;
        for (const uint32_t other : different) {
          const uint32_t a = Find(parent, other), b = Find(parent, index);
          copy = sketches[other].rows == sketches[index].rows;
          if (a == b && !copy) continue;
          if (copy || Likeness(sketches[other], sketches[index]) >= least) {
            parent[std::max(a, b)] = std::min(a, b);
          }
          if (copy) break;
        }
        if (!copy) different.push_back(index);
      }
      begin = end;
    }
  }
  for (uint32_t i = 0; i < parent.size(); ++i) parent[i] = Find(parent, i);
  return parent;
}

}  // namespace idiolect
