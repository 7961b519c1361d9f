#pragma once
// Conversations that may go on: a session that has seen the start of a request's messages answers
// without computing them again. Keeps a few idle ones, whichever model they are of.

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "core/chat_model.h"

namespace idiolect {

// Thread-safe.
class SessionPool {
 public:
  explicit SessionPool(size_t most_idle) : most_idle_(most_idle) {}

  struct Lease {
    std::shared_ptr<const ChatModel> model;
    std::unique_ptr<ChatSession> session;
  };
  // The idle session of this model that shares the most leading messages, or a new one.
  Result<Lease> Take(const std::shared_ptr<const ChatModel>& model,
                     const std::vector<ChatMessage>& messages);
  // `messages`: what the session has seen, its answer included.
  void Return(Lease lease, std::vector<ChatMessage> messages);
  void Drop(const ChatModel* model);

 private:
  struct Idle {
    Lease lease;
    std::vector<ChatMessage> messages;
  };
  const size_t most_idle_;
  std::mutex mutex_;
  std::list<Idle> idle_;  // the one used last first
};

}  // namespace idiolect
