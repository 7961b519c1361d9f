#include "serve/session_pool.h"

#include <algorithm>
#include <utility>

namespace idiolect {
namespace {

size_t SharedStart(const std::vector<ChatMessage>& a, const std::vector<ChatMessage>& b) {
  size_t n = 0;
  while (n < a.size() && n < b.size() && a[n].role == b[n].role && a[n].content == b[n].content) {
    ++n;
  }
  return n;
}

}  // namespace

Result<SessionPool::Lease> SessionPool::Take(const std::shared_ptr<const ChatModel>& model,
                                             const std::vector<ChatMessage>& messages) {
  {
    const std::lock_guard lock(mutex_);
    auto best = idle_.end();
    size_t most = 0;
    for (auto idle = idle_.begin(); idle != idle_.end(); ++idle) {
      if (idle->lease.model != model) continue;
      const size_t shared = SharedStart(idle->messages, messages);
      if (shared > most) {
        most = shared;
        best = idle;
      }
    }
    if (best != idle_.end()) {
      Lease lease = std::move(best->lease);
      idle_.erase(best);
      return lease;
    }
  }
  ASSIGN_OR_RETURN(auto session, model->NewSession());
  return Lease{model, std::move(session)};
}

void SessionPool::Return(Lease lease, std::vector<ChatMessage> messages) {
  std::list<Idle> dropped;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  idle_.push_front({std::move(lease), std::move(messages)});
  while (idle_.size() > most_idle_) {
    dropped.splice(dropped.begin(), idle_, std::prev(idle_.end()));
  }
}

void SessionPool::Drop(const ChatModel* model) {
  const std::lock_guard lock(mutex_);
  idle_.remove_if([model](const Idle& idle) { return idle.lease.model.get() == model; });
}

}  // namespace idiolect
