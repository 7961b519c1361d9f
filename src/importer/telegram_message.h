#pragma once
// One message of a Telegram Desktop JSON export: what the file says, and what single fields of it
// mean. telegram_json.h puts it in its chat. The format, with its history and traps:
//
//   id, type "message" | "service" | "unsupported" (which has nothing but id and type)
//   date, edited                  local time without a zone: used when there is no *_unixtime
//   date_unixtime, edited_unixtime   strings of seconds, since about 2021
//   from, from_id                 name, null for a deleted account; "user1", "channel1", "chat1", a
//                                 number before 2021 (the peer's kind in its upper 32 bits)
//   actor, actor_id, action       of a service message; a custom one has information_text instead
//   forwarded_from, saved_from    a name or null: the key alone makes it a forward
//   reply_to_message_id           with reply_to_peer_id when the target is in another chat
//   text                          a string, or an array of strings and {type, text} objects
//   text_entities                 the same as objects only; where both are, they say the same
//   media_type, photo, file, poll, contact_information, location_information, game_title, …

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/message.h"
#include "importer/json_stream.h"

namespace idiolect {

// As in the file. Reused from message to message, so that its strings keep their memory.
struct TelegramMessage {
  enum class Type { kMissing, kMessage, kService, kUnsupported, kUnknown };

  std::optional<int64_t> id;
  Type type = Type::kMissing;
  std::string date, edited;
  std::optional<int64_t> date_unixtime, edited_unixtime;
  std::string from, from_id, actor, actor_id;
  std::string forwarded_from, action, title, sticker_emoji, poll_question;
  std::optional<int64_t> reply_to;
  std::string reply_to_peer;
  std::string text;
  bool text_is_runs = false;     // came as an array, and then:
  bool runs_have_links = false;  // links, mentions or hashtags are among the runs
  bool runs_have_words = false;  // and something that is none of these
  bool has_action = false, is_forward = false, via_bot = false;
  MediaKind media = MediaKind::kNone;

  void Clear();
};

// Reads the object that `json` is in front of, keeping at most `max_text` bytes of its text. False
// after a stop: what was read so far is not a whole message.
bool ReadTelegramMessage(JsonStream& json, size_t max_text, TelegramMessage& message);

// "user123" from what from_id and its like hold, in old exports too; empty when there is none.
std::string_view TelegramPeer(std::string_view from_id, std::string& scratch);

// Unix seconds from the two forms of a time; nullopt when neither is there. The year 1970, which
// old exports give to what never happened, counts as not there.
std::optional<int64_t> TelegramTime(const std::optional<int64_t>& unixtime, std::string_view iso);

// MessageFlag bits that follow from the message alone (not kReplyElsewhere).
uint32_t TelegramFlags(const TelegramMessage& message);

}  // namespace idiolect
