#pragma once
// Chats, people and messages in the workspace, as everything but `importer` reads them;
// message_writer.h writes them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/message.h"
#include "store/message_writer.h"

namespace idiolect {

class Database;

// Remembers that a file was read, with the summary that `import --json` prints for it.
Status RecordImport(Database& database, std::string_view path, int64_t finished_at,
                    std::string_view summary);

struct ImportRow {
  std::string path;
  int64_t finished_at = 0;
  std::string summary;  // JSON as `import --json` prints it for this file
};
// Oldest first.
Result<std::vector<ImportRow>> ListImports(Database& database);

struct PersonName {
  std::string name;
  int64_t messages = 0;  // ordinary ones that came in under this name
};

struct PersonSummary {
  PersonId id = 0;
  std::string source_id;          // "telegram:user123"
  std::vector<PersonName> names;  // newest first; empty for a deleted account
  std::vector<std::string> also;  // source ids of those merged into this person
  int64_t messages = 0;           // ordinary ones
  int64_t chats = 0;
  int64_t words = 0;  // characters of text, a cheap measure of how much there is to learn
};

Result<std::vector<Chat>> ListChats(Database& database);
// Everybody who wrote, most messages first.
Result<std::vector<PersonSummary>> ListPeople(Database& database);
// As ListPeople, but reads no messages: `messages` counts those written under a known name, chats
// and words are 0. Enough for finding a person.
Result<std::vector<PersonSummary>> ListPeopleByName(Database& database);
// Those merged into others (people_merges.h), as they were before: messages by their own names.
Result<std::vector<PersonSummary>> ListMergedPeople(Database& database);
// id → the name shown for this person (the newest); empty when none is known. Index is PersonId.
Result<std::vector<std::string>> PersonNames(Database& database);

struct ChatTotals {
  ChatId chat = 0;
  int64_t messages = 0;  // all kinds
};
Result<std::vector<ChatTotals>> CountMessages(Database& database);

// Calls `each` for every message of the chat in order of id. The view is valid during the call.
Status ForEachMessage(Database& database, ChatId chat,
                      const std::function<Status(const MessageView&)>& each);

// A text that changes whenever chats, people or messages of the workspace do, and only then:
// reading the same export again leaves it as it is. Input of the run keys of later stages.
Result<std::string> MessagesFingerprint(Database& database);

}  // namespace idiolect
