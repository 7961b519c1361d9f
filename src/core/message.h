#pragma once
// The nouns of a chat history as every source has them. An importer turns its format into these;
// everything to its right knows no format.

#include <cstdint>
#include <string>
#include <string_view>

namespace idiolect {

// Persisted: never renumber.
enum class ChatKind : uint8_t {
  kPrivate = 0,  // two people
  kGroup = 1,
  kChannel = 2,  // posts of one author
  kBot = 3,      // the other side is a program
  kSaved = 4,    // notes to oneself
  kOther = 5,
};

// Persisted: never renumber.
enum class MessageKind : uint8_t {
  kOrdinary = 0,
  kService = 1,      // joined, pinned, called …: no person's words
  kUnsupported = 2,  // the exporter knew nothing but its id
};

// Persisted: never renumber.
enum class MediaKind : uint8_t {
  kNone = 0,
  kPhoto = 1,
  kSticker = 2,
  kVoice = 3,
  kVideoMessage = 4,
  kVideo = 5,
  kAnimation = 6,
  kAudio = 7,
  kFile = 8,
  kContact = 9,
  kLocation = 10,
  kPoll = 11,
  kGame = 12,
  kInvoice = 13,
  kOther = 14,
};

// Bits of Message::flags. Persisted: never renumber.
enum MessageFlag : uint32_t {
  kForwarded = 1u << 0,       // somebody else's words
  kViaBot = 1u << 1,          // written by an inline bot
  kOnlyLinks = 1u << 2,       // the text is links, mentions or hashtags and nothing else
  kReplyElsewhere = 1u << 3,  // answers a message in another chat
  kBotCommand = 1u << 4,      // the text is a /command
  kAuthorByName = 1u << 5,    // from a source that has no ids of people, only names
  kChannelPost = 1u << 6,     // forwarded by the channel that wrote it: what comments stand under
};

// A message's id in the workspace: chat * 2^34 + (source id + 2^33). So the id of an imported
// message never changes, importing again finds it without a second index, and order by id is order
// in the chat. Source ids lie in ±2^33 (Telegram's do, also the −10^9 shift of upgraded groups).
using MessageId = int64_t;
constexpr int64_t kMessageIdSpan = int64_t{1} << 34;
constexpr MessageId MakeMessageId(int64_t chat_id, int64_t source_id) {
  return chat_id * kMessageIdSpan + source_id + kMessageIdSpan / 2;
}
constexpr int64_t ChatOfMessage(MessageId id) {
  return id / kMessageIdSpan;
}
constexpr int64_t SourceIdOfMessage(MessageId id) {
  return id % kMessageIdSpan - kMessageIdSpan / 2;
}

// How the source id of a person begins who is known by name only; the name follows.
constexpr std::string_view kByNamePrefix = "telegram-html:";

// Numbers in the database, dense from 1.
using ChatId = int64_t;
using PersonId = int64_t;  // 0: nobody is known as the author

// One message. `text` borrows from whoever made the view: valid until the producer's next step.
struct MessageView {
  MessageId id = 0;
  int64_t time = 0;    // unix seconds; when the export has only local time, that taken as UTC
  int64_t edited = 0;  // unix seconds of the last edit, 0 when never
  PersonId author = 0;
  MessageId reply_to = 0;  // 0: none, or in another chat
  MessageId topic = 0;  // the service message that opened the forum topic, where the source says so
  uint32_t flags = 0;   // MessageFlag bits
  MessageKind kind = MessageKind::kOrdinary;
  MediaKind media = MediaKind::kNone;
  std::string_view text;  // plain text, without formatting; empty when there are no words
  std::string_view
      extra;  // sticker emoji, service action, forwarded-from name: by kind, may be empty
};

struct Chat {
  ChatId id = 0;
  std::string source;     // "telegram"
  std::string source_id;  // unique within the source
  std::string name;       // empty: the export has none
  ChatKind kind = ChatKind::kOther;
};

}  // namespace idiolect
