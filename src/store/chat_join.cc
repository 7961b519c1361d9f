#include "store/chat_join.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "store/database.h"
#include "store/people_merges.h"
#include "store/samples.h"

namespace idiolect {
namespace {

// In an SQL text: whether message m has an author known by name only.
#define BY_NAME(m) "(" m ".flags & 32) <> 0"
static_assert(kAuthorByName == 32);

struct ChatRow {
  ChatId id = 0;
  std::string source, source_id, name;
  int64_t kind = 0;
  bool by_name() const { return source_id.starts_with("name:"); }
};

MessageId FirstOf(ChatId chat) {
  return MakeMessageId(chat, -kMessageIdSpan / 2);
}
MessageId LastOf(ChatId chat) {
  return FirstOf(chat) + kMessageIdSpan - 1;
}

class Joiner {
 public:
  Joiner(Database& database, std::map<ChatId, NameEvidence>& evidence)
      : database_(database), evidence_(evidence) {}

  Result<JoinCounts> Run(const std::vector<ChatId>& chats);

 private:
  Result<std::optional<ChatRow>> Read(ChatId chat);
  Result<std::optional<ChatRow>> FindSame(const ChatRow& chat);
  Status Join(const ChatRow& from, const ChatRow& into);
  Status CompareAuthors(ChatId chat, ChatId other);
  Status LoseNames(ChatId of, ChatId other, const char* also);
  Status MergeRows(const ChatRow& from, const ChatRow& into);
  Status ForgetDatasetsOn(ChatId chat);
  Status Identify(ChatId chat);
  Result<PersonId> OnlyOneNamed(ChatId chat, const std::string& name);
  Status MoveMessages(ChatId chat, PersonId by_name, PersonId by_id, const std::string& name);
  Status ForgetUnused();
  Result<std::string> NameOf(PersonId person);

  // Statements that are used once or twice.
  Status Do(const std::string& sql, std::initializer_list<int64_t> values) {
    ASSIGN_OR_RETURN(auto statement, database_.Prepare(sql));
    int index = 0;
    for (const int64_t value : values) statement.Bind(++index, value);
    return statement.Run();
  }

