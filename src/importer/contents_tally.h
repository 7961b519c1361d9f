#pragma once
// Counts what an export holds, from the batches that its reader gives: for the report of an import,
// and all that a check does.

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "importer/import_report.h"
#include "importer/message_batch.h"
#include "importer/telegram_reader.h"

namespace idiolect {

// Whether to find messages that stand in a file twice, at the cost of eight bytes a message. Not
// needed by who writes them down.
enum class Repeated { kIgnore, kFind };

// What several files hold together: people and topics that stand in more than one count once.
struct ContentsTotals {
  ImportContents contents;
  std::set<std::string> people, topics;
};

// Thread-compatible.
class ContentsTally {
 public:
  explicit ContentsTally(Repeated repeated) : repeated_(repeated) {}
  // Every batch, in order.
  void Add(const MessageBatch& batch);
  // With what the reader said at the end.
  ImportContents Finish(const TelegramSummary& summary, ContentsTotals& totals);
  // Messages whose id stood in the same chat before; after the last batch.
  int64_t CountRepeated();

 private:
  Repeated repeated_;
  ImportContents contents_;
  std::vector<std::string> chats_;    // source ids, by number
  std::vector<std::string> authors_;  // source ids, by number from 0
  std::vector<bool> wrote_;           // by the same
  std::set<std::pair<uint32_t, int64_t>> topics_;
  std::vector<std::vector<int64_t>> ids_;  // by chat
};

}  // namespace idiolect
