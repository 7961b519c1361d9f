#include "dataset/conversation_pass.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace idiolect {
namespace {

constexpr size_t kBatchBytes = size_t{256} << 10;
constexpr size_t kMostQueued = 4;

using Batch = std::vector<OwnedConversation>;

// Batches on their way from the reading to the working thread. Thread-safe.
class Queue {
 public:
  // Waits for room. False: the worker failed and wants no more.
  bool Push(Batch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return batches_.size() < kMostQueued || refused_; });
    if (refused_) return false;
    batches_.push_back(std::move(batch));
    lock.unlock();
    changed_.notify_all();
    return true;
  }
  void End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
  }
  // Waits for a batch. False: there are no more.
  bool Pop(Batch* batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !batches_.empty() || ended_; });
    if (batches_.empty()) return false;
    *batch = std::move(batches_.front());
    batches_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return true;
  }
  void Refuse() {
    {
      const std::lock_guard lock(mutex_);
      refused_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> batches_;  // these three are guarded by mutex_
  bool ended_ = false, refused_ = false;
};

}  // namespace

Status PassOver(const ConversationReader& read, const ConversationWorker& work) {
  Queue queue;
  Status worked;  // written by the thread, read after it was joined
  std::thread worker([&] {
    Batch batch;
    while (queue.Pop(&batch)) {
      for (OwnedConversation& conversation : batch) {
        worked = work(std::move(conversation));
        if (!worked) {
          queue.Refuse();
          return;
        }
      }
    }
  });

  Batch batch;
  size_t bytes = 0;
  bool wanted = true;
  Status status = read([&](const Conversation& conversation) -> Status {
    batch.emplace_back(conversation);
    bytes += batch.back().bytes();
    if (bytes < kBatchBytes) return {};
    bytes = 0;
    wanted = queue.Push(std::exchange(batch, {}));
    return wanted ? Status() : Fail(ErrorKind::kFailed, "the second thread failed");
  });
  if (status && !batch.empty()) queue.Push(std::move(batch));
  queue.End();
  worker.join();
  return worked ? status : worked;
}

void ConversationCache::Keep(OwnedConversation&& conversation) {
  if (!complete_) return;
  const size_t bytes = conversation.bytes();
  if (bytes > left_) {
    complete_ = false;
    conversations_ = {};
    return;
  }
  left_ -= bytes;
  conversations_.push_back(std::move(conversation));
}

}  // namespace idiolect