  Database& database_;
  std::map<ChatId, NameEvidence>& evidence_;
  std::map<PersonId, PersonId> became_;  // by name → the one who has most of it
  JoinCounts counts_;
};

Result<JoinCounts> Joiner::Run(const std::vector<ChatId>& chats) {
  std::set<ChatId> to_identify;
  for (const ChatId id : chats) {
    ASSIGN_OR_RETURN(const auto chat, Read(id));
    if (!chat) continue;  // joined with an earlier one
    ASSIGN_OR_RETURN(const auto same, FindSame(*chat));
    if (same) {
      const bool first = chat->id < same->id;
      RETURN_IF_ERROR(Join(first ? *same : *chat, first ? *chat : *same));
      to_identify.insert(std::min(chat->id, same->id));
      to_identify.erase(std::max(chat->id, same->id));
      ++counts_.chats;
    } else if (evidence_.contains(id)) {
      to_identify.insert(id);
    }
  }
  for (const ChatId chat : to_identify) RETURN_IF_ERROR(Identify(chat));
  RETURN_IF_ERROR(ForgetUnused());
  return counts_;
}

Result<std::optional<ChatRow>> Joiner::Read(ChatId chat) {
  ASSIGN_OR_RETURN(auto query, database_.Prepare("SELECT id, source, source_id, name, kind FROM "
                                                 "chats WHERE id=?1"));
  ASSIGN_OR_RETURN(const bool row, query.Bind(1, chat).Step());
  if (!row) return std::optional<ChatRow>();
  return std::optional<ChatRow>({query.Integer(0), std::string(query.Text(1)),
                                 std::string(query.Text(2)), std::string(query.Text(3)),
                                 query.Integer(4)});
}

// Another chat of the name, of which one of the two has no id, that holds the same messages. Times
// may differ by a time zone.
Result<std::optional<ChatRow>> Joiner::FindSame(const ChatRow& chat) {
  if (chat.name.empty()) return std::optional<ChatRow>();
  ASSIGN_OR_RETURN(auto list, database_.Prepare("SELECT id FROM chats WHERE source=?1 AND name=?2 "
                                                "AND id<>?3 ORDER BY id"));
  list.Bind(1, chat.source).Bind(2, chat.name).Bind(3, chat.id);
  std::vector<ChatId> others;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    others.push_back(list.Integer(0));
  }
  ASSIGN_OR_RETURN(
      auto compare,
      database_.Prepare("SELECT count(*), coalesce(sum(abs(a.time-b.time) <= 50400 AND (a.time-"
                        "b.time) % 900 = 0), 0) FROM messages a JOIN messages b ON b.id=a.id+?3 "
                        "WHERE a.id BETWEEN ?1 AND ?2 AND a.kind=0 AND b.kind=0"));
  for (const ChatId id : others) {
    ASSIGN_OR_RETURN(auto other, Read(id));
    if (!other || (!chat.by_name() && !other->by_name())) continue;
    compare.Bind(1, FirstOf(chat.id)).Bind(2, LastOf(chat.id));
    ASSIGN_OR_RETURN(const bool row, compare.Bind(3, FirstOf(other->id) - FirstOf(chat.id)).Step());
    const int64_t both = row ? compare.Integer(0) : 0, same = row ? compare.Integer(1) : 0;
    compare.Reset();
    if (same > 10 * (both - same)) return other;
  }
  return std::optional<ChatRow>();
}

Status Joiner::Join(const ChatRow& from, const ChatRow& into) {
  RETURN_IF_ERROR(CompareAuthors(from.id, into.id));
  RETURN_IF_ERROR(CompareAuthors(into.id, from.id));
  RETURN_IF_ERROR(ForgetDatasetsOn(from.id));
  RETURN_IF_ERROR(ForgetDatasetsOn(into.id));
  RETURN_IF_ERROR(MergeRows(from, into));
  NameEvidence& met = evidence_[into.id];
  for (const auto& [pair, count] : evidence_[from.id]) met[pair] += count;
  evidence_.erase(from.id);
  RETURN_IF_ERROR(
      Do("UPDATE OR IGNORE name_matches SET chat_id=?2 WHERE chat_id=?1", {from.id, into.id}));
  RETURN_IF_ERROR(Do("DELETE FROM name_matches WHERE chat_id=?1", {from.id}));
  RETURN_IF_ERROR(Do("DELETE FROM chats WHERE id=?1", {from.id}));
  const bool takes_id = into.by_name() && !from.by_name();
  const int64_t kind = into.kind == static_cast<int64_t>(ChatKind::kOther) ? from.kind : into.kind;
  ASSIGN_OR_RETURN(auto set,
                   database_.Prepare("UPDATE chats SET source_id=?2, kind=?3 WHERE id=?1"));
  return set.Bind(1, into.id)
      .Bind(2, takes_id ? from.source_id : into.source_id)
      .Bind(3, kind)
      .Run();
}

// Who the authors of `chat` that are known by name are in `other`.
Status Joiner::CompareAuthors(ChatId chat, ChatId other) {
  ASSIGN_OR_RETURN(
      auto compare,
      database_.Prepare(
          "SELECT coalesce(ma.person_id, a.author), coalesce(mb.person_id, b.author),"
          " count(*) FROM messages a JOIN messages b ON b.id=a.id+?3 LEFT JOIN "
          "merged_authors ma ON ma.message_id=a.id LEFT JOIN merged_authors mb ON "
          "mb.message_id=b.id WHERE a.id BETWEEN ?1 AND ?2 AND " BY_NAME("a") " AND NOT " BY_NAME(
              "b") " AND a.author<>0 AND b.author<>0 GROUP BY 1, 2"));
  compare.Bind(1, FirstOf(chat)).Bind(2, LastOf(chat)).Bind(3, FirstOf(other) - FirstOf(chat));
  NameEvidence& met = evidence_[chat];
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, compare.Step());
    if (!row) return {};
    met[{compare.Integer(0), compare.Integer(1)}] += compare.Integer(2);
  }
}

// Takes from the counts by name what is about to be dropped of `of`, because `other` has it too.
Status Joiner::LoseNames(ChatId of, ChatId other, const char* also) {
  return Do(std::string("UPDATE person_names SET messages = messages - lost.n FROM (SELECT "
                        "coalesce(m.person_id, a.author) AS person, count(*) AS n FROM messages a "
                        "JOIN messages b ON b.id=a.id+?3 LEFT JOIN merged_authors m ON "
                        "m.message_id=a.id WHERE a.id BETWEEN ?1 AND ?2 AND a.kind=0 AND ") +
                also +
                " GROUP BY 1) AS lost WHERE person_names.person_id=lost.person AND last_seen="
                "(SELECT max(n.last_seen) FROM person_names n WHERE n.person_id=lost.person)",
            {FirstOf(of), LastOf(of), FirstOf(other) - FirstOf(of)});
}

