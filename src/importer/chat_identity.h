#pragma once
// Which chat of the workspace an export without a chat id belongs to. A name alone would mix two
// chats that share it and drop messages of one, as their ids collide; so messages are compared.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "importer/message_batch.h"

namespace idiolect {

class Database;

// Whether a chat of the same name that has none of these messages is taken for the same one.
enum class WithoutOverlap { kSameChat, kOtherChat };

// The source id for `chat`, which `batch` brings with its first messages: that of the chat of the
// same name (from whatever format) in which they stand with the same ids and times; where there is
// none, that of one known by name only with none of these ids, if `without_overlap` says so; else
// chat.source_id, with "#2" and so on when another chat has it. Times may differ by a time zone.
Result<std::string> FindNamedChat(Database& database, const Chat& chat, const MessageBatch& batch,
                                  WithoutOverlap without_overlap);

}  // namespace idiolect
