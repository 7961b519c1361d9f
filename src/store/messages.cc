#include "store/messages.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "store/database.h"

namespace idiolect {
namespace {

// Counts up with every transaction that changed chats, people or messages.
constexpr char kRevisionSetting[] = "messages.revision";

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return Hash64(text); }
};

// What the writer knows of a person it has met in this transaction.
struct KnownPerson {
  std::string source_id;
  std::string name;              // the last one met
  int64_t unsaved_messages = 0;  // new ordinary ones under `name`
};

MessageView ViewOf(const Statement& row) {
  MessageView message;
  message.id = row.Integer(0);
  message.time = row.Integer(1);
  message.edited = row.Integer(2);
  message.author = row.Integer(3);
  message.reply_to = row.Integer(4);
  message.topic = row.Integer(5);
  message.flags = static_cast<uint32_t>(row.Integer(6));
  message.kind = static_cast<MessageKind>(row.Integer(7));
  message.media = static_cast<MediaKind>(row.Integer(8));
  message.text = row.Text(9);
  message.extra = row.Text(10);
  return message;
}

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
  bool changed = false;
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
  ASSIGN_OR_RETURN(auto find, database.Prepare("SELECT edited FROM messages WHERE id=?1"));
  return std::unique_ptr<MessageWriter>(new MessageWriter(std::make_unique<Impl>(
      database, std::move(transaction), std::move(insert), std::move(update), std::move(find))));
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
    impl_->people[static_cast<size_t>(id)].source_id = source_id;
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
  changed = true;
  return database.LastInsertId();
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
  changed = true;
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
    if (known) {
      const int64_t edited = impl_->find.Integer(0);
      impl_->find.Reset();
      if (message.edited <= edited) {
        return message.id > impl_->last_newest->before ? Stored::kRepeated : Stored::kKnown;
      }
      RETURN_IF_ERROR(BindMessage(impl_->update, message).Run());
      impl_->changed = true;
      return Stored::kEdited;
    }
  } else {
    impl_->last_newest->now = message.id;
  }
  RETURN_IF_ERROR(BindMessage(impl_->insert, message).Run());
  if (message.kind == MessageKind::kOrdinary && message.author > 0) {
    ++impl_->people[static_cast<size_t>(message.author)].unsaved_messages;
  }
  impl_->changed = true;
  return Stored::kNew;
}

Status MessageWriter::Commit() {
  for (size_t id = 0; id < impl_->people.size(); ++id) {
    RETURN_IF_ERROR(impl_->SavePersonName(static_cast<PersonId>(id), impl_->people[id]));
    impl_->people[id].unsaved_messages = 0;
  }
  if (impl_->changed) {
    ASSIGN_OR_RETURN(auto count,
                     impl_->database.Prepare("INSERT INTO settings(name, value) VALUES(?1, '1') ON "
                                             "CONFLICT(name) DO UPDATE SET value = value + 1"));
    RETURN_IF_ERROR(count.Bind(1, std::string_view(kRevisionSetting)).Run());
  }
  return impl_->transaction.Commit();
}

Status RecordImport(Database& database, std::string_view path, int64_t finished_at,
                    std::string_view summary) {
  ASSIGN_OR_RETURN(auto insert, database.Prepare("INSERT INTO imports(path, finished_at, summary) "
                                                 "VALUES(?1, ?2, ?3)"));
  return insert.Bind(1, path).Bind(2, finished_at).Bind(3, summary).Run();
}

Result<std::vector<Chat>> ListChats(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT id, source, source_id, name, kind FROM "
                                                "chats ORDER BY id"));
  std::vector<Chat> chats;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return chats;
    Chat chat;
    chat.id = query.Integer(0);
    chat.source = query.Text(1);
    chat.source_id = query.Text(2);
    chat.name = query.Text(3);
    chat.kind = static_cast<ChatKind>(query.Integer(4));
    chats.push_back(std::move(chat));
  }
}

