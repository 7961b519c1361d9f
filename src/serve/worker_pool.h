#pragma once
// Threads that do what is given to them, first come first served, with a bound on how much waits.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace idiolect {

// Thread-safe.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t most_waiting);
  // What waits is dropped; what runs is waited for.
  ~WorkerPool();
  // False when too much waits already.
  bool Add(std::function<void()> work);
  size_t waiting() const;
  size_t running() const;

 private:
  void Run();
  const size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  size_t running_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace idiolect
