#pragma once
// The heart of every BPE: among neighbouring symbols, merge the pair of lowest rank (leftmost of
// equals) until none is left. Short sequences, nearly all words, are scanned; long ones go through
// a heap, so that a megabyte without a space is no trap.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/files/token_table.h"

namespace idiolect {

struct Symbol {
  uint32_t begin = 0;  // in the text being encoded
  uint32_t length = 0;
  int32_t id = -1;  // -1: no token has this text
};

// Memory reused between calls.
struct MergeScratch {
  struct Candidate {
    uint32_t rank;
    uint32_t left, right;
    uint32_t length;  // of both together when it was found; another now means that it is stale
    int32_t merged;
  };
  std::vector<Symbol> symbols;
  std::vector<PairMerge> pairs;
  std::vector<uint32_t> previous, next;
  std::vector<Candidate> heap;
};

constexpr size_t kLongestScan = 48;

// `find(left, right)` says what two neighbours merge into. Works on scratch->symbols in place.
template <typename Find>
void MergeByScan(MergeScratch* scratch, const Find& find) {
  std::vector<Symbol>& symbols = scratch->symbols;
  std::vector<PairMerge>& pairs = scratch->pairs;  // pairs[i]: of symbols i and i + 1
  pairs.clear();
  for (size_t i = 0; i + 1 < symbols.size(); ++i) pairs.push_back(find(symbols[i], symbols[i + 1]));
  while (!pairs.empty()) {
    size_t best = 0;
    for (size_t i = 1; i < pairs.size(); ++i) {
      if (pairs[i].rank < pairs[best].rank) best = i;
    }
    if (pairs[best].rank == UINT32_MAX) return;
    symbols[best].length += symbols[best + 1].length;
    symbols[best].id = pairs[best].merged;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(best));
    if (best > 0) pairs[best - 1] = find(symbols[best - 1], symbols[best]);
    if (best < pairs.size()) pairs[best] = find(symbols[best], symbols[best + 1]);
  }
}

template <typename Find>
void MergeByHeap(MergeScratch* scratch, const Find& find) {
  using Candidate = MergeScratch::Candidate;
  std::vector<Symbol>& symbols = scratch->symbols;
  std::vector<Candidate>& heap = scratch->heap;
  const auto count = static_cast<uint32_t>(symbols.size());
  constexpr uint32_t kEnd = UINT32_MAX;
  scratch->previous.resize(count);
  scratch->next.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    scratch->previous[i] = i == 0 ? kEnd : i - 1;
    scratch->next[i] = i + 1 == count ? kEnd : i + 1;
  }
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
  };
  const auto consider = [&](uint32_t left, uint32_t right) {
    if (left == kEnd || right == kEnd) return;
    const PairMerge merge = find(symbols[left], symbols[right]);
    if (merge.rank == UINT32_MAX) return;
    heap.push_back(
        {merge.rank, left, right, symbols[left].length + symbols[right].length, merge.merged});
    std::push_heap(heap.begin(), heap.end(), later);
  };
  heap.clear();
  for (uint32_t i = 0; i + 1 < count; ++i) consider(i, i + 1);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = symbols[best.left];
    Symbol& right = symbols[best.right];
    // A symbol that was merged away has no length; one that grew makes the sum differ.
    if (left.length == 0 || right.length == 0 || left.length + right.length != best.length)
      continue;
    left.length = best.length;
    left.id = best.merged;
    right.length = 0;
    const uint32_t after = scratch->next[best.right];
    scratch->next[best.left] = after;
    if (after != kEnd) scratch->previous[after] = best.left;
    consider(scratch->previous[best.left], best.left);
    consider(best.left, after);
  }
  std::erase_if(symbols, [](const Symbol& symbol) { return symbol.length == 0; });
}

template <typename Find>
void MergeSymbols(MergeScratch* scratch, const Find& find) {
  if (scratch->symbols.size() <= kLongestScan) {
    MergeByScan(scratch, find);
  } else {
    MergeByHeap(scratch, find);
  }
}

}  // namespace idiolect
