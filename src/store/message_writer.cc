#include "store/message_writer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "store/database.h"
#include "store/forum_rows.h"
#include "store/people_merges.h"

namespace idiolect {
namespace {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return Hash64(text); }
};

// What the writer knows of a person it has met in this transaction.
struct KnownPerson {
  std::string source_id;
  std::string name;              // the last one met
  int64_t unsaved_messages = 0;  // new ordinary ones under `name`
  PersonId same_as = 0;          // whom it was merged into; 0: nobody
};

Statement& BindMessage(Statement& statement, const MessageView& message) {
  statement.Bind(1, message.id)
      .Bind(2, message.time)
      .Bind(3, message.edited)
      .Bind(4, message.author)
      .Bind(5, message.reply_to)
      .Bind(6, message.topic)
      .Bind(7, int64_t{message.flags})
      .Bind(8, static_cast<int64_t>(message.kind))
      .Bind(9, static_cast<int64_t>(message.media))
      .Bind(10, message.text);
  return message.extra.empty() ? statement.BindNull(11) : statement.Bind(11, message.extra);
}

}  // namespace

struct MessageWriter::Impl {
  Impl(Database& db, Transaction begun, Statement insert_message, Statement update_message,
       Statement find_message)
      : database(db),
        transaction(std::move(begun)),
        insert(std::move(insert_message)),
        update(std::move(update_message)),
        find(std::move(find_message)) {}

  Result<PersonId> FindOrMakePerson(std::string_view source_id);
  Status SavePersonName(PersonId id, const KnownPerson& person);
  Status SaveNames();
  Result<Stored> AddKnown(const MessageView& message);
  Result<PersonId> AuthorBeforeMerges(MessageId message, PersonId author);
  Status Write(Statement& statement, const MessageView& message);
  KnownPerson& PersonAt(PersonId id) { return people[static_cast<size_t>(id)]; }
  Status SetAsNewestName(PersonId id, std::string_view name);

  Database& database;
  Transaction transaction;
  Statement insert, update, find;

  // The largest id of a chat, before this transaction and now.
  struct Newest {
    MessageId before = 0;
    MessageId now = 0;
  };
  std::unordered_map<ChatId, Newest> newest;
  ChatId last_chat = 0;  // the entry of `newest` that Add used last
  Newest* last_newest = nullptr;

  std::unordered_map<std::string, PersonId, TextHash, std::equal_to<>> person_ids;
  std::vector<KnownPerson> people;  // by PersonId; those not met have an empty source_id
  PersonId last_old_person = 0;     // larger ids were made in this transaction
  bool changed = false;

  std::vector<PersonId> merged_into;  // by PersonId
  bool any_merges = false;
  std::optional<Statement> find_merged, keep_merged, forget_merged;  // where there are any
  std::map<ChatId, NameEvidence> evidence;                           // by chat
  std::map<PersonId, int64_t> lost_messages;  // by author: now known to be somebody else's
  std::vector<ChatId> grown;                  // chats with new messages
};

MessageWriter::MessageWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MessageWriter::~MessageWriter() = default;

Result<std::unique_ptr<MessageWriter>> MessageWriter::Begin(Database& database) {
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(database));
  ASSIGN_OR_RETURN(auto insert, database.Prepare("INSERT INTO messages(id, time, edited, author, "
                                                 "reply_to, topic, flags, kind, media, text, extra)"
                                                 "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"));
  ASSIGN_OR_RETURN(auto update,
                   database.Prepare("UPDATE messages SET time=?2, edited=?3, author=?4, "
                                    "reply_to=?5, topic=?6, flags=?7, kind=?8, media=?9, text=?10, "
                                    "extra=?11 WHERE id=?1"));
  ASSIGN_OR_RETURN(auto find, database.Prepare("SELECT edited, flags, author, kind FROM "
                                               "messages WHERE id=?1"));
  auto impl = std::make_unique<Impl>(database, std::move(transaction), std::move(insert),
                                     std::move(update), std::move(find));
  ASSIGN_OR_RETURN(impl->merged_into, MergedInto(database));
  impl->any_merges = !impl->merged_into.empty();
  ASSIGN_OR_RETURN(impl->find_merged,
                   database.Prepare("SELECT person_id FROM merged_authors WHERE message_id=?1"));
  ASSIGN_OR_RETURN(impl->keep_merged,
                   database.Prepare("INSERT OR REPLACE INTO merged_authors VALUES(?1, ?2)"));
  ASSIGN_OR_RETURN(impl->forget_merged,
                   database.Prepare("DELETE FROM merged_authors WHERE message_id=?1"));
  ASSIGN_OR_RETURN(auto last, database.Prepare("SELECT coalesce(max(id), 0) FROM people"));
  ASSIGN_OR_RETURN(const bool row, last.Step());
  impl->last_old_person = row ? last.Integer(0) : 0;
  return std::unique_ptr<MessageWriter>(new MessageWriter(std::move(impl)));
}