// Of two rows of one message, the one with the author's id stays, else that of `into`.
Status Joiner::MergeRows(const ChatRow& from, const ChatRow& into) {
  const MessageId first = FirstOf(from.id), last = LastOf(from.id);
  const int64_t step = FirstOf(into.id) - first;
  // `from` has ids and `into` has not, for one message.
  constexpr char kBetter[] = "NOT " BY_NAME("a") " AND " BY_NAME("b");
  constexpr char kWorse[] = BY_NAME("a") " AND NOT " BY_NAME("b");
  constexpr char kNotBetter[] = "NOT (NOT " BY_NAME("a") " AND " BY_NAME("b") ")";
  RETURN_IF_ERROR(LoseNames(from.id, into.id, kNotBetter));
  RETURN_IF_ERROR(LoseNames(into.id, from.id, kWorse));
  RETURN_IF_ERROR(Do(std::string("DELETE FROM messages WHERE id IN (SELECT a.id FROM messages a "
                                 "JOIN messages b ON b.id=a.id+?3 WHERE a.id BETWEEN ?1 AND ?2 "
                                 "AND ") +
                         kNotBetter + ")",
                     {first, last, step}));
  RETURN_IF_ERROR(
      Do("DELETE FROM merged_authors WHERE message_id BETWEEN ?1 AND ?2 AND NOT EXISTS "
         "(SELECT 1 FROM messages WHERE id=message_id)",
         {first, last}));
  RETURN_IF_ERROR(Do(std::string("DELETE FROM merged_authors WHERE message_id IN (SELECT a.id+?3 "
                                 "FROM messages a JOIN messages b ON b.id=a.id+?3 WHERE a.id "
                                 "BETWEEN ?1 AND ?2 AND ") +
                         kBetter + ")",
                     {first, last, step}));
  RETURN_IF_ERROR(
      Do("UPDATE merged_authors SET message_id=message_id+?3 WHERE message_id BETWEEN "
         "?1 AND ?2",
         {first, last, step}));
  // In pieces, as SQLite keeps the rows of one statement in memory.
  constexpr int64_t kPiece = 10'000;
  ASSIGN_OR_RETURN(auto end, database_.Prepare("SELECT max(id) FROM (SELECT id FROM messages WHERE "
                                               "id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3)"));
  for (MessageId at = first;;) {
    ASSIGN_OR_RETURN(const bool row, end.Bind(1, at).Bind(2, last).Bind(3, kPiece).Step());
    if (!row || end.IsNull(0)) break;
    const MessageId piece_end = end.Integer(0);
    end.Reset();
    RETURN_IF_ERROR(
        Do("INSERT OR REPLACE INTO messages SELECT id+?3, time, edited, author, CASE reply_to WHEN "
           "0 THEN 0 ELSE reply_to+?3 END, CASE topic WHEN 0 THEN 0 ELSE topic+?3 END, flags, "
           "kind, media, text, extra FROM messages WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
           {at, piece_end, step}));
    at = piece_end + 1;
  }
  end.Reset();
  return Do("DELETE FROM messages WHERE id BETWEEN ?1 AND ?2", {first, last});
}

Status Joiner::ForgetDatasetsOn(ChatId chat) {
  ASSIGN_OR_RETURN(auto query,
                   database_.Prepare("SELECT DISTINCT persona FROM datasets WHERE id IN (SELECT "
                                     "dataset_id FROM samples WHERE answer BETWEEN ?1 AND ?2 UNION "
                                     "SELECT dataset_id FROM rejects WHERE message_id BETWEEN ?1 "
                                     "AND ?2)"));
  query.Bind(1, FirstOf(chat)).Bind(2, LastOf(chat));
  std::vector<PersonId> personas;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) break;
    personas.push_back(query.Integer(0));
  }
  for (const PersonId persona : personas) RETURN_IF_ERROR(ForgetDatasets(database_, persona));
  return {};
}

