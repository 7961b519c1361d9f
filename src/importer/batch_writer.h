#pragma once
// Puts the batches of one file into the workspace, giving everything its number there.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "importer/chat_identity.h"
#include "importer/import_report.h"
#include "importer/message_batch.h"
#include "importer/telegram_reader.h"
#include "store/message_writer.h"

namespace idiolect {

class Database;

// Whether the chats of a file have ids or are known by name alone.
enum class ChatsKnownBy { kId, kName };

// Thread-compatible. Borrows all it is given.
class BatchWriter {
 public:
  // `without_overlap`: of chats known by name.
  BatchWriter(Database& database, ChatsKnownBy known_by, WithoutOverlap without_overlap,
              MessageWriter& writer, FileReport& report)
      : database_(database),
        known_by_(known_by),
        without_overlap_(without_overlap),
        writer_(writer),
        report_(report) {}

  Status Write(MessageBatch& batch);
  // After the last batch: what only the whole file tells about chats and topics.
  Status Finish(const TelegramSummary& summary);

 private:
  Status WriteMessage(const MessageBatch& batch, const MessageRecord& record);
  Result<PersonId> PersonOf(uint32_t author);
  Status GuessKind();

  Database& database_;
  ChatsKnownBy known_by_;
  WithoutOverlap without_overlap_;
  MessageWriter& writer_;
  FileReport& report_;
  std::vector<ChatId> chats_;  // by number in the file
  Chat named_chat_;            // the one of a file whose chat is known by name
  std::vector<BatchAuthor> authors_;
  std::vector<PersonId> author_ids_;  // by author, 0 until it wrote
  std::vector<uint32_t> named_as_;    // by PersonId: the author that one last was
};

}  // namespace idiolect
