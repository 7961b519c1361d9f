#include "store/people_merges.h"

#include <utility>

#include "store/database.h"
#include "store/message_writer.h"
#include "store/samples.h"

namespace idiolect {
namespace {

void Put(std::vector<PersonId>& by_person, PersonId person, PersonId into) {
  const auto index = static_cast<size_t>(person);
  if (by_person.size() <= index) by_person.resize(index + 1);
  by_person[index] = into;
}

PersonId At(const std::vector<PersonId>& by_person, PersonId person) {
  const auto index = static_cast<size_t>(person);
  return index < by_person.size() ? by_person[index] : 0;
}

Status RunWith(Database& database, const char* sql, PersonId first, PersonId second) {
  ASSIGN_OR_RETURN(auto statement, database.Prepare(sql));
  return statement.Bind(1, first).Bind(2, second).Run();
}

}  // namespace

Result<std::vector<MergeRow>> ListMerges(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT person_id, into_id, merged_at FROM "
                                                "people_merges ORDER BY merged_at, person_id"));
  std::vector<MergeRow> merges;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return merges;
    merges.push_back({query.Integer(0), query.Integer(1), query.Integer(2)});
  }
}

Result<std::vector<PersonId>> MergedInto(Database& database) {
  ASSIGN_OR_RETURN(const auto merges, ListMerges(database));
  std::vector<PersonId> next, last;
  for (const MergeRow& merge : merges) Put(next, merge.person, merge.into);
  for (const MergeRow& merge : merges) {
    PersonId into = merge.into;
    // As many steps as there are merges at most, whatever somebody wrote into the table.
    for (size_t step = 0; step < merges.size() && At(next, into) != 0; ++step) {
      into = At(next, into);
    }
    Put(last, merge.person, into);
  }
  return last;
}

Result<int64_t> MergePeople(Database& database, PersonId person, PersonId into, int64_t now) {
  ASSIGN_OR_RETURN(const auto merged, MergedInto(database));
  if (person == into || At(merged, person) != 0 || At(merged, into) != 0) {
    return Fail(ErrorKind::kMisuse, "they are one person already", "idiolect people lists all");
  }
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(database));
  ASSIGN_OR_RETURN(auto add, database.Prepare("INSERT INTO people_merges VALUES(?1, ?2, ?3)"));
  RETURN_IF_ERROR(add.Bind(1, person).Bind(2, into).Bind(3, now).Run());
  // Those merged into `person` before keep what they were.
  RETURN_IF_ERROR(RunWith(database,
                          "INSERT OR IGNORE INTO merged_authors SELECT id, author FROM messages "
                          "WHERE author=?1 AND ?2",
                          person, into));
  RETURN_IF_ERROR(RunWith(database, "UPDATE messages SET author=?2 WHERE author=?1", person, into));
  const int64_t moved = database.Changes();
  RETURN_IF_ERROR(ForgetDatasets(database, person));
  RETURN_IF_ERROR(ForgetDatasets(database, into));
  RETURN_IF_ERROR(RaiseMessagesRevision(database));
  RETURN_IF_ERROR(transaction.Commit());
  return moved;
}

Result<int64_t> UnmergePerson(Database& database, PersonId person) {
  ASSIGN_OR_RETURN(const auto before, MergedInto(database));
  if (At(before, person) == 0) {
    return Fail(ErrorKind::kMisuse, "this person was not merged into another",
                "idiolect people lists who was merged");
  }
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(database));
  RETURN_IF_ERROR(
      RunWith(database, "DELETE FROM people_merges WHERE person_id=?1 AND ?2", person, 1));
  ASSIGN_OR_RETURN(const auto after, MergedInto(database));
  int64_t moved = 0;
  for (size_t index = 1; index < before.size(); ++index) {
    const auto original = static_cast<PersonId>(index);
    const PersonId now = At(after, original) != 0 ? At(after, original) : original;
    if (before[index] == 0 || before[index] == now) continue;
    RETURN_IF_ERROR(RunWith(database,
                            "UPDATE messages SET author=?2 WHERE id IN (SELECT message_id FROM "
                            "merged_authors WHERE person_id=?1)",
                            original, now));
    moved += database.Changes();
    if (now == original) {
      RETURN_IF_ERROR(
          RunWith(database, "DELETE FROM merged_authors WHERE person_id=?1 AND ?2", original, 1));
    }
  }
  RETURN_IF_ERROR(ForgetDatasets(database, person));
  RETURN_IF_ERROR(ForgetDatasets(database, At(before, person)));
  RETURN_IF_ERROR(RaiseMessagesRevision(database));
  RETURN_IF_ERROR(transaction.Commit());
  return moved;
}

Result<std::vector<PersonActivity>> ListActivity(Database& database) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT author, id / ?1, count(*), min(time), max(time) FROM "
                                    "messages WHERE kind=0 AND author<>0 GROUP BY 1, 2"));
  query.Bind(1, kMessageIdSpan);
  std::vector<PersonActivity> activity;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return activity;
    activity.push_back(
        {query.Integer(0), query.Integer(1), query.Integer(2), query.Integer(3), query.Integer(4)});
  }
}

Result<std::vector<NameMatchRow>> ListNameMatches(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT chat_id, name, person_id, messages FROM "
                                                "name_matches ORDER BY 1, 2, 3"));
  std::vector<NameMatchRow> matches;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return matches;
    matches.push_back(
        {query.Integer(0), std::string(query.Text(1)), query.Integer(2), query.Integer(3)});
  }
}

Status SetPersonNote(Database& database, PersonId person, const std::string& note) {
  if (note.empty()) {
    return RunWith(database, "DELETE FROM people_notes WHERE person_id=?1 AND ?2", person, 1);
  }
  ASSIGN_OR_RETURN(auto set,
                   database.Prepare("INSERT OR REPLACE INTO people_notes VALUES(?1, ?2)"));
  return set.Bind(1, person).Bind(2, note).Run();
}

Result<std::vector<std::string>> PersonNotes(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT person_id, note FROM people_notes"));
  std::vector<std::string> notes;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return notes;
    const auto person = static_cast<size_t>(query.Integer(0));
    if (notes.size() <= person) notes.resize(person + 1);
    notes[person] = query.Text(1);
  }
}

}  // namespace idiolect
