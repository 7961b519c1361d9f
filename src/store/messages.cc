#include "store/messages.h"

#include <algorithm>
#include <utility>

#include "store/database.h"
#include "store/people_merges.h"

namespace idiolect {
namespace {

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

}  // namespace

Status RecordImport(Database& database, std::string_view path, int64_t finished_at,
                    std::string_view summary) {
  ASSIGN_OR_RETURN(auto insert, database.Prepare("INSERT INTO imports(path, finished_at, summary) "
                                                 "VALUES(?1, ?2, ?3)"));
  return insert.Bind(1, path).Bind(2, finished_at).Bind(3, summary).Run();
}

Result<std::vector<ImportRow>> ListImports(Database& database) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT path, finished_at, summary FROM imports ORDER BY id"));
  std::vector<ImportRow> rows;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back({std::string(query.Text(0)), query.Integer(1), std::string(query.Text(2))});
  }
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

void AddName(std::vector<PersonName>& names, PersonName added) {
  for (PersonName& name : names) {
    if (name.name != added.name) continue;
    name.messages += added.messages;
    return;
  }
  names.push_back(std::move(added));
}

// Everybody with their names, before any merge; index is PersonId. Empty (id 0) where there is
// nobody.
Result<std::vector<PersonSummary>> PeopleBeforeMerges(Database& database) {
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

// Whoever was merged is listed as the other.
Result<std::vector<PersonSummary>> PeopleById(Database& database) {
  ASSIGN_OR_RETURN(auto people, PeopleBeforeMerges(database));
  ASSIGN_OR_RETURN(const auto merged_into, MergedInto(database));
  for (size_t id = 0; id < std::min(people.size(), merged_into.size()); ++id) {
    const auto into = static_cast<size_t>(merged_into[id]);
    if (into == 0 || into >= people.size()) continue;
    people[into].also.push_back(std::move(people[id].source_id));
    for (PersonName& name : people[id].names) AddName(people[into].names, std::move(name));
    people[id] = {};
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

Result<std::vector<PersonSummary>> ListMergedPeople(Database& database) {
  ASSIGN_OR_RETURN(auto people, PeopleBeforeMerges(database));
  ASSIGN_OR_RETURN(const auto merged_into, MergedInto(database));
  for (PersonSummary& person : people) {
    const auto id = static_cast<size_t>(person.id);
    if (id >= merged_into.size() || merged_into[id] == 0) person.id = 0;
    for (const PersonName& name : person.names) person.messages += name.messages;
  }
  std::erase_if(people, [](const PersonSummary& person) { return person.id == 0; });
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
  ASSIGN_OR_RETURN(const bool known, query.Bind(1, std::string_view(kMessagesRevision)).Step());
  return known ? "revision " + std::string(query.Text(0)) : std::string("empty");
}

}  // namespace idiolect
