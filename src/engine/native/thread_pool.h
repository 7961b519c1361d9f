#pragma once
// A few threads that share the items of one loop. Made for loops of some microseconds: between two
// loops the threads spin briefly before they sleep. Items are taken one by one, so a thread that
// the system has put aside delays nobody but its own item.

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace idiolect::native {

// Thread-safe. While one caller's loop runs, another caller's, or one inside a loop's body, runs on
// its caller's thread alone.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // the calling thread is one of them
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(0) … body(count - 1), each once, on any thread and in any order; returns when all
  // are done. The body must not throw.
  template <typename Body>
  void For(int64_t count, const Body& body) {
    Run(
        count, [](const void* data, int64_t i) { (*static_cast<const Body*>(data))(i); }, &body);
  }

 private:
  using Function = void (*)(const void* data, int64_t index);
  void Run(int64_t count, Function function, const void* data);
  bool TakeOne();
  void Work();

  std::vector<std::thread> workers_;
  std::atomic<bool> busy_{false};  // set while a caller's loop runs
  // Loop number (24 bits), items (20), next item (20): one word, so that taking an item is one
  // compare-and-swap and a thread that comes late cannot take an item of the wrong loop.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<Function> function_{nullptr};
  std::atomic<const void*> data_{nullptr};
  std::atomic<int64_t> done_{0};
  std::atomic<uint32_t> wake_{0};  // counts loops; what sleepers wait on
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace idiolect::native
