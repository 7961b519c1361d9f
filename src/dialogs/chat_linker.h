#pragma once
// Links of a whole chat, as long as it may be: messages go in, links come out behind them, in
// order. Holds a few thousand messages at a time and works on them with several threads. The links
// do not depend on how the chat is cut into pieces or on the number of threads.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dialogs/linker.h"

namespace idiolect {

struct MessageLink {
  MessageId message = 0;
  MessageId answers = 0;  // 0: it starts a conversation
  MessageId second = 0;   // a second message that it answers, too; 0: none
  float probability = 0, second_probability = 0;
  LinkReason reason = LinkReason::kNone;
};

struct ChatLinkerOptions {
  ChatStyle style = ChatStyle::kMessenger;
  int threads = 2;
  uint32_t piece = 4096;  // messages that a thread gets at a time
};

// Thread-compatible; knowledge and people must outlive it.
class ChatLinker {
 public:
  using Sink = std::function<Status(const MessageLink&)>;
  ChatLinker(const LinkKnowledge& knowledge, const LinkPeople& people,
             const ChatLinkerOptions& options, Sink sink);

  // Messages of one chat in order of id. The text is copied.
  Status Add(const MessageView& message);
  // Hands out the rest. Call once, after the last Add.
  Status Finish();

 private:
  // Links everything up to `end` that has no link yet, and forgets what no later line can see.
  Status LinkUpTo(uint32_t end);

  const ChatLinkerOptions options_;
  const Sink sink_;
  std::vector<std::unique_ptr<Linker>> linkers_;  // a thread each
  std::vector<ChatLine> lines_;                   // `text` is set when they are linked
  struct Held {
    MessageId id = 0, reply_to = 0;
    uint32_t text_at = 0, text_size = 0;
  };
  std::vector<Held> held_;  // beside lines_
  std::string arena_;
  uint32_t done_ = 0;  // lines that have their link
};

}  // namespace idiolect
