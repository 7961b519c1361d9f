#pragma once
// What an import did, file by file: every message that a file holds is either stored or skipped for
// a reason that is counted, and whatever was wrong with the file is a problem with its place.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/language.h"

namespace idiolect {

// Why a message of the file is not in the workspace.
enum class SkipReason {
  kNoId,          // nothing to recognise it by when it is imported again
  kIdOutOfRange,  // beyond ±2^33: no Telegram message
  kNotAnObject,   // something else stands in the list of messages
  kDuplicate,     // the same id a second time in the same file
};
constexpr size_t kSkipReasons = 4;
const char* SkipReasonName(SkipReason reason);  // "no_id", …

enum class ProblemKind {
  kTruncated,     // the file ends too early; all whole messages before that are kept
  kMalformed,     // no JSON from here on; likewise
  kTooDeep,       // nested deeper than any export; likewise
  kTrailingData,  // something stands behind the export; not read
  kNoChats,       // an account export for which no chats were chosen
  kNotAChat,      // something else stands in the list of chats
  kNoChatId,      // the chat was recognised by its name, or the file's
  kNoDate,        // a message without a date got that of the one before it
  kUnknownType,   // a message type newer than this program: kept as unsupported
  kRepairedText,  // ill-formed UTF-8 or escapes, replaced by U+FFFD
  kTextCut,       // a text longer than a megabyte was cut there
  kPageCut,       // a page of an HTML export ends too early; all whole messages of it are kept
  kBrokenMarkup,  // a message of an HTML page has tags that do not fit; what was readable is kept
  kNamesOnly,     // HTML: people are known by name only
};
const char* ProblemName(ProblemKind kind);  // "truncated", …
std::optional<ProblemKind> ProblemNamed(std::string_view name);

struct ImportProblem {
  ProblemKind kind = ProblemKind::kMalformed;
  int64_t count = 1;
  // Where reading ended, for the first three kinds: offset from 0, line from 1 (0: not known).
  uint64_t byte = 0;
  int64_t line = 0;
};
// One line for the user: "at byte 123 (line 7): the file ends too early; …".
std::string DescribeProblem(const ImportProblem& problem, Language language);

// messages = new_messages + edited_messages + known_messages + all skipped.
struct ImportCounts {
  int64_t chats = 0;
  int64_t messages = 0;  // as many as the file holds, of all kinds
  int64_t new_messages = 0;
  int64_t edited_messages = 0;  // were there, in an older form
  int64_t known_messages = 0;   // were there as they are
  std::array<int64_t, kSkipReasons> skipped = {};

  int64_t Skipped(SkipReason reason) const { return skipped[static_cast<size_t>(reason)]; }
  void Skip(SkipReason reason) { ++skipped[static_cast<size_t>(reason)]; }
  void Add(const ImportCounts& other);
};

// What a file holds, whether it was known or not.
struct ImportContents {
  int64_t ordinary = 0, service = 0, unsupported = 0;
  int64_t replies = 0;                    // marked ones, to messages of the same chat
  int64_t topics = 0;                     // of forums
  int64_t people = 0;                     // authors
  int64_t first_time = 0, last_time = 0;  // of ordinary messages; unix seconds, 0: none
};

struct FileReport : ImportCounts {
  std::filesystem::path path;
  std::string format;  // "telegram-json"
  ImportContents contents;
  // Known by name only, and now by an id: of the known messages, and of those of earlier imports.
  int64_t identified_messages = 0;
  int64_t joined_chats = 0;   // turned out to be chats of earlier imports
  bool only_checked = false;  // nothing was written: no message is new or known
  std::vector<ImportProblem> problems;
};

struct ImportReport {
  std::vector<FileReport> files;
  // Files met in folders that are no chat exports.
  int64_t other_files = 0;
  ImportContents contents;  // of all files together

  ImportCounts Totals() const;
  // What `import --json` prints; docs/json.md describes it.
  std::string ToJson() const;
};

// The object of one file in ToJson.
std::string FileReportJson(const FileReport& file);

}  // namespace idiolect
