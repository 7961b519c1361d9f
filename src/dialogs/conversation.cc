#include "dialogs/conversation.h"

#include <algorithm>
#include <utility>

#include "store/message_lookup.h"
#include "store/messages.h"

namespace idiolect {
namespace {

// The window is bounded in bytes too, so that offsets fit and a hostile chat cannot fill memory.
constexpr size_t kMaxBufferBytes = size_t{32} << 20;

// Copies a message; its words go to the end of *buffer.
Said SaidOf(const MessageView& message, std::string* buffer) {
  Said said;
  said.id = message.id;
  said.time = message.time;
  said.author = message.author;
  said.reply_to = message.reply_to;
  said.topic = message.topic;
  said.flags = message.flags;
  said.kind = message.kind;
  said.media = message.media;
  said.text_at = static_cast<uint32_t>(buffer->size());
  if (message.kind == MessageKind::kOrdinary) {
    said.text_size = static_cast<uint32_t>(message.text.size());
    *buffer += message.text;
    if (message.media == MediaKind::kSticker) {
      said.extra_size = static_cast<uint32_t>(message.extra.size());
      *buffer += message.extra;
    }
  }
  return said;
}

bool BetweenTwo(ChatKind kind) {
  return kind == ChatKind::kPrivate || kind == ChatKind::kBot || kind == ChatKind::kSaved;
}

}  // namespace

std::optional<size_t> Conversation::Find(MessageId id) const {
  const auto found =
      std::lower_bound(messages.begin(), messages.end(), id,
                       [](const Said& said, MessageId wanted) { return said.id < wanted; });
  if (found == messages.end() || found->id != id) return std::nullopt;
  return static_cast<size_t>(found - messages.begin());
}

const Said* Conversation::FindQuoted(MessageId id) const {
  for (const Said& said : quoted) {
    if (said.id == id) return &said;
  }
  return nullptr;
}

OwnedConversation::OwnedConversation(const Conversation& conversation)
    : chat(conversation.chat),
      kind(conversation.kind),
      messages(conversation.messages.begin(), conversation.messages.end()),
      quoted(conversation.quoted.begin(), conversation.quoted.end()),
      buffer(conversation.buffer) {}

ConversationCutter::ConversationCutter(const Chat& chat, const ConversationOptions& options,
                                       ConversationSink sink)
    : chat_(chat.id),
      kind_(chat.kind),
      gap_seconds_(BetweenTwo(chat.kind) ? options.private_gap_seconds : options.group_gap_seconds),
      join_seconds_(options.join_seconds),
      max_messages_(static_cast<size_t>(std::max<int64_t>(options.max_messages, 2))),
      sink_(std::move(sink)) {}

Status ConversationCutter::Add(const MessageView& message) {
  const bool words = message.kind == MessageKind::kOrdinary;
  if (words && !silent_so_far_ && message.time - last_time_ > gap_seconds_) {
    RETURN_IF_ERROR(HandOut(current_));
    current_ = messages_.size();
    earlier_end_ = last_time_;
  } else if (messages_.size() - current_ >= max_messages_ || buffer_.size() > kMaxBufferBytes) {
    RETURN_IF_ERROR(CutAtLongestSilence());
  }
  Append(message);
  if (!words) return {};
  const bool answers_earlier = current_ > 0 && message.reply_to >= messages_.front().id &&
                               message.reply_to < messages_[current_].id;
  if (answers_earlier && messages_[current_].time - earlier_end_ <= join_seconds_ &&
      messages_.size() <= max_messages_) {
    current_ = 0;
  }
  last_time_ = message.time;
  silent_so_far_ = false;
  return {};
}

Status ConversationCutter::Finish() {
  RETURN_IF_ERROR(HandOut(current_));
  return HandOut(messages_.size());
}

// Gives the first `count` messages to the sink and forgets them.
Status ConversationCutter::HandOut(size_t count) {
  if (count == 0) return {};
  Conversation conversation;
  conversation.chat = chat_;
  conversation.kind = kind_;
  conversation.messages = std::span(messages_).first(count);
  const size_t bytes = count < messages_.size() ? messages_[count].text_at : buffer_.size();
  conversation.buffer = std::string_view(buffer_).substr(0, bytes);
  RETURN_IF_ERROR(sink_(conversation));

  buffer_.erase(0, bytes);
  messages_.erase(messages_.begin(), messages_.begin() + static_cast<ptrdiff_t>(count));
  for (Said& said : messages_) said.text_at -= static_cast<uint32_t>(bytes);
  current_ -= std::min(current_, count);
  return {};
}

// Only the last half is looked at: what is cut off is then at least half the limit, so that a chat
// without silences still costs time in proportion to its messages.
Status ConversationCutter::CutAtLongestSilence() {
  RETURN_IF_ERROR(HandOut(current_));
  size_t cut = messages_.size() - 1;
  int64_t longest = -1;
  for (size_t i = messages_.size() / 2 + 1; i < messages_.size(); ++i) {
    const int64_t silence = messages_[i].time - messages_[i - 1].time;
    if (messages_[i].kind == MessageKind::kOrdinary &&
        messages_[i - 1].kind == MessageKind::kOrdinary && silence > longest) {
      longest = silence;
      cut = i;
    }
  }
  current_ = std::max<size_t>(cut, 1);
  earlier_end_ = messages_[current_ - 1].time;
  return {};
}

void ConversationCutter::Append(const MessageView& message) {
  messages_.push_back(SaidOf(message, &buffer_));
}

namespace {

// Adds to a conversation what `person` answers across conversations.
class Quoter {
 public:
  Quoter(PersonId person, MessageLookup& lookup) : person_(person), lookup_(lookup) {}

  Status Quote(Conversation* conversation) {
    quoted_.clear();
    for (const Said& said : conversation->messages) {
      if (said.author != person_ || said.reply_to == 0 || conversation->Find(said.reply_to)) {
        continue;
      }
      ASSIGN_OR_RETURN(const auto message, lookup_.Find(said.reply_to));
      if (!message) continue;
      if (quoted_.empty()) buffer_ = conversation->buffer;
      quoted_.push_back(SaidOf(*message, &buffer_));
    }
    if (quoted_.empty()) return {};
    conversation->quoted = quoted_;
    conversation->buffer = buffer_;
    return {};
  }

 private:
  const PersonId person_;
  MessageLookup& lookup_;
  std::vector<Said> quoted_;
  std::string buffer_;
};

}  // namespace

Status ForEachConversation(Database& database, const Chat& chat, PersonId quoted_by,
                           const ConversationOptions& options, const Interrupt& interrupt,
                           const ConversationSink& sink) {
  ASSIGN_OR_RETURN(auto lookup, MessageLookup::Prepare(database));
  Quoter quoter(quoted_by, lookup);
  ConversationCutter cutter(chat, options, [&](const Conversation& cut) -> Status {
    Conversation conversation = cut;
    if (quoted_by != 0) RETURN_IF_ERROR(quoter.Quote(&conversation));
    return sink(conversation);
  });
  RETURN_IF_ERROR(ForEachMessage(database, chat.id, [&](const MessageView& message) -> Status {
    if (interrupt.Requested()) {
      return Fail(ErrorKind::kInterrupted, "reading the chats was interrupted",
                  "run the same command again");
    }
    return cutter.Add(message);
  }));
  return cutter.Finish();
}

}  // namespace idiolect
