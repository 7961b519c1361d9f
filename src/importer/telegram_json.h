#pragma once
// Telegram Desktop's "machine-readable JSON", one chat or a whole account, of any year:
//
//   one chat   {name?, type, id, messages[]}
//   account    {personal_information{user_id, …}, …, chats{about, list[chat]}, left_chats{…}}
//
// in any order of keys. What a chat is called and which one it is usually stands before its
// messages; where it does not, the messages are passed over to find it and then read in a second
// pass over that part of the file, so that nothing has to be kept. telegram_message.h describes a
// message.
//
// Chats get the source "telegram" and the id of their peer: "user1" (private chats, bots, notes to
// oneself), "chat1" (old groups), "channel1" (supergroups and channels). A group that was upgraded
// is exported as two chats, or as one whose older ids are shifted by -10^9: both are kept as they
// are.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/byte_source.h"
#include "importer/import_report.h"
#include "importer/message_batch.h"

namespace idiolect {

struct TelegramOptions {
  size_t max_text = 1024 * 1024;
  size_t window = 256 * 1024;
  // What to call a chat without id and name: the file's name.
  std::string fallback_name;
};

struct TelegramSummary {
  int64_t chats = 0;
  int64_t messages = 0;  // in the file, skipped ones included
  std::array<int64_t, kSkipReasons> skipped = {};
  std::vector<ImportProblem> problems;
  std::string owner;       // "telegram:user1", or empty
  bool cancelled = false;  // the sink wanted no more
};

// Reads to the end, or as far as the file makes sense: whole messages before that place have gone
// to `sink`, and the place is among the problems. Fails only when the source cannot be read.
Result<TelegramSummary> ReadTelegramJson(ByteSource& source, const TelegramOptions& options,
                                         BatchSink& sink);

// Whether the file is such an export, from as little of it as tells.
enum class TelegramSniff { kYes, kNo };
TelegramSniff SniffTelegramJson(ByteSource& source);

}  // namespace idiolect