namespace {

// Everybody with their names; index is PersonId.
Result<std::vector<PersonSummary>> PeopleById(Database& database) {
  std::vector<PersonSummary> people(1);  // by PersonId
  ASSIGN_OR_RETURN(auto ids, database.Prepare("SELECT id, source_id FROM people ORDER BY id"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, ids.Step());
    if (!row) break;
    people.resize(static_cast<size_t>(ids.Integer(0)) + 1);
    people.back().id = ids.Integer(0);
    people.back().source_id = ids.Text(1);
  }
  ASSIGN_OR_RETURN(auto names, database.Prepare("SELECT person_id, name, messages FROM "
                                                "person_names ORDER BY person_id, last_seen DESC"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, names.Step());
    if (!row) break;
    const size_t id = static_cast<size_t>(names.Integer(0));
    if (id >= people.size()) continue;
    people[id].names.push_back({std::string(names.Text(1)), names.Integer(2)});
  }
  return people;
}

}  // namespace

Result<std::vector<PersonSummary>> ListPeople(Database& database) {
  ASSIGN_OR_RETURN(auto people, PeopleById(database));
  // Messages come in order of id, so those of one chat together: a person's chats are counted by
  // remembering the last one. Grouping in SQL would sort the whole table.
  std::vector<ChatId> last_chat(people.size(), 0);
  ASSIGN_OR_RETURN(auto messages, database.Prepare("SELECT id, author, length(text) FROM messages "
                                                   "WHERE kind = 0 ORDER BY id"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, messages.Step());
    if (!row) break;
    const size_t author = static_cast<size_t>(messages.Integer(1));
    if (author == 0 || author >= people.size()) continue;
    PersonSummary& person = people[author];
    const ChatId chat = ChatOfMessage(messages.Integer(0));
    person.chats += std::exchange(last_chat[author], chat) != chat;
    ++person.messages;
    person.words += messages.Integer(2);
  }

  std::erase_if(people, [](const PersonSummary& person) { return person.messages == 0; });
  std::stable_sort(people.begin(), people.end(),
                   [](const auto& a, const auto& b) { return a.messages > b.messages; });
  return people;
}

Result<std::vector<PersonSummary>> ListPeopleByName(Database& database) {
  ASSIGN_OR_RETURN(auto people, PeopleById(database));
  for (PersonSummary& person : people) {
    for (const PersonName& name : person.names) person.messages += name.messages;
  }
  std::erase_if(people, [](const PersonSummary& person) { return person.id == 0; });
  std::stable_sort(people.begin(), people.end(),
                   [](const auto& a, const auto& b) { return a.messages > b.messages; });
  return people;
}

Result<std::vector<std::string>> PersonNames(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT coalesce(max(id), 0) FROM people"));
  ASSIGN_OR_RETURN(const bool any, query.Step());
  std::vector<std::string> names(any ? static_cast<size_t>(query.Integer(0)) + 1 : 1);
  ASSIGN_OR_RETURN(query, database.Prepare("SELECT person_id, name FROM person_names ORDER BY "
                                           "person_id, last_seen"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return names;
    const size_t id = static_cast<size_t>(query.Integer(0));
    if (id < names.size()) names[id] = query.Text(1);
  }
}

Result<std::vector<ChatTotals>> CountMessages(Database& database) {
  // One range of ids a chat: the counting touches each page once and sorts nothing.
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT id, (SELECT count(*) FROM messages WHERE messages.id "
                                    "BETWEEN chats.id * ?1 AND chats.id * ?1 + ?1 - 1) FROM chats "
                                    "ORDER BY id"));
  query.Bind(1, kMessageIdSpan);
  std::vector<ChatTotals> totals;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return totals;
    totals.push_back({query.Integer(0), query.Integer(1)});
  }
}

Status ForEachMessage(Database& database, ChatId chat,
                      const std::function<Status(const MessageView&)>& each) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT id, time, edited, author, reply_to, topic, flags, "
                                    "kind, media, text, extra FROM messages WHERE id BETWEEN ?1 "
                                    "AND ?2 ORDER BY id"));
  const MessageId first = MakeMessageId(chat, -kMessageIdSpan / 2);
  query.Bind(1, first).Bind(2, first + kMessageIdSpan - 1);
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return {};
    RETURN_IF_ERROR(each(ViewOf(query)));
  }
}

Result<std::string> MessagesFingerprint(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT value FROM settings WHERE name=?1"));
  ASSIGN_OR_RETURN(const bool known, query.Bind(1, std::string_view(kRevisionSetting)).Step());
  return known ? "revision " + std::string(query.Text(0)) : std::string("empty");
}

}  // namespace idiolect
