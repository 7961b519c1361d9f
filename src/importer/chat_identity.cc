#include "importer/chat_identity.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "store/database.h"

namespace idiolect {
namespace {

struct Candidate {
  ChatId id = 0;
  std::string source_id;
};

bool SameTime(int64_t a, int64_t b) {
  const int64_t difference = a - b;
  return std::abs(difference) <= 14 * 3600 && difference % 900 == 0;
}

}  // namespace

Result<std::string> FindNamedChat(Database& database, const Chat& chat, const MessageBatch& batch,
                                  WithoutOverlap without_overlap) {
  constexpr size_t kMostCompared = 500;
  std::vector<Candidate> candidates;
  ASSIGN_OR_RETURN(auto list, database.Prepare("SELECT id, source_id FROM chats WHERE source=?1 "
                                               "AND name=?2 ORDER BY id"));
  list.Bind(1, chat.source).Bind(2, chat.name);
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    candidates.push_back({list.Integer(0), std::string(list.Text(1))});
  }

  ASSIGN_OR_RETURN(auto find, database.Prepare("SELECT time FROM messages WHERE id=?1"));
  std::string same;
  for (const Candidate& candidate : candidates) {
    size_t matches = 0, conflicts = 0;
    for (size_t i = 0; i < std::min(batch.messages.size(), kMostCompared); ++i) {
      const MessageRecord& record = batch.messages[i];
      if (record.kind != MessageKind::kOrdinary) continue;  // service messages have no time in HTML
      find.Reset();
      ASSIGN_OR_RETURN(const bool known,
                       find.Bind(1, MakeMessageId(candidate.id, record.id)).Step());
      if (!known) continue;
      ++(SameTime(find.Integer(0), record.time) ? matches : conflicts);
    }
    find.Reset();
    if (matches > 10 * conflicts) return candidate.source_id;
    if (conflicts == 0 && same.empty() && candidate.source_id.starts_with("name:")) {
      same = candidate.source_id;
    }
  }
  if (without_overlap == WithoutOverlap::kSameChat && !same.empty()) return same;
  std::string source_id = chat.source_id;
  for (int number = 2; std::any_of(candidates.begin(), candidates.end(),
                                   [&](const Candidate& c) { return c.source_id == source_id; });
       ++number) {
    source_id = chat.source_id + "#" + std::to_string(number);
  }
  return source_id;
}

}  // namespace idiolect