Result<std::string> Joiner::NameOf(PersonId person) {
  ASSIGN_OR_RETURN(auto query, database_.Prepare("SELECT source_id FROM people WHERE id=?1"));
  ASSIGN_OR_RETURN(const bool row, query.Bind(1, person).Step());
  const std::string_view source_id = row ? query.Text(0) : std::string_view();
  if (!source_id.starts_with(kByNamePrefix)) return std::string();  // has an id already
  return std::string(source_id.substr(kByNamePrefix.size()));
}

Status Joiner::Identify(ChatId chat) {
  struct Match {
    PersonId only = 0, most = 0;
    int64_t messages = 0;
  };
  std::map<PersonId, Match> matches;
  for (const auto& [pair, count] : evidence_[chat]) {
    Match& match = matches[pair.first];
    match.only = match.most == 0 ? pair.second : 0;
    if (count > match.messages) match = {match.only, pair.second, count};
    ASSIGN_OR_RETURN(const std::string name, NameOf(pair.first));
    if (name.empty()) continue;
    ASSIGN_OR_RETURN(auto keep,
                     database_.Prepare("INSERT INTO name_matches VALUES(?1, ?2, ?3, ?4) ON "
                                       "CONFLICT DO UPDATE SET messages=max(messages, "
                                       "excluded.messages)"));
    keep.Bind(1, chat).Bind(2, name).Bind(3, pair.second);
    RETURN_IF_ERROR(keep.Bind(4, count).Run());
  }
  // Whoever of the chat stands in none of the shared messages.
  ASSIGN_OR_RETURN(
      auto rest, database_.Prepare("SELECT DISTINCT coalesce(m.person_id, a.author) FROM messages "
                                   "a LEFT JOIN merged_authors m ON m.message_id=a.id WHERE a.id "
                                   "BETWEEN ?1 AND ?2 AND a.author<>0 AND " BY_NAME("a")));
  rest.Bind(1, FirstOf(chat)).Bind(2, LastOf(chat));
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, rest.Step());
    if (!row) break;
    matches.try_emplace(rest.Integer(0));
  }
  for (auto& [by_name, match] : matches) {
    ASSIGN_OR_RETURN(const std::string name, NameOf(by_name));
    if (name.empty()) continue;
    if (match.most == 0) {
      ASSIGN_OR_RETURN(match.only, OnlyOneNamed(chat, name));
      match.most = match.only;
    }
    if (match.most != 0) became_[by_name] = match.most;
    if (match.only != 0) RETURN_IF_ERROR(MoveMessages(chat, by_name, match.only, name));
  }
  return {};
}

// The one person with an id and this name who wrote in the chat; 0: none, or several.
Result<PersonId> Joiner::OnlyOneNamed(ChatId chat, const std::string& name) {
  ASSIGN_OR_RETURN(auto query,
                   database_.Prepare("SELECT n.person_id FROM person_names n JOIN people p ON "
                                     "p.id=n.person_id WHERE n.name=?1 AND p.source_id NOT LIKE "
                                     "'telegram-html:%' AND EXISTS (SELECT 1 FROM messages WHERE "
                                     "id BETWEEN ?2 AND ?3 AND author=n.person_id)"));
  query.Bind(1, name).Bind(2, FirstOf(chat)).Bind(3, LastOf(chat));
  ASSIGN_OR_RETURN(const bool first, query.Step());
  if (!first) return PersonId{0};
  const PersonId person = query.Integer(0);
  ASSIGN_OR_RETURN(const bool second, query.Step());
  return second ? PersonId{0} : person;
}

