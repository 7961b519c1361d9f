#include "engine/native/kv_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace idiolect::native {
namespace {

// Beyond the window: what a next turn may take back, and room to append in before rows are moved.
constexpr int64_t kBack = 256;
constexpr int64_t kSlack = kBack + 2 * KvCache::kMostAtOnce;
constexpr int64_t kLeast = 256;

}  // namespace

SystemMemory::SystemMemory(int64_t bytes) : bytes_(static_cast<size_t>(bytes)) {
  void* const memory =
      ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // The layers' parts lie one behind the other, each written from its beginning: a large page would
  // bring in several of them at once.
  ::madvise(memory, bytes_, MADV_NOHUGEPAGE);
  data_ = static_cast<char*>(memory);
}
SystemMemory::SystemMemory(SystemMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
SystemMemory& SystemMemory::operator=(SystemMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}
SystemMemory::~SystemMemory() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

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
  SystemMemory grown;
  try {
    grown = SystemMemory(bytes_ + bytes);
  } catch (const std::bad_alloc&) {
    budget_->Give(bytes);
    return false;
  }
  bytes_ += bytes;
  char* place = grown.data();
  for (Layer& layer : layers_) {
    layer.capacity = wanted(layer, rows);
    const int64_t held = std::max<int64_t>(0, length_ - layer.first);
    for (char** part : {&layer.keys, &layer.values}) {
      if (held > 0) std::memcpy(place, *part, static_cast<size_t>(held * row_bytes_));
      *part = place;
      place += layer.capacity * row_bytes_;
    }
  }
  memory_ = std::move(grown);
  return true;
}

void KvCache::MakeRoom(int64_t count) {
  for (Layer& layer : layers_) {
    if (length_ + count - layer.first <= layer.capacity) continue;
    const int64_t first = std::max<int64_t>(layer.first, length_ - window_ - kBack);
    for (char* part : {layer.keys, layer.values}) {
      std::memmove(part, part + (first - layer.first) * row_bytes_,
                   static_cast<size_t>((length_ - first) * row_bytes_));
    }
    layer.first = first;
  }
}

bool KvCache::Holds(int64_t length) const {
  for (const Layer& layer : layers_) {
    if (layer.first > 0 && length - window_ + 1 < layer.first) return false;
  }
  return length <= length_;
}

bool KvCache::CopyStart(const KvCache& other, int64_t length) {
  if (!other.Holds(length)) return false;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& from = other.layers_[i];
    Layer& to = layers_[i];
    to.first = from.first;
    const auto bytes = static_cast<size_t>((length - from.first) * row_bytes_);
    std::memcpy(to.keys, from.keys, bytes);
    std::memcpy(to.values, from.values, bytes);
  }
  length_ = length;
  return true;
}

int64_t KvCache::Truncate(int64_t length) {
  length = std::min(length, length_);
  if (!Holds(length)) length = 0;
  if (length == 0) {
    for (Layer& layer : layers_) layer.first = 0;
  }
  length_ = length;
  return length;
}

}  // namespace idiolect::native
