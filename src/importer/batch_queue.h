#pragma once
// Carries batches from the thread that reads a file to the thread that owns the database, and the
// empty ones back. Bounded: a reader that is faster waits, so memory stays at a few batches.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "importer/message_batch.h"

namespace idiolect {

// Thread-safe: one thread Exchanges and Closes, the other Pops, Recycles and Cancels.
class BatchQueue : public BatchSink {
 public:
  std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override;
  // The reader has given its last batch.
  void Close();

  // The next full batch; waits for one. Null after the last.
  std::unique_ptr<MessageBatch> Pop();
  // Gives an emptied batch back.
  void Recycle(std::unique_ptr<MessageBatch> batch);
  // Makes the reader stop: its next Exchange gives null.
  void Cancel();

 private:
  static constexpr size_t kMostBatches = 4;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::vector<std::unique_ptr<MessageBatch>> full_;  // oldest first
  std::vector<std::unique_ptr<MessageBatch>> empty_;
  size_t made_ = 0;
  bool closed_ = false;
  bool cancelled_ = false;
};

}  // namespace idiolect
