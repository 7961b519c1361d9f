#pragma once
// Work by several threads whose results are taken in the order of what was given: what comes out
// does not depend on how many threads there were, nor on which of them was faster.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/cores.h"
#include "base/result.h"

namespace idiolect {

// Threads worth having for work of this kind: one a core, eight at most (beyond that the one who
// gives and the one who takes are what is waited for).
inline size_t PassThreads() {
  return static_cast<size_t>(std::min(CountCores(), 8));
}

// One thread gives items and ends the pass. Holds no more than a few items a thread.
template <typename Item, typename Made>
class OrderedPass {
 public:
  // `work` runs on all threads at once, told which of them it is on (for working memory of its
  // own); `take` on one at a time, item by item, in order.
  using Work = std::function<Result<Made>(size_t thread, const Item& item)>;
  using Take = std::function<Status(Item&& item, Made&& made)>;

  OrderedPass(size_t threads, Work work, Take take)
      : work_(std::move(work)), take_(std::move(take)), most_(2 * threads + 2) {
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { Run(i); });
  }
  // Takes nothing more.
  ~OrderedPass() { Join(true); }
  OrderedPass(const OrderedPass&) = delete;
  OrderedPass& operator=(const OrderedPass&) = delete;

  // Waits for room. False: something failed, End() says what, and no more is wanted.
  bool Give(Item item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return slots_.size() < most_ || !status_; });
    if (!status_) return false;
    slots_.push_back({std::move(item), std::nullopt});
    lock.unlock();
    changed_.notify_all();
    return true;
  }

  // Waits until everything was taken. The error of the first item that had one, by work or taking;
  // nothing behind it was taken.
  Status End() {
    Join(false);
    return status_;
  }

 private:
  struct Slot {
    Item item;
    std::optional<Result<Made>> made;
  };

  void Join(bool at_once) {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (at_once && status_) status_ = Fail(ErrorKind::kInterrupted, "the pass was given up");
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  void Run(size_t thread) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return begun_ < slots_.size() || ended_ || !status_; });
      if (!status_ || begun_ == slots_.size()) return;
      Slot& slot = slots_[begun_++];  // stays where it is while others come and go
      lock.unlock();
      std::optional<Result<Made>> made(work_(thread, slot.item));
      lock.lock();
      slot.made = std::move(made);
      TakeReady(lock);
    }
  }

  // Takes what is next in order, as far as it is made, unless another thread is at it.
  void TakeReady(std::unique_lock<std::mutex>& lock) {
    if (std::exchange(taking_, true)) return;
    while (status_ && !slots_.empty() && slots_.front().made) {
      Slot slot = std::move(slots_.front());
      slots_.pop_front();
      --begun_;
      lock.unlock();
      Status taken = *slot.made ? take_(std::move(slot.item), std::move(**slot.made))
                                : Status(tl::unexpected<Error>((*slot.made).error()));
      lock.lock();
      if (!taken) status_ = std::move(taken);
      changed_.notify_all();
    }
    taking_ = false;
  }

  const Work work_;
  const Take take_;
  const size_t most_;  // slots
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Slot> slots_;  // not taken yet
  size_t begun_ = 0;        // of slots_: the first so many are being worked on, or made
  bool taking_ = false, ended_ = false;
  Status status_;
  std::vector<std::thread> threads_;
};

}  // namespace idiolect
