#pragma once
// A conversation laid out by a template's family, before it is text or tokens: markers, and texts
// between them. Used by chat_template.cc only.

#include <string>
#include <vector>

#include "engine/files/chat_template.h"

namespace idiolect {

struct ChatPart {
  enum class Kind {
    kText,    // encoded as text, never parsed for control tokens
    kMarker,  // one token, by its name
    kBos,     // the tokenizer's BOS
    kEos,     // the tokenizer's EOS
  };
  Kind kind = Kind::kText;
  std::string text;     // of a kText or kMarker
  bool target = false;  // to be learned
  size_t message = 0;   // the message that it belongs to
};

// Fails as ChatTemplate::RenderForTraining says.
Result<std::vector<ChatPart>> LayOut(const ChatStyle& style,
                                     const std::vector<ChatMessage>& messages,
                                     GenerationPrompt prompt);

// The markers that conversations of this style can need.
std::vector<std::string> MarkersOf(const ChatStyle& style);

}  // namespace idiolect
