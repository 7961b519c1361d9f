#pragma once
// Telegram Desktop's HTML export of one chat: its pages, in order, as one history.
//
// Read by a tokenizer of our own and not by an HTML library: Debian's (gumbo) builds a tree of each
// page, which takes many times as long as the page is worth, while the pages have one fixed
// skeleton, written by one program. html_blocks.h finds the messages, html_tokens.h their tags;
// telegram_html_message.h knows what they mean.
//
// The pages hold no ids of chats and people, only names. So everybody is "telegram-html:NAME",
// whoever share a name are one person (the problem kNamesOnly says so for every export), and
// deleted accounts, which share one, are nobody. The chat is "name:NAME"; importer/chat_identity.h
// compares it with those in the workspace. Message ids are Telegram's own, as in JSON. A part of a
// chat that was split by months ("Name (2018-11)" in a folder 2018-11) is the chat "Name".
//
// Forums: see forum_topics.h.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/byte_source.h"
#include "importer/message_batch.h"
#include "importer/telegram_reader.h"

namespace idiolect {

constexpr char kDeletedAccount[] = "Deleted Account";

// The pages of one chat. Each is opened once, in order.
class HtmlPages {
 public:
  virtual ~HtmlPages() = default;
  virtual size_t count() const = 0;
  virtual Result<std::unique_ptr<ByteSource>> Open(size_t page) = 0;
};

// As ReadTelegramJson. `options.fallback_name` is the name of the pages' folder.
Result<TelegramSummary> ReadTelegramHtml(HtmlPages& pages, const TelegramOptions& options,
                                         BatchSink& sink);

// From the beginning of a file.
TelegramSniff SniffTelegramHtml(std::string_view start);

}  // namespace idiolect
