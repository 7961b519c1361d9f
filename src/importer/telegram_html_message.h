#pragma once
// One message block of a Telegram Desktop HTML export: what the page says. telegram_html.h puts it
// in its chat. The format, as far as it is read:
//
//   div.message.default#message12   .joined: of the author of the block before, who is not named
//   div.message.service#message13   div.body holds a sentence; small negative ids are day
//   separators div.date[title]     DD.MM.YYYY HH:MM:SS, local time; newer pages add " UTC+03:00"
//   div.from_name       the author; "Deleted Account"; may end in " via @bot"
//   div.reply_to        a[href$="#go_to_message11"], or words: "… a message in another chat"
//   div.forwarded.body  a forward's own from_name (with span.date), media and text
//   div.media_wrap      a or div of a class that tells the kind, div.title, div.question
//   div.text            the text: br is a line's end, a a link, all else formatting
//   span.reactions, div.signature, div.userpic_wrap, table.bot_buttons_table: passed over

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "importer/telegram_message.h"

namespace idiolect {

// As in the page. Reused from message to message, so that its strings keep their memory.
struct TelegramHtmlMessage {
  // id, type, date_unixtime, from, forwarded_from, is_forward, via_bot, reply_to, media, text with
  // its runs and poll_question are set.
  TelegramMessage message;
  bool joined = false;
  bool reply_elsewhere = false;
  bool is_separator = false;  // no message; `sentence` is its day
  bool is_whole = false;      // every div was closed
  bool has_zone = false;      // the date told it
  int64_t zone = 0;           // seconds east of Greenwich
  std::string sentence;       // of a service message

  void Clear();
};

// Reads a block of HtmlBlocks, which is well-formed UTF-8.
void ReadTelegramHtmlMessage(std::string_view block, TelegramHtmlMessage& message);

// The chat's name from what stands before the messages; empty when it is not there.
std::string TelegramHtmlChatName(std::string_view header);

// Unix seconds of "07.12.2018 15:12:12 UTC+04:00", *zone set when it is there; without it the local
// time taken as UTC. nullopt for anything else.
std::optional<int64_t> TelegramHtmlTime(std::string_view title, std::optional<int64_t>* zone);
// Midnight of "7 November 2018", as UTC.
std::optional<int64_t> TelegramHtmlDay(std::string_view sentence);

}  // namespace idiolect
