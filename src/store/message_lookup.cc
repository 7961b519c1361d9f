#include "store/message_lookup.h"

#include <utility>

namespace idiolect {

Result<MessageLookup> MessageLookup::Prepare(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT time, edited, author, reply_to, topic, "
                                                "flags, kind, media, text, extra FROM messages "
                                                "WHERE id=?1"));
  return MessageLookup(std::move(query));
}

Result<std::optional<MessageView>> MessageLookup::Find(MessageId id) {
  query_.Reset();
  ASSIGN_OR_RETURN(const bool row, query_.Bind(1, id).Step());
  if (!row) return std::nullopt;
  MessageView message;
  message.id = id;
  message.time = query_.Integer(0);
  message.edited = query_.Integer(1);
  message.author = query_.Integer(2);
  message.reply_to = query_.Integer(3);
  message.topic = query_.Integer(4);
  message.flags = static_cast<uint32_t>(query_.Integer(5));
  message.kind = static_cast<MessageKind>(query_.Integer(6));
  message.media = static_cast<MediaKind>(query_.Integer(7));
  message.text = query_.Text(8);
  message.extra = query_.Text(9);
  return message;
}

Result<std::optional<std::string>> SourceIdOfPerson(Database& database, PersonId person) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT source_id FROM people WHERE id=?1"));
  ASSIGN_OR_RETURN(const bool row, query.Bind(1, person).Step());
  return row ? std::optional(std::string(query.Text(0))) : std::nullopt;
}

}  // namespace idiolect
