#pragma once
// What a reader hands to the thread that owns the database: a few hundred kilobytes of messages at
// a time, with the chats and authors that they are the first to mention. Texts lie in one arena, so
// a batch costs no allocation a message and is reused.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"

namespace idiolect {

// A place in the arena of the batch.
struct TextSpan {
  uint32_t at = 0;
  uint32_t size = 0;
};

// As Message (core/message.h), before anything has a number in the database.
struct MessageRecord {
  int64_t id = 0;  // the source's own
  int64_t time = 0;
  int64_t edited = 0;
  int64_t reply_to = 0;  // the source's own id, when has_reply
  int64_t topic = 0;     // likewise, when has_topic
  TextSpan text, extra;
  uint32_t chat = 0;    // counted over the file, from 0, as MessageBatch::chats bring them
  uint32_t author = 0;  // counted over the file, from 1, as MessageBatch::authors bring them
  uint32_t flags = 0;
  MessageKind kind = MessageKind::kOrdinary;
  MediaKind media = MediaKind::kNone;
  bool has_reply = false;
  bool has_topic = false;
};

// A person under one name; who changes the name becomes another author.
struct BatchAuthor {
  std::string source_id;
  std::string name;
};

struct MessageBatch {
  std::vector<Chat> chats;
  std::vector<BatchAuthor> authors;
  std::vector<MessageRecord> messages;
  std::string arena;
  uint64_t offset = 0;  // how far the reader has come in the file

  std::string_view Text(TextSpan span) const {
    return std::string_view(arena).substr(span.at, span.size);
  }
  TextSpan Put(std::string_view text) {
    const TextSpan span{static_cast<uint32_t>(arena.size()), static_cast<uint32_t>(text.size())};
    arena += text;
    return span;
  }
  bool Full() const { return messages.size() >= 2048 || arena.size() >= 512 * 1024; }
  void Clear() {
    chats.clear();
    authors.clear();
    messages.clear();
    arena.clear();
    offset = 0;
  }
};

// Takes full batches, in order.
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  // Gives an empty batch for the full one (null at first). Null: nothing more is wanted.
  virtual std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) = 0;
};

}  // namespace idiolect
