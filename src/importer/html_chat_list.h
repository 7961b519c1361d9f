#pragma once
// The list of chats of an account's HTML export (lists/chats.html, lists/left_chats.html): the only
// place of it that says what kind each chat is. An entry is
//
//   <a class="entry block_link clearfix" href="../chats/chat_001/messages.html#allow_back">
//     … <div class="name bold">NAME</div> <div class="details_entry details">private group</div>

#include <string>
#include <vector>

#include "core/message.h"
#include "importer/byte_source.h"

namespace idiolect {

struct ListedChat {
  std::string page;  // its first page, relative to the list
  ChatKind kind = ChatKind::kOther;
};

// Entries of a kind that is known, as far as the list can be read (up to a megabyte).
std::vector<ListedChat> ReadHtmlChatList(ByteSource& source);

}  // namespace idiolect