Result<ChatId> MessageWriter::AddChat(const Chat& chat) {
  ASSIGN_OR_RETURN(auto find, impl_->database.Prepare("SELECT id, name, kind FROM chats WHERE "
                                                      "source=?1 AND source_id=?2"));
  find.Bind(1, chat.source).Bind(2, chat.source_id);
  ASSIGN_OR_RETURN(const bool known, find.Step());
  ChatId id = 0;
  if (known) {
    id = find.Integer(0);
    const bool renamed = !chat.name.empty() && find.Text(1) != chat.name;
    const bool retyped =
        chat.kind != ChatKind::kOther && find.Integer(2) != static_cast<int64_t>(chat.kind);
    find.Reset();
    if (renamed || retyped) {
      ASSIGN_OR_RETURN(auto rename,
                       impl_->database.Prepare(
                           "UPDATE chats SET name=coalesce(?2, name), kind=coalesce(?3, kind) "
                           "WHERE id=?1"));
      rename.Bind(1, id).BindNull(2).BindNull(3);
      if (renamed) rename.Bind(2, chat.name);
      if (retyped) rename.Bind(3, static_cast<int64_t>(chat.kind));
      RETURN_IF_ERROR(rename.Run());
      impl_->changed = true;
    }
  } else {
    ASSIGN_OR_RETURN(auto make, impl_->database.Prepare("INSERT INTO chats(source, source_id, "
                                                        "name, kind) VALUES(?1,?2,?3,?4)"));
    make.Bind(1, chat.source).Bind(2, chat.source_id).Bind(3, chat.name);
    RETURN_IF_ERROR(make.Bind(4, static_cast<int64_t>(chat.kind)).Run());
    id = impl_->database.LastInsertId();
    impl_->changed = true;
  }
  if (!impl_->newest.contains(id)) {
    ASSIGN_OR_RETURN(auto newest, impl_->database.Prepare(
                                      "SELECT max(id) FROM messages WHERE id BETWEEN ?1 AND ?2"));
    const MessageId first = MakeMessageId(id, -kMessageIdSpan / 2);
    ASSIGN_OR_RETURN(const bool row,
                     newest.Bind(1, first).Bind(2, first + kMessageIdSpan - 1).Step());
    const MessageId largest = row && !newest.IsNull(0) ? newest.Integer(0) : first - 1;
    impl_->newest[id] = {largest, largest};
  }
  return id;
}

Result<PersonId> MessageWriter::AddPerson(std::string_view source_id, std::string_view name) {
  PersonId id = 0;
  if (const auto known = impl_->person_ids.find(source_id); known != impl_->person_ids.end()) {
    id = known->second;
  } else {
    ASSIGN_OR_RETURN(id, impl_->FindOrMakePerson(source_id));
    impl_->person_ids.emplace(source_id, id);
    if (impl_->people.size() <= static_cast<size_t>(id)) {
      impl_->people.resize(static_cast<size_t>(id) + 1);
    }
    KnownPerson& person = impl_->PersonAt(id);
    person.source_id = source_id;
    const auto index = static_cast<size_t>(id);
    if (index < impl_->merged_into.size()) person.same_as = impl_->merged_into[index];
  }
  KnownPerson& person = impl_->people[static_cast<size_t>(id)];
  if (!name.empty() && person.name != name) {
    RETURN_IF_ERROR(impl_->SavePersonName(id, person));
    person.name = name;
    person.unsaved_messages = 0;
    RETURN_IF_ERROR(impl_->SetAsNewestName(id, name));
  }
  return id;
}

