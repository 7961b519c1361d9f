#pragma once
// Who may be one person under two ids or names, each with what speaks for it and against it. The
// user decides (people_merges.h): namesakes are common, so nothing is merged by itself.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/messages.h"

namespace idiolect {

class Database;

struct MergeProposal {
  PersonSummary keep, merge;
  std::string name;           // both had it
  int64_t chats = 0;          // both wrote in
  bool by_name = false;       // one of them is known by name only (an HTML export)
  int64_t same_messages = 0;  // under the name of one, and in another export of the other
  int64_t namesakes = 0;      // more people of the name, beside these two
  int64_t gap_days = 0;       // between the last message of one and the first of the other; 0: they
                              // wrote in the same time
  double score = 0;           // 0…1, only for the order
};

// Best first. Reads every message.
Result<std::vector<MergeProposal>> ProposeMerges(Database& database);

// One name that stood for several ids, in chats that were imported in both formats.
struct SharedName {
  std::string name;
  std::vector<PersonSummary> people;
  std::vector<int64_t> messages;  // by the same index
};
Result<std::vector<SharedName>> ListSharedNames(Database& database);

}  // namespace idiolect
