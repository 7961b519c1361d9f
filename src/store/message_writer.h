#pragma once
// Puts chats, people and messages into the workspace; used by `importer` alone. messages.h reads
// them.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/message.h"
#include "store/chat_join.h"

namespace idiolect {

class Database;

// What a writer did with one message. kRepeated: nothing, for this very transaction has stored it;
// it can be told from kKnown where the id is above all that the chat held before. kIdentified: it
// was known from a source without ids of people, and now is as this one has it.
enum class Stored { kNew, kEdited, kKnown, kRepeated, kIdentified };

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
  // A known id is left alone unless `message.edited` is newer than what is stored: edits win; and
  // unless it came without the author's id, which this one brings (kAuthorByName). The chat must
  // have come from AddChat of this writer, and the author from its AddPerson. A new ordinary
  // message is counted for the name that its author was last added with. Who was merged into
  // another (people_merges.h) writes as that other.
  Result<Stored> Add(const MessageView& message);
  // After the last message of a chat: the topics that its export did not open (forum_rows.h).
  Status AssignTopics(ChatId chat, const std::vector<MessageId>& maybe,
                      const std::vector<MessageId>& likely);
  // After the last message of all: makes the chats that turned out to be one, and the people
  // (chat_join.h).
  Result<JoinCounts> Join();
  Status Commit();

 private:
  struct Impl;
  explicit MessageWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The setting that counts up with every transaction that changed chats, people or messages.
constexpr char kMessagesRevision[] = "messages.revision";
// Counts it up.
Status RaiseMessagesRevision(Database& database);

}  // namespace idiolect