Result<PersonId> MessageWriter::Impl::FindOrMakePerson(std::string_view source_id) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT id FROM people WHERE source_id=?1"));
  ASSIGN_OR_RETURN(const bool known, query.Bind(1, source_id).Step());
  if (known) return query.Integer(0);
  ASSIGN_OR_RETURN(auto make, database.Prepare("INSERT INTO people(source_id) VALUES(?1)"));
  RETURN_IF_ERROR(make.Bind(1, source_id).Run());
  return database.LastInsertId();  // `changed` if it is still there at the end
}

// Makes `name` the newest of the person's, unless it is that already.
Status MessageWriter::Impl::SetAsNewestName(PersonId id, std::string_view name) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT name FROM person_names WHERE person_id=?1 "
                                                "ORDER BY last_seen DESC LIMIT 1"));
  ASSIGN_OR_RETURN(const bool known, query.Bind(1, id).Step());
  if (known && query.Text(0) == name) return {};
  query.Reset();
  ASSIGN_OR_RETURN(
      auto add, database.Prepare("INSERT INTO person_names(person_id, name, last_seen, messages) "
                                 "VALUES(?1, ?2, 1 + (SELECT coalesce(max(last_seen), 0) FROM "
                                 "person_names WHERE person_id=?1), 0) ON CONFLICT DO UPDATE SET "
                                 "last_seen = excluded.last_seen"));
  RETURN_IF_ERROR(add.Bind(1, id).Bind(2, name).Run());
  changed |= id <= last_old_person;
  return {};
}

Status MessageWriter::Impl::SavePersonName(PersonId id, const KnownPerson& person) {
  if (person.unsaved_messages == 0) return {};
  ASSIGN_OR_RETURN(auto count, database.Prepare("UPDATE person_names SET messages = messages + ?3 "
                                                "WHERE person_id=?1 AND name=?2"));
  return count.Bind(1, id).Bind(2, person.name).Bind(3, person.unsaved_messages).Run();
}

Result<Stored> MessageWriter::Add(const MessageView& message) {
  const ChatId chat = ChatOfMessage(message.id);
  if (chat != impl_->last_chat) {
    impl_->last_chat = chat;
    impl_->last_newest = &impl_->newest.at(chat);
  }
  if (message.id <= impl_->last_newest->now) {
    ASSIGN_OR_RETURN(const bool known, impl_->find.Bind(1, message.id).Step());
    if (known) return impl_->AddKnown(message);
  } else {
    impl_->last_newest->now = message.id;
  }
  RETURN_IF_ERROR(impl_->Write(impl_->insert, message));
  if (message.kind == MessageKind::kOrdinary && message.author > 0) {
    ++impl_->PersonAt(message.author).unsaved_messages;
  }
  if (impl_->grown.empty() || impl_->grown.back() != chat) impl_->grown.push_back(chat);
  impl_->changed = true;
  return Stored::kNew;
}

// `find` stands on the row that is there.
Result<Stored> MessageWriter::Impl::AddKnown(const MessageView& message) {
  const int64_t edited = find.Integer(0);
  const bool had_name = (find.Integer(1) & kAuthorByName) != 0;
  PersonId author = find.Integer(2);
  const bool ordinary = find.Integer(3) == static_cast<int64_t>(MessageKind::kOrdinary);
  find.Reset();
  const bool has_name = (message.flags & kAuthorByName) != 0;
  ASSIGN_OR_RETURN(author, AuthorBeforeMerges(message.id, author));
  const ChatId chat = ChatOfMessage(message.id);
  if (had_name && !has_name) {
    if (author != 0 && message.author != 0) ++evidence[chat][{author, message.author}];
    RETURN_IF_ERROR(Write(update, message));
    if (ordinary && author > 0) ++lost_messages[author];
    if (message.kind == MessageKind::kOrdinary && message.author > 0) {
      ++PersonAt(message.author).unsaved_messages;
    }
    changed = true;
    return Stored::kIdentified;
  }
  if (has_name && !had_name && author != 0 && message.author != 0) {
    ++evidence[chat][{message.author, author}];
  }
  if (message.edited <= edited || (has_name && !had_name)) {
    return message.id > last_newest->before ? Stored::kRepeated : Stored::kKnown;
  }
  RETURN_IF_ERROR(Write(update, message));
  changed = true;
  return Stored::kEdited;
}

