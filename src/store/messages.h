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

// What a writer did with one message.
enum class Stored { kNew, kEdited, kKnown };

// Adds messages inside one transaction, which lasts from Begin to Commit. Destroyed without Commit,
// nothing of it remains. Thread-compatible.
class MessageWriter {
 public:
  static Result<std::unique_ptr<MessageWriter>> Begin(Database& database);
  ~MessageWriter();

  // Finds or makes the chat; its name and kind are updated when `chat` brings them.
  Result<ChatId> AddChat(const Chat& chat);
  // Finds or makes the person "telegram:user123"; remembers `name` as one of theirs (may be empty).
  // Cheap when called again with the same pair.
  Result<PersonId> AddPerson(std::string_view source_id, std::string_view name);
  // A known id is left alone unless `message.edited` is newer than what is stored: edits win.
  Result<Stored> Add(const MessageView& message);
  Status Commit();

 private:
  struct Impl;
  explicit MessageWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct PersonName {
  std::string name;
  int64_t messages = 0;
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

// A digest of the messages in the workspace that changes whenever they do (count, newest import):
// input of the run keys of later stages.
Result<std::string> MessagesFingerprint(Database& database);

}  // namespace idiolect
