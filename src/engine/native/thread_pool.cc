#include "engine/native/thread_pool.h"

#include <algorithm>

namespace idiolect::native {
namespace {

constexpr uint64_t kItemBits = 20;
constexpr uint64_t kItemMask = (uint64_t{1} << kItemBits) - 1;
constexpr int kSpins = 2000;  // about 30 µs

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

uint64_t LoopOf(uint64_t ticket) {
  return ticket >> (2 * kItemBits);
}
uint64_t CountOf(uint64_t ticket) {
  return (ticket >> kItemBits) & kItemMask;
}
uint64_t NextOf(uint64_t ticket) {
  return ticket & kItemMask;
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  ++wake_;
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool ThreadPool::TakeOne() {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (NextOf(ticket) < CountOf(ticket)) {
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    // The loop cannot end before this item is done, so what it runs is still there.
    function_.load(std::memory_order_relaxed)(data_.load(std::memory_order_relaxed),
                                              static_cast<int64_t>(NextOf(ticket)));
    done_.fetch_add(1, std::memory_order_release);
    return true;
  }
  return false;
}

void ThreadPool::Work() {
  while (!stop_.load(std::memory_order_relaxed)) {
    const uint32_t seen = wake_.load();
    if (TakeOne()) continue;
    bool woken = false;
    for (int i = 0; i < kSpins && !woken; ++i) {
      Pause();
      woken = wake_.load(std::memory_order_relaxed) != seen;
    }
    if (woken) continue;
    ++sleepers_;
    wake_.wait(seen);
    --sleepers_;
  }
}

void ThreadPool::Run(int64_t count, Function function, const void* data) {
  constexpr int64_t kMost = static_cast<int64_t>(kItemMask);
  // A loop inside a loop finds the pool busy, too.
  if (count <= 1 || count > kMost || workers_.empty() ||
      busy_.exchange(true, std::memory_order_acquire)) {
    for (int64_t i = 0; i < count; ++i) function(data, i);
    return;
  }
  function_.store(function, std::memory_order_relaxed);
  data_.store(data, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  const uint64_t loop = LoopOf(ticket_.load(std::memory_order_relaxed)) + 1;
  ticket_.store(loop << (2 * kItemBits) | static_cast<uint64_t>(count) << kItemBits,
                std::memory_order_release);
  wake_.fetch_add(1);
  if (sleepers_.load() > 0) wake_.notify_all();
  while (TakeOne()) {
  }
  for (int spins = 0; done_.load(std::memory_order_acquire) < count; ++spins) {
    if (spins < kSpins) {
      Pause();
    } else {
      std::this_thread::yield();
    }
  }
  busy_.store(false, std::memory_order_release);
}

}  // namespace idiolect::native
