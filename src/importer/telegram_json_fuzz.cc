// Any bytes as an export: no crash, no leak, no endless work; every message accounted for; the same
// outcome for every size of the window; and a cut file gives a beginning of what the whole one
// gives.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "importer/telegram_json.h"

namespace idiolect {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

class Digest : public BatchSink {
 public:
  std::unique_ptr<MessageBatch> Exchange(std::unique_ptr<MessageBatch> full) override {
    if (full == nullptr) return std::make_unique<MessageBatch>();
    chats += full->chats.size();
    authors += full->authors.size();
    for (const MessageRecord& record : full->messages) {
      Check(record.chat < chats && record.author <= authors);
      Check(IsUtf8(full->Text(record.text)) && IsUtf8(full->Text(record.extra)));
      messages.push_back(std::to_string(record.id) + "\n" + std::to_string(record.time) + "\n" +
                         std::to_string(record.author) + "\n" + std::to_string(record.flags) +
                         "\n" + std::to_string(record.reply_to) + "\n" +
                         std::string(full->Text(record.text)) + "\n" +
                         std::string(full->Text(record.extra)));
    }
    full->Clear();
    return full;
  }
  size_t chats = 0, authors = 0;
  std::vector<std::string> messages;
};

Digest Read(std::string_view text, size_t window) {
  MemorySource source(text);
  Digest digest;
  const auto summary =
      ReadTelegramJson(source, {.max_text = 4096, .window = window, .fallback_name = "f"}, digest);
  Check(summary.has_value());
  int64_t skipped = 0;
  for (const int64_t count : summary->skipped) skipped += count;
  Check(summary->messages == static_cast<int64_t>(digest.messages.size()) + skipped);
  return digest;
}

}  // namespace
}  // namespace idiolect

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  {
    MemorySource source(text);
    (void)SniffTelegramJson(source);
  }
  const Digest whole = Read(text, 1 << 16);
  const Digest small = Read(text, 64);
  Check(whole.messages == small.messages && whole.chats == small.chats);
  const Digest half = Read(text.substr(0, size / 2), 100);
  // Where the header comes behind the messages, the cut one is read as another chat.
  Check(half.messages.size() <= whole.messages.size());
  return 0;
}
