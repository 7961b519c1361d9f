#pragma once
// For tests: conversations written down in a line each.

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "dialogs/conversation.h"

namespace idiolect {

class ChatScript {
 public:
  explicit ChatScript(ChatKind kind, ChatId id = 1) {
    chat_.id = id;
    chat_.kind = kind;
    chat_.source = "telegram";
    chat_.source_id = std::to_string(id);
  }

  // Messages borrow from the script: it stays where it is.
  ChatScript(const ChatScript&) = delete;
  ChatScript& operator=(const ChatScript&) = delete;

  // `at` is seconds from the start. Returns the message, to be changed further.
  MessageView& Say(PersonId author, int64_t at, std::string text) {
    texts_.push_back(std::move(text));
    MessageView message;
    message.id = IdOf(static_cast<int64_t>(messages_.size()) + 1);
    message.time = 1'700'000'000 + at;
    message.author = author;
    message.text = texts_.back();
    messages_.push_back(message);
    return messages_.back();
  }
  MessageView& Reply(PersonId author, int64_t at, std::string text, int64_t to) {
    MessageView& message = Say(author, at, std::move(text));
    message.reply_to = IdOf(to);
    return message;
  }
  // The n-th message of the script, from 1.
  MessageId IdOf(int64_t number) const { return MakeMessageId(chat_.id, number); }

  const Chat& chat() const { return chat_; }
  const std::deque<MessageView>& messages() const { return messages_; }

  // Cut as the options say.
  std::vector<OwnedConversation> Cut(const ConversationOptions& options = {}) const {
    std::vector<OwnedConversation> conversations;
    ConversationCutter cutter(chat_, options, [&](const Conversation& conversation) -> Status {
      conversations.emplace_back(conversation);
      return {};
    });
    for (const MessageView& message : messages_) {
      if (!cutter.Add(message)) return {};
    }
    if (!cutter.Finish()) return {};
    return conversations;
  }

 private:
  Chat chat_;
  std::deque<std::string> texts_;  // deques: what was said keeps its place
  std::deque<MessageView> messages_;
};

}  // namespace idiolect
