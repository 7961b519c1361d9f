#pragma once
// One message by its id: for what lies outside the conversation being read, for example the far end
// of a reply. Thread-compatible; the database must outlive it.

#include <optional>
#include <string>

#include "base/result.h"
#include "core/message.h"
#include "store/database.h"

namespace idiolect {

class MessageLookup {
 public:
  static Result<MessageLookup> Prepare(Database& database);

  // nullopt when the workspace has no such message. The view is valid until the next Find.
  Result<std::optional<MessageView>> Find(MessageId id);

 private:
  explicit MessageLookup(Statement query) : query_(std::move(query)) {}
  Statement query_;
};

// "telegram:user123"; nullopt when there is no such person.
Result<std::optional<std::string>> SourceIdOfPerson(Database& database, PersonId person);

}  // namespace idiolect
