#pragma once
// Full batches one way, empty ones back, between the thread that reads the workspace and the one
// that looks at words. Bounded: the faster of the two waits.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "analysis/text_item.h"

namespace idiolect {

// Thread-safe: one thread Gives and Closes, another Takes and Returns.
class BatchChannel {
 public:
  // An empty batch to fill.
  std::unique_ptr<TextBatch> Empty();
  // Waits while the other side is behind.
  void Give(std::unique_ptr<TextBatch> full);
  // Nothing comes any more.
  void Close();
  // Waits for a full batch; null after the last.
  std::unique_ptr<TextBatch> Take();
  void Return(std::unique_ptr<TextBatch> used);

 private:
  static constexpr size_t kMostWaiting = 4;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::deque<std::unique_ptr<TextBatch>> full_;
  std::vector<std::unique_ptr<TextBatch>> empty_;
  bool closed_ = false;
};

}  // namespace idiolect
