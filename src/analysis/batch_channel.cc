#include "analysis/batch_channel.h"

#include <utility>

namespace idiolect {

std::unique_ptr<TextBatch> BatchChannel::Empty() {
  const std::lock_guard lock(mutex_);
  if (empty_.empty()) return std::make_unique<TextBatch>();
  auto batch = std::move(empty_.back());
  empty_.pop_back();
  return batch;
}

void BatchChannel::Give(std::unique_ptr<TextBatch> full) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return full_.size() < kMostWaiting; });
  full_.push_back(std::move(full));
  lock.unlock();
  changed_.notify_all();
}

void BatchChannel::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

std::unique_ptr<TextBatch> BatchChannel::Take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !full_.empty() || closed_; });
  if (full_.empty()) return nullptr;
  auto batch = std::move(full_.front());
  full_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return batch;
}

void BatchChannel::Return(std::unique_ptr<TextBatch> used) {
  used->Clear();
  const std::lock_guard lock(mutex_);
  empty_.push_back(std::move(used));
}

}  // namespace idiolect
