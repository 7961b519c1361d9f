#include "analysis/pair_counts.h"

namespace idiolect {

PairCounts::PairCounts(size_t most) : most_(most), slots_(1 << 14) {}

void PairCounts::Add(uint32_t first, uint32_t second, int corpus) {
  uint64_t hash = (uint64_t{first} << 32 | second) * 0x9e3779b97f4a7c15ull;
  hash ^= hash >> 32;
  ++totals_[corpus];
  __builtin_prefetch(&slots_[hash & (slots_.size() - 1)], 1);
  queue_[queued_++] = {first, second, static_cast<size_t>(hash), corpus};
  if (queued_ == kQueue) Drain();
}

void PairCounts::Drain() {
  for (size_t i = 0; i < queued_; ++i) Count(queue_[i]);
  queued_ = 0;
  if (used_ * 10 > slots_.size() * 7) Rebuild();
}

void PairCounts::Count(const Waiting& waiting) {
  const size_t mask = slots_.size() - 1;
  for (size_t at = waiting.hash & mask;; at = (at + 1) & mask) {
    Pair& pair = slots_[at];
    if (pair.counts[0] + pair.counts[1] == 0) {
      pair.first = waiting.first;
      pair.second = waiting.second;
      ++used_;
    } else if (pair.first != waiting.first || pair.second != waiting.second) {
      continue;
    }
    ++pair.counts[waiting.corpus];
    return;
  }
}

void PairCounts::Rebuild() {
  std::vector<Pair> old = std::move(slots_);
  const bool prune = used_ > most_;
  size_t kept = 0;
  for (Pair& pair : old) {
    if (pair.counts[0] + pair.counts[1] == 0) continue;
    if (prune && pair.counts[0] == 0 && pair.counts[1] == 1) pair.counts[1] = 0;
    kept += pair.counts[0] + pair.counts[1] > 0;
  }
  size_t size = old.size();
  while (kept * 10 > size * 4) size *= 2;
  slots_.assign(size, Pair());
  const size_t mask = size - 1;
  for (const Pair& pair : old) {
    if (pair.counts[0] + pair.counts[1] == 0) continue;
    uint64_t hash = (uint64_t{pair.first} << 32 | pair.second) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 32;
    size_t at = hash & mask;
    while (slots_[at].counts[0] + slots_[at].counts[1] > 0) at = (at + 1) & mask;
    slots_[at] = pair;
  }
  used_ = kept;
}

}  // namespace idiolect
