#pragma once
// The two number formats that the engine computes in, and memory that holds them.

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace idiolect::native {

// kBf16 halves memory and, where the processor multiplies it, takes a quarter of the time; sums are
// always kept in f32. The values index tables of kernels.
enum class Dtype : int { kF32 = 0, kBf16 = 1 };

inline int64_t SizeOf(Dtype type) {
  return type == Dtype::kBf16 ? 2 : 4;
}
// How many numbers of a row lie together in the four bytes that one step of a product takes.
inline int64_t GroupOf(Dtype type) {
  return type == Dtype::kBf16 ? 2 : 1;
}

// Uninitialised memory aligned for the widest vectors; large ones ask for large pages, which
// weights that are streamed once per token need. Move-only.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t bytes) : bytes_(bytes) {
    constexpr size_t kLine = 64, kLargePage = size_t{1} << 21;
    const auto size = static_cast<size_t>(bytes);
    const size_t alignment = size >= kLargePage ? kLargePage : kLine;
    const size_t rounded = (size + kLine - 1) / kLine * kLine;
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, rounded == 0 ? kLine : rounded) != 0) {
      throw std::bad_alloc();
    }
    data_.reset(memory);
    if (size >= kLargePage) madvise(memory, rounded, MADV_HUGEPAGE);
  }
  // Grows, never shrinks; what it held is lost when it grows.
  void Reserve(int64_t bytes) {
    if (bytes > bytes_) *this = Buffer(bytes);
  }
  template <typename T>
  T* as() const {
    return static_cast<T*>(data_.get());
  }
  char* data() const { return as<char>(); }
  int64_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> data_;
  int64_t bytes_ = 0;
};

// Many matrices in few large pages: streaming weights once per token is twice as fast from those,
// and a matrix alone is often smaller than one page. What was taken lives as long as the arena.
// Thread-compatible.
class Arena {
 public:
  char* Take(int64_t bytes) {
    const int64_t rounded = (bytes + 63) / 64 * 64;
    if (chunks_.empty() || used_ + rounded > chunks_.back().bytes()) {
      constexpr int64_t kChunk = int64_t{1} << 25;
      chunks_.emplace_back(rounded > kChunk ? rounded : kChunk);
      used_ = 0;
    }
    char* taken = chunks_.back().data() + used_;
    used_ += rounded;
    return taken;
  }

 private:
  std::vector<Buffer> chunks_;
  int64_t used_ = 0;
};

}  // namespace idiolect::native
