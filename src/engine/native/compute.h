#pragma once
// What a calculation runs on: kernels and threads. Borrowed everywhere; the owner is the model.

#include "engine/native/kernels.h"
#include "engine/native/thread_pool.h"

namespace idiolect::native {

struct Compute {
  const Kernels* kernels = nullptr;
  ThreadPool* pool = nullptr;

  // body(first, last) over [0, count) in pieces of about `grain`.
  template <typename Body>
  void Ranges(int64_t count, int64_t grain, const Body& body) const {
    const int64_t pieces = (count + grain - 1) / grain;
    pool->For(pieces, [&](int64_t piece) {
      const int64_t first = piece * grain;
      body(first, first + grain < count ? first + grain : count);
    });
  }
};

}  // namespace idiolect::native
