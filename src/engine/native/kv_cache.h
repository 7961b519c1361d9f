#pragma once
// What a sequence has already been through: the keys and values of every layer, in bf16 or f32.
// Layers with a sliding window keep their window and a little more, whatever the length. Memory is
// counted against a budget that all sequences of a model share.

#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/files/model_config.h"
#include "engine/native/matrix.h"

namespace idiolect::native {

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit) : limit_(limit) {}
  bool Take(int64_t bytes) {
    int64_t used = used_.load();
    do {
      if (used + bytes > limit_) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return true;
  }
  void Give(int64_t bytes) { used_ -= bytes; }
  int64_t used() const { return used_; }
  int64_t limit() const { return limit_; }

 private:
  const int64_t limit_;
  std::atomic<int64_t> used_{0};
};

// Zeroed memory straight from the system and straight back to it: a server's caches come and go in
// all sizes, and a heap would keep the holes they leave. What is not written takes no memory.
// Move-only.
class SystemMemory {
 public:
  SystemMemory() = default;
  explicit SystemMemory(int64_t bytes);  // throws std::bad_alloc
  SystemMemory(SystemMemory&& other) noexcept;
  SystemMemory& operator=(SystemMemory&& other) noexcept;
  ~SystemMemory();
  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

// Thread-compatible. Config and budget must outlive it.
class KvCache {
 public:
  // No more than this many positions are appended at once.
  static constexpr int64_t kMostAtOnce = 512;

  KvCache(const ModelConfig& config, Dtype type, MemoryBudget* budget);
  ~KvCache();
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  // Room for `length` positions in all. False, changing nothing, when the budget or the system does
  // not allow it.
  bool Reserve(int64_t length);

  // Before a step: makes place in the windows for `count` more positions.
  void MakeRoom(int64_t count);
  // Row of `position` in layer, in the cache's format; kv_heads * head_dim numbers.
  char* Key(size_t layer, int64_t position) {
    return layers_[layer].keys + (position - layers_[layer].first) * row_bytes_;
  }
  char* Value(size_t layer, int64_t position) {
    return layers_[layer].values + (position - layers_[layer].first) * row_bytes_;
  }
  // Rows of a layer from position First(layer) on.
  Rows Keys(size_t layer) const { return {layers_[layer].keys, row_}; }
  Rows Values(size_t layer) const { return {layers_[layer].values, row_}; }
  int64_t First(size_t layer) const { return layers_[layer].first; }

  int64_t length() const { return length_; }
  void Advance(int64_t count) { length_ += count; }
  // Forgets all but the first positions: `length` of them, or, when a window no longer has what
  // they would need, all. Returns how many are left.
  int64_t Truncate(int64_t length);
  // Becomes a copy of the first `length` positions of another cache of the same model; this one is
  // empty and reserved for them. False, changing nothing, when a window of the other no longer has
  // what they would need.
  bool CopyStart(const KvCache& other, int64_t length);
  int64_t bytes() const { return bytes_; }

 private:
  struct Layer {
    char *keys = nullptr, *values = nullptr;  // in memory_
    int64_t first = 0;                        // position of the first row
    int64_t capacity = 0;                     // rows
    bool sliding = false;
  };

  bool Holds(int64_t length) const;

  const int64_t row_;
  const int64_t row_bytes_;
  const int64_t window_;
  MemoryBudget* const budget_;
  int64_t length_ = 0;
  int64_t bytes_ = 0;
  SystemMemory memory_;
  std::vector<Layer> layers_;
};

}  // namespace idiolect::native
