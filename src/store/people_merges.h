#pragma once
// Several ids or names that are one person, by the user's word; and what the user noted on
// somebody. A merge rewrites the authors of messages, so that nobody else has to know of it, and
// keeps what undoing it needs. Messages imported later follow it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/message.h"

namespace idiolect {

class Database;

// By PersonId: whom each was merged into, after all merges; 0: into nobody. May be shorter than the
// number of people.
Result<std::vector<PersonId>> MergedInto(Database& database);

struct MergeRow {
  PersonId person = 0, into = 0;
  int64_t merged_at = 0;
};
// In the order they were made.
Result<std::vector<MergeRow>> ListMerges(Database& database);

// From here on `person` is `into`. Their datasets are forgotten: they have to be built again. Both
// must not be merged into anybody already, and differ. Returns the number of messages that changed
// hands. A transaction of its own.
Result<int64_t> MergePeople(Database& database, PersonId person, PersonId into, int64_t now);
// Takes back the merge of `person`, with whoever had been merged into it before. Likewise.
Result<int64_t> UnmergePerson(Database& database, PersonId person);

// What speaks for two being one (dialogs/people_proposals.h).
struct PersonActivity {
  PersonId person = 0;
  ChatId chat = 0;
  int64_t messages = 0;  // ordinary ones
  int64_t first_time = 0, last_time = 0;
};
// By person and chat. Reads every message.
Result<std::vector<PersonActivity>> ListActivity(Database& database);
// Where an export by name and one by id held the same messages: who stood behind the name.
struct NameMatchRow {
  ChatId chat = 0;
  std::string name;
  PersonId person = 0;
  int64_t messages = 0;
};
Result<std::vector<NameMatchRow>> ListNameMatches(Database& database);

// Empty text takes the note away. A transaction of its own.
Status SetPersonNote(Database& database, PersonId person, const std::string& note);
// By PersonId; empty where there is none. May be shorter than the number of people.
Result<std::vector<std::string>> PersonNotes(Database& database);

}  // namespace idiolect
