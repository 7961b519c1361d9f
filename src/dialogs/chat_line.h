#pragma once
// A message as the linker sees it: who, when, which words, and what the source says it answers.
// Made by whoever has messages (a conversation, an annotated log); nothing here owns text.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"

namespace idiolect {

constexpr uint32_t kNoLine = UINT32_MAX;

struct ChatLine {
  int64_t time = 0;               // seconds, from any origin
  uint32_t author = 0;            // index into the people's names, 0: nobody
  uint32_t marked = kNoLine;      // the line it answers by the source's own mark
  bool marked_elsewhere = false;  // such a mark points outside what is given
  bool spoken = true;             // false: joined, left, pinned …: answers nobody
  MessageId topic = 0;            // lines of different topics do not answer each other
  uint32_t flags = 0;             // MessageFlag bits
  MediaKind media = MediaKind::kNone;
  std::string_view text;
};

// How people of a chat address each other: this chooses the model.
enum class ChatStyle : uint8_t {
  kNicks = 0,      // "nick: words", as in IRC
  kMessenger = 1,  // reply marks, first names, @names
};

}  // namespace idiolect
