#pragma once
// Conversations in batches: what one thread reads from the workspace (its database belongs to one
// thread) is worked on by all of them (base/ordered_pass.h).

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "dialogs/conversation.h"

namespace idiolect {

// Reads everything, giving each conversation to the sink.
using ConversationReader = std::function<Status(const ConversationSink&)>;
// In order, as the chats have them; shared between threads, so nobody changes it.
using ConversationBatch = std::shared_ptr<const std::vector<OwnedConversation>>;

// Puts what `read` gives into batches of about a quarter of a MiB. `give` returns false when no
// more is wanted; that ends the reading with an error.
Status ReadBatches(const ConversationReader& read,
                   const std::function<bool(ConversationBatch)>& give);

// Batches kept between two passes when all of them together are small, so that they need not be
// read again. Holds all or nothing.
class ConversationCache {
 public:
  explicit ConversationCache(size_t most_bytes) : left_(most_bytes) {}

  void Keep(const ConversationBatch& batch);
  // True while everything that was given is still here.
  bool complete() const { return complete_; }
  const std::vector<ConversationBatch>& batches() const { return batches_; }

 private:
  size_t left_;
  bool complete_ = true;
  std::vector<ConversationBatch> batches_;
};

}  // namespace idiolect
