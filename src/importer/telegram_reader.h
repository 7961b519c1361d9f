#pragma once
// What the readers of Telegram Desktop's formats (telegram_json.h, telegram_html.h) have in common:
// their options and summary, filling batches, numbering authors, counting what is wrong, and the
// topics of forums.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "importer/forum_topics.h"
#include "importer/import_report.h"
#include "importer/message_batch.h"

namespace idiolect {

struct TelegramOptions {
  size_t max_text = 1024 * 1024;
  size_t window = 256 * 1024;
  // What to call a chat without id and name: the file's name.
  std::string fallback_name;
  // Of an HTML export, where a list beside it tells (html_chat_list.h).
  ChatKind kind = ChatKind::kOther;
};

// Replies to a message before the first one of the export: perhaps a forum topic's opening.
struct OldTarget {
  uint32_t chat = 0;  // as MessageRecord::chat
  int64_t id = 0;
  int64_t replies = 0;
};

struct TelegramSummary {
  int64_t chats = 0;
  int64_t messages = 0;  // in the file, skipped ones included
  std::array<int64_t, kSkipReasons> skipped = {};
  std::vector<ImportProblem> problems;
  std::vector<OldTarget> old_targets;
  std::string owner;       // "telegram:user1", or empty
  bool cancelled = false;  // the sink wanted no more
};

// Whether the file is an export of the format, from as little of it as tells.
enum class TelegramSniff { kYes, kNo };

// The base of a reader. Thread-compatible.
class TelegramReader {
 protected:
  TelegramReader(const TelegramOptions& options, BatchSink& sink)
      : options_(options), sink_(sink) {}
  ~TelegramReader() = default;

  // Hands the batch on; `offset` is how far the file was read. Sets cancelled_ when nothing more is
  // wanted: batch_ is null then.
  void NextBatch(uint64_t offset);
  // Hands on the last batch.
  TelegramSummary Finish();

  void Count(ProblemKind kind) { Count(ImportProblem{kind, 1, 0, 0}); }
  // Adds to the problem of this kind.
  void Count(const ImportProblem& problem);
  void Skip(SkipReason reason) { ++summary_.skipped[static_cast<size_t>(reason)]; }
  // Whether the id can be kept; counts what cannot.
  bool HasGoodId(const std::optional<int64_t>& id);
  static bool InRange(int64_t id) { return id >= -kMessageIdSpan / 2 && id < kMessageIdSpan / 2; }
  // The number of the author with this source id ("telegram:user1") and name.
  uint32_t AuthorOf(std::string_view source_id, std::string_view name);
  bool any_authors() const { return !authors_.empty(); }
  void BeginChat(Chat chat);
  void EndChat();
  // Puts down what the message answers: a topic, or another message.
  void SetReply(int64_t target, MessageRecord& record);
  // Once the record is complete.
  void Add(const MessageRecord& record);

  const TelegramOptions& options_;
  BatchSink& sink_;
  std::unique_ptr<MessageBatch> batch_;
  TelegramSummary summary_;
  bool cancelled_ = false;
  uint32_t chat_ = 0;  // being read
  ForumTopics topics_;

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return Hash64(text); }
  };
  std::string author_key_;
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> authors_;
};

}  // namespace idiolect
