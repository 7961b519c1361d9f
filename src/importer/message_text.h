#pragma once
// What can be told of a message's text by its shape alone, the same for every source.

#include <string_view>

namespace idiolect {

// Whether the text is links, @mentions and #hashtags with nothing but space and punctuation between
// them. False for a text without any.
bool IsOnlyLinks(std::string_view text);

// Whether the text begins with a bot's command: "/start", "/start@some_bot now"; not "/home/me".
bool IsBotCommand(std::string_view text);

bool IsBlank(std::string_view text);

}  // namespace idiolect
