#pragma once
// Going over all conversations, with reading and working on two threads: the caller's thread reads
// the workspace (its database belongs to one thread), a second one works on what was read.

#include <cstddef>
#include <functional>
#include <vector>

#include "dialogs/conversation.h"

namespace idiolect {

// Reads everything, giving each conversation to the sink; runs on the caller's thread.
using ConversationReader = std::function<Status(const ConversationSink&)>;
// Gets the conversations in order, on the second thread.
using ConversationWorker = std::function<Status(OwnedConversation&&)>;

// Returns when all is read and worked on, or with the first error of either side.
Status PassOver(const ConversationReader& read, const ConversationWorker& work);

// Conversations kept between two passes when all of them together are small, so that they need not
// be read again. Holds all or nothing.
class ConversationCache {
 public:
  explicit ConversationCache(size_t most_bytes) : left_(most_bytes) {}

  void Keep(OwnedConversation&& conversation);
  // True while everything that was given is still here.
  bool complete() const { return complete_; }
  const std::vector<OwnedConversation>& conversations() const { return conversations_; }

 private:
  size_t left_;
  bool complete_ = true;
  std::vector<OwnedConversation> conversations_;
};

}  // namespace idiolect
