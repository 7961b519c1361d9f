#pragma once
// What the fuzz targets of the readers look at: every message that a reader gives, told in one
// line, with what must hold of each. A broken rule aborts, as a fuzzer wants it.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "importer/import_report.h"
#include "importer/message_batch.h"

namespace idiolect {

inline void Check(bool holds) {
  if (!holds) std::abort();
}

class FuzzDigest : public BatchSink {
 public:
  std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override {
    if (full == nullptr) return std::make_unique<MessageBatch>();
    chats += full->chats.size();
    authors += full->authors.size();
    for (const MessageRecord& record : full->messages) {
      Check(record.chat < chats && record.author <= authors);
      Check(IsUtf8(full->Text(record.text)) && IsUtf8(full->Text(record.extra)));
      std::string line;
      for (const int64_t number :
           {int64_t{record.id}, int64_t{record.time}, int64_t{record.author}, int64_t{record.flags},
            int64_t{record.reply_to}, int64_t{record.topic}}) {
        line += std::to_string(number) + "\n";
      }
      line += std::string(full->Text(record.text)) + "\n";
      messages.push_back(line + std::string(full->Text(record.extra)));
    }
    full->Clear();
    return full;
  }

  // Every message that the reader counted was given or is counted as skipped.
  template <typename Summary>
  void CheckAccounts(const Summary& summary) const {
    int64_t skipped = 0;
    for (const int64_t count : summary.skipped) skipped += count;
    Check(summary.messages == static_cast<int64_t>(messages.size()) + skipped);
  }

  size_t chats = 0, authors = 0;
  std::vector<std::string> messages;
};

}  // namespace idiolect