Status Joiner::MoveMessages(ChatId chat, PersonId by_name, PersonId by_id,
                            const std::string& name) {
  const MessageId first = FirstOf(chat), last = LastOf(chat);
  ASSIGN_OR_RETURN(const auto merged, MergedInto(database_));
  const auto index = static_cast<size_t>(by_id);
  const PersonId writes_as = index < merged.size() && merged[index] != 0 ? merged[index] : by_id;
  ASSIGN_OR_RETURN(auto count,
                   database_.Prepare(
                       "SELECT count(*), coalesce(sum(a.kind=0), 0) FROM messages a "
                       "LEFT JOIN merged_authors m ON m.message_id=a.id WHERE a.id "
                       "BETWEEN ?2 AND ?3 AND " BY_NAME("a") " AND "
                                                             "coalesce(m.person_id, a.author)=?1"));
  ASSIGN_OR_RETURN(const bool row, count.Bind(1, by_name).Bind(2, first).Bind(3, last).Step());
  const int64_t moved = row ? count.Integer(0) : 0, ordinary = row ? count.Integer(1) : 0;
  count.Reset();
  if (moved == 0) return {};
  // Theirs before any merge: by the table of merges, or by the message itself.
  RETURN_IF_ERROR(
      Do("UPDATE merged_authors SET person_id=?2 WHERE person_id=?1 AND message_id "
         "BETWEEN ?3 AND ?4",
         {by_name, by_id, first, last}));
  RETURN_IF_ERROR(
      Do("INSERT OR IGNORE INTO merged_authors SELECT id, ?2 FROM messages WHERE id "
         "BETWEEN ?3 AND ?4 AND author=?1 AND (flags & 32) <> 0",
         {by_name, by_id, first, last}));
  RETURN_IF_ERROR(
      Do("UPDATE messages SET author=?1 WHERE (flags & 32) <> 0 AND id IN (SELECT "
         "message_id FROM merged_authors WHERE person_id=?2 AND message_id BETWEEN ?3 "
         "AND ?4)",
         {writes_as, by_id, first, last}));
  if (writes_as == by_id) {
    RETURN_IF_ERROR(Do("DELETE FROM merged_authors WHERE person_id=?1", {by_id}));
  }
  counts_.identified += moved;
  RETURN_IF_ERROR(ForgetDatasets(database_, by_name));
  RETURN_IF_ERROR(ForgetDatasets(database_, writes_as));
  RETURN_IF_ERROR(Do("UPDATE person_names SET messages = messages - ?2 WHERE person_id=?1",
                     {by_name, ordinary}));
  // A name that is new comes before the others: the export with ids says what the newest is.
  ASSIGN_OR_RETURN(
      auto add, database_.Prepare("INSERT INTO person_names(person_id, name, last_seen, messages) "
                                  "VALUES(?1, ?2, (SELECT coalesce(min(last_seen), 1) - 1 FROM "
                                  "person_names WHERE person_id=?1), ?3) ON CONFLICT DO UPDATE SET "
                                  "messages = messages + excluded.messages"));
  return add.Bind(1, by_id).Bind(2, name).Bind(3, ordinary).Run();
}

// Takes away those known by name of whom nothing is left, and gives what hung on them to who they
// became.
Status Joiner::ForgetUnused() {
  for (const auto& [by_name, by_id] : became_) {
    ASSIGN_OR_RETURN(auto left, database_.Prepare("SELECT p.source_id, coalesce(sum(n.messages), 0)"
                                                  " FROM people p LEFT JOIN person_names n ON "
                                                  "n.person_id=p.id WHERE p.id=?1 GROUP BY p.id"));
    ASSIGN_OR_RETURN(const bool row, left.Bind(1, by_name).Step());
    if (!row || left.Integer(1) > 0) continue;
    const std::string source_id(left.Text(0));
    left.Reset();
    ASSIGN_OR_RETURN(auto persona,
                     database_.Prepare("UPDATE settings SET value=(SELECT source_id FROM people "
                                       "WHERE id=?1) WHERE name='persona' AND value=?2"));
    RETURN_IF_ERROR(persona.Bind(1, by_id).Bind(2, source_id).Run());
    RETURN_IF_ERROR(ForgetDatasets(database_, by_name));
    RETURN_IF_ERROR(
        Do("UPDATE OR IGNORE people_notes SET person_id=?2 WHERE person_id=?1", {by_name, by_id}));
    RETURN_IF_ERROR(Do("UPDATE people_merges SET into_id=?2 WHERE into_id=?1 AND person_id<>?2",
                       {by_name, by_id}));
    for (const char* sql :
         {"DELETE FROM people_notes WHERE person_id=?1",
          "DELETE FROM people_merges WHERE person_id=?1",
          "DELETE FROM people_merges WHERE into_id=?1",
          "DELETE FROM person_names WHERE person_id=?1", "DELETE FROM people WHERE id=?1"}) {
      RETURN_IF_ERROR(Do(sql, {by_name}));
    }
  }
  return {};
}

}  // namespace

Result<JoinCounts> JoinChats(Database& database, const std::vector<ChatId>& chats,
                             std::map<ChatId, NameEvidence>& evidence) {
  return Joiner(database, evidence).Run(chats);
}

}  // namespace idiolect
