#pragma once
// The forum topics of a chat whose openings an export did not hold: its readers see only replies to
// something older. Used by `importer` at the end of a file, inside its transaction.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "core/message.h"

namespace idiolect {

class Database;

// Of the chat: `maybe` are answered messages that are topics if the workspace has them as openings,
// `likely` also if it does not have them at all. What answers a topic lies in it and answers
// nobody; what answers a message of the topic lies in it, too. Returns the number of messages that
// changed.
Result<int64_t> AssignTopics(Database& database, ChatId chat, const std::vector<MessageId>& maybe,
                             const std::vector<MessageId>& likely);

}  // namespace idiolect
