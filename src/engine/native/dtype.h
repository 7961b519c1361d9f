#pragma once
// The two number formats that the engine computes in, and memory that holds them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

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

// Uninitialised memory aligned for the widest vectors. Move-only.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t bytes) : bytes_(bytes) {
    const size_t rounded = (static_cast<size_t>(bytes) + 63) / 64 * 64;
    data_.reset(std::aligned_alloc(64, rounded == 0 ? 64 : rounded));
    if (data_ == nullptr) throw std::bad_alloc();
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

}  // namespace idiolect::native