Result<PersonId> MessageWriter::Impl::AuthorBeforeMerges(MessageId message, PersonId author) {
  if (!any_merges) return author;
  ASSIGN_OR_RETURN(const bool row, find_merged->Bind(1, message).Step());
  const PersonId before = row ? find_merged->Integer(0) : author;
  find_merged->Reset();
  return before;
}

// With the author that the one named was merged into.
Status MessageWriter::Impl::Write(Statement& statement, const MessageView& message) {
  if (!any_merges) return BindMessage(statement, message).Run();
  MessageView merged = message;
  if (message.author > 0 && PersonAt(message.author).same_as != 0) {
    merged.author = PersonAt(message.author).same_as;
    RETURN_IF_ERROR(keep_merged->Bind(1, message.id).Bind(2, message.author).Run());
  } else {
    RETURN_IF_ERROR(forget_merged->Bind(1, message.id).Run());
  }
  return BindMessage(statement, merged).Run();
}

Status MessageWriter::AssignTopics(ChatId chat, const std::vector<MessageId>& maybe,
                                   const std::vector<MessageId>& likely) {
  if (maybe.empty() && likely.empty()) return {};
  ASSIGN_OR_RETURN(const int64_t changed,
                   idiolect::AssignTopics(impl_->database, chat, maybe, likely));
  impl_->changed |= changed > 0;
  return {};
}

Result<JoinCounts> MessageWriter::Join() {
  RETURN_IF_ERROR(impl_->SaveNames());
  std::vector<ChatId> chats = impl_->grown;
  for (const auto& [chat, met] : impl_->evidence) chats.push_back(chat);
  std::sort(chats.begin(), chats.end());
  chats.erase(std::unique(chats.begin(), chats.end()), chats.end());
  ASSIGN_OR_RETURN(const JoinCounts counts, JoinChats(impl_->database, chats, impl_->evidence));
  impl_->changed |= counts.chats > 0 || counts.identified > 0;
  return counts;
}

Status MessageWriter::Commit() {
  RETURN_IF_ERROR(impl_->SaveNames());
  if (!impl_->changed) {
    ASSIGN_OR_RETURN(auto made, impl_->database.Prepare("SELECT 1 FROM people WHERE id > ?1"));
    ASSIGN_OR_RETURN(impl_->changed, made.Bind(1, impl_->last_old_person).Step());
  }
  if (impl_->changed) RETURN_IF_ERROR(RaiseMessagesRevision(impl_->database));
  return impl_->transaction.Commit();
}

Status MessageWriter::Impl::SaveNames() {
  for (size_t id = 0; id < people.size(); ++id) {
    RETURN_IF_ERROR(SavePersonName(static_cast<PersonId>(id), people[id]));
    people[id].unsaved_messages = 0;
  }
  ASSIGN_OR_RETURN(auto lose, database.Prepare("UPDATE person_names SET messages = messages - ?2 "
                                               "WHERE person_id=?1 AND last_seen=(SELECT max("
                                               "last_seen) FROM person_names WHERE person_id=?1)"));
  for (const auto& [person, count] : std::exchange(lost_messages, {})) {
    RETURN_IF_ERROR(lose.Bind(1, person).Bind(2, count).Run());
  }
  return {};
}

Status RaiseMessagesRevision(Database& database) {
  ASSIGN_OR_RETURN(auto count, database.Prepare("INSERT INTO settings(name, value) VALUES(?1, '1') "
                                                "ON CONFLICT(name) DO UPDATE SET value = value + "
                                                "1"));
  return count.Bind(1, std::string_view(kMessagesRevision)).Run();
}

}  // namespace idiolect
