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

#include "base/result.h"
#include "importer/byte_source.h"
#include "importer/message_batch.h"
#include "importer/telegram_reader.h"

namespace idiolect {

// Reads to the end, or as far as the file makes sense: whole messages before that place have gone
// to `sink`, and the place is among the problems. Fails only when the source cannot be read.
Result<TelegramSummary> ReadTelegramJson(ByteSource& source, const TelegramOptions& options,
                                         BatchSink& sink);

// Looks at as little of the file as tells.
TelegramSniff SniffTelegramJson(ByteSource& source);

}  // namespace idiolect
