#pragma once
// Chats, people and messages in the workspace: written by `importer`, read by everything else.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/message.h"

namespace idiolect {

class Database;

// What a writer did with one message. kRepeated: nothing, for this very transaction has stored it;
// it can be told from kKnown where the id is above all that the chat held before.
enum class Stored { kNew, kEdited, kKnown, kRepeated };

// Adds messages inside one transaction, which lasts from Begin to Commit; whatever else is written
// over the same connection meanwhile (RecordImport, a setting) belongs to it. Destroyed without
// Commit, nothing of it remains. Thread-compatible.
//
// Fast when ids of a chat come in ascending order, as exports have them: an id above all that the
// chat holds is inserted without looking for it first.
class MessageWriter {
 public:
  static Result<std::unique_ptr<MessageWriter>> Begin(Database& database);
  ~MessageWriter();

  // Finds or makes the chat; its name and kind are updated when `chat` brings them.
  Result<ChatId> AddChat(const Chat& chat);
  // Finds or makes the person "telegram:user123"; remembers `name` as one of theirs (may be empty).
  // Cheap when called again with the same pair.
  Result<PersonId> AddPerson(std::string_view source_id, std::string_view name);
  // A known id is left alone unless `message.edited` is newer than what is stored: edits win. The
  // chat must have come from AddChat of this writer, and the author from its AddPerson. A new
  // ordinary message is counted for the name that its author was last added with.
  Result<Stored> Add(const MessageView& message);
  Status Commit();

 private:
  struct Impl;
  explicit MessageWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Remembers that a file was read, with the summary that `import --json` prints for it.
Status RecordImport(Database& database, std::string_view path, int64_t finished_at,
                    std::string_view summary);

struct PersonName {
  std::string name;
  int64_t messages = 0;  // ordinary ones that came in under this name
};

struct PersonSummary {
  PersonId id = 0;
  std::string source_id;          // "telegram:user123"
  std::vector<PersonName> names;  // newest first; empty for a deleted account
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
