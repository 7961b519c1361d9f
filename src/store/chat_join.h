#pragma once
// Makes one of what two exports brought twice: the same chat with ids (JSON) and with names only
// (HTML), in either order. Chats are compared by the ids and times of their messages, never by name
// alone; people by the messages that stand in both exports, and where somebody has none, by being
// the only one of that name in that chat. Used by message_writer.cc, inside its transaction.

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/message.h"

namespace idiolect {

class Database;

struct JoinCounts {
  int64_t chats = 0;       // were two, are one
  int64_t identified = 0;  // messages whose author was a name and now is a person with an id
};

// How often the author of a message by name (first) was the person with an id (second).
using NameEvidence = std::map<std::pair<PersonId, PersonId>, int64_t>;

// Joins what `chats` are the same as (they are the ones that an import has added to), and gives
// everybody in them who has one an id. `evidence`, by chat, is what the import has met. A chat
// keeps the smaller of two numbers. Datasets that this changes are forgotten: they have to be built
// again.
Result<JoinCounts> JoinChats(Database& database, const std::vector<ChatId>& chats,
                             std::map<ChatId, NameEvidence>& evidence);

}  // namespace idiolect
