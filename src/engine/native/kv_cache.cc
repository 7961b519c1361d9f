#include "engine/native/kv_cache.h"

#include <algorithm>
#include <cstring>

namespace idiolect::native {
namespace {

// Beyond the window: what a next turn may take back, and room to append in before rows are moved.
constexpr int64_t kBack = 256;
constexpr int64_t kSlack = kBack + 2 * KvCache::kMostAtOnce;
constexpr int64_t kLeast = 256;

}  // namespace

KvCache::KvCache(const ModelConfig& config, Dtype type, MemoryBudget* budget)
    : row_(config.kv_heads * config.head_dim),
      row_bytes_(row_ * SizeOf(type)),
      window_(config.sliding_window),
      budget_(budget),
      layers_(static_cast<size_t>(config.layers)) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].sliding = config.IsSliding(static_cast<int64_t>(i));
  }
}

KvCache::~KvCache() {
  budget_->Give(bytes_);
}

bool KvCache::Reserve(int64_t length) {
  // Doubling, so that a growing sequence is seldom copied; exactly, where memory is short.
  auto wanted = [&](const Layer& layer, int64_t rows) {
    if (layer.sliding) rows = std::min(rows, window_ + kSlack);
    return std::max(layer.capacity, rows);
  };
  auto more = [&](int64_t rows) {
    int64_t bytes = 0;
    for (const Layer& layer : layers_) {
      bytes += 2 * row_bytes_ * (wanted(layer, rows) - layer.capacity);
    }
    return bytes;
  };
  if (more(length) == 0) return true;
  int64_t capacity = 0;
  for (const Layer& layer : layers_) capacity = std::max(capacity, layer.capacity);
  int64_t rows = std::max({kLeast, length, capacity < length ? 2 * capacity : 0});
  int64_t bytes = more(rows);
  if (!budget_->Take(bytes)) {
    rows = length;
    bytes = more(rows);
    if (!budget_->Take(bytes)) return false;
  }
  bytes_ += bytes;
  for (Layer& layer : layers_) {
    const int64_t larger = wanted(layer, rows);
    if (larger == layer.capacity) continue;
    for (Buffer* buffer : {&layer.keys, &layer.values}) {
      Buffer grown(larger * row_bytes_);
      const int64_t held = std::max<int64_t>(0, length_ - layer.first);
      if (held > 0) {
        std::memcpy(grown.data(), buffer->data(), static_cast<size_t>(held * row_bytes_));
      }
      *buffer = std::move(grown);
    }
    layer.capacity = larger;
  }
  return true;
}

void KvCache::MakeRoom(int64_t count) {
  for (Layer& layer : layers_) {
    if (length_ + count - layer.first <= layer.capacity) continue;
    const int64_t first = std::max<int64_t>(layer.first, length_ - window_ - kBack);
    for (Buffer* buffer : {&layer.keys, &layer.values}) {
      std::memmove(buffer->data(), buffer->data() + (first - layer.first) * row_bytes_,
                   static_cast<size_t>((length_ - first) * row_bytes_));
    }
    layer.first = first;
  }
}

int64_t KvCache::Truncate(int64_t length) {
  length = std::min(length, length_);
  for (const Layer& layer : layers_) {
    if (layer.first > 0 && length - window_ + 1 < layer.first) length = 0;
  }
  if (length == 0) {
    for (Layer& layer : layers_) layer.first = 0;
  }
  length_ = length;
  return length;
}

}  // namespace idiolect::native
