#pragma once
// A chat as a sequence of conversations: stretches of messages that belong together. A conversation
// ends at a long silence, unless somebody soon answers (by the source's reply mark) what was said
// before the silence; and it is never longer than a limit, cut then at its longest silence.
//
// Everything to the right (turns, links, samples) works inside one conversation at a time, so the
// memory of the whole build is that of two conversations and does not grow with the chat.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"
#include "core/message.h"

namespace idiolect {

class Database;

struct ConversationOptions {
  int64_t private_gap_seconds = 4 * 3600;  // silence that ends a conversation of two people
  int64_t group_gap_seconds = 45 * 60;     // the same where more than two talk
  int64_t join_seconds = 24 * 3600;  // a marked reply joins across a silence no longer than this
  int64_t max_messages = 400;        // longest conversation
};

// A message as a conversation holds it. Its words lie in the conversation's text buffer.
struct Said {
  MessageId id = 0;
  int64_t time = 0;
  PersonId author = 0;
  MessageId reply_to = 0;
  MessageId topic = 0;
  uint32_t flags = 0;
  MessageKind kind = MessageKind::kOrdinary;
  MediaKind media = MediaKind::kNone;
  uint32_t text_at = 0, text_size = 0;
  uint32_t extra_size = 0;  // a sticker's emoji, right behind the text
};

// A borrowed conversation: valid while the call that handed it out lasts.
struct Conversation {
  ChatId chat = 0;
  ChatKind kind = ChatKind::kOther;
  std::span<const Said> messages;  // in order of id; service messages are among them
  // What lies outside but is answered here, by reply mark, by the one person asked for; unordered.
  std::span<const Said> quoted;
  std::string_view buffer;  // of the words of all these

  std::string_view text(const Said& said) const {
    return buffer.substr(said.text_at, said.text_size);
  }
  std::string_view sticker(const Said& said) const {
    return buffer.substr(said.text_at + said.text_size, said.extra_size);
  }
  // Index of the message with this id, or nullopt when it is not in this conversation.
  std::optional<size_t> Find(MessageId id) const;
  // The quoted message with this id, or null.
  const Said* FindQuoted(MessageId id) const;
};

// A conversation that owns what it holds, to be kept or given to another thread.
struct OwnedConversation {
  ChatId chat = 0;
  ChatKind kind = ChatKind::kOther;
  std::vector<Said> messages, quoted;
  std::string buffer;

  explicit OwnedConversation(const Conversation& conversation);
  Conversation view() const { return {chat, kind, messages, quoted, buffer}; }
  size_t bytes() const {
    return sizeof *this + (messages.size() + quoted.size()) * sizeof(Said) + buffer.size();
  }
};

using ConversationSink = std::function<Status(const Conversation&)>;

// Cuts the messages of one chat, given in order of id, into conversations. Thread-compatible.
class ConversationCutter {
 public:
  ConversationCutter(const Chat& chat, const ConversationOptions& options, ConversationSink sink);

  Status Add(const MessageView& message);
  // Hands out what is left. Call once, after the last Add.
  Status Finish();

 private:
  Status HandOut(size_t count);
  Status CutAtLongestSilence();
  void Append(const MessageView& message);

  const ChatId chat_;
  const ChatKind kind_;
  const int64_t gap_seconds_, join_seconds_;
  const size_t max_messages_;
  const ConversationSink sink_;
  // [0, current_): the conversation before the last silence, kept for a reply that joins the two;
  // [current_, end): the one going on.
  std::vector<Said> messages_;
  std::string buffer_;
  size_t current_ = 0;
  int64_t earlier_end_ = 0;  // time of the last words before current_
  int64_t last_time_ = 0;    // time of the last words; service messages do not count
  bool silent_so_far_ = true;
};

// Cuts every message of `chat` in the workspace. What `quoted_by` answers across conversations is
// looked up and goes along (0: nobody's). Fails with kInterrupted on request.
Status ForEachConversation(Database& database, const Chat& chat, PersonId quoted_by,
                           const ConversationOptions& options, const Interrupt& interrupt,
                           const ConversationSink& sink);

}  // namespace idiolect
