#include "importer/batch_queue.h"

#include <utility>

namespace idiolect {

std::unique_ptr<MessageBatch> BatchQueue::Exchange(std::unique_ptr<MessageBatch> full) {
  std::unique_lock lock(mutex_);
  if (full != nullptr) {
    full_.push_back(std::move(full));
    changed_.notify_all();
  }
  if (empty_.empty() && made_ < kMostBatches && !cancelled_) {
    ++made_;
    return std::make_unique<MessageBatch>();
  }
  changed_.wait(lock, [&] { return cancelled_ || !empty_.empty(); });
  if (cancelled_) return nullptr;
  auto batch = std::move(empty_.back());
  empty_.pop_back();
  return batch;
}

void BatchQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::unique_ptr<MessageBatch> BatchQueue::Pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !full_.empty(); });
  if (full_.empty()) return nullptr;
  auto batch = std::move(full_.front());
  full_.erase(full_.begin());
  return batch;
}

void BatchQueue::Recycle(std::unique_ptr<MessageBatch> batch) {
  batch->Clear();
  const std::lock_guard lock(mutex_);
  empty_.push_back(std::move(batch));
  changed_.notify_all();
}

void BatchQueue::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

}  // namespace idiolect
