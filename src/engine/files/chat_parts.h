#pragma once
// A conversation laid out by a template's family, before it is text or tokens: markers, and texts
// between them. Used by chat_template.cc only.

#include <string>
#include <vector>

#include "engine/files/chat_template.h"

namespace idiolect {

struct ChatPart {
  enum class Kind {
    kText,      // encoded as text, never parsed for control tokens
    kMarker,    // one token, by its name
    kBos,       // the tokenizer's BOS
    kEos,       // the tokenizer's EOS
    kTemplate,  // a template's own text: control tokens in it are meant
    kJoined,    // as kText, but one stretch with the template's text around it
  };
  Kind kind = Kind::kText;
  std::string text;     // of a kText or kMarker
  bool target = false;  // to be learned; of a kTemplate, up to its first control token
  bool space = false;   // of a kText: a space stands before it
  size_t message = 0;   // the message that it belongs to
};

// Fails as ChatTemplate::RenderForTraining says.
Result<std::vector<ChatPart>> LayOut(const ChatStyle& style,
                                     const std::vector<ChatMessage>& messages,
                                     GenerationPrompt prompt);

// The parts as text, as a renderer of Jinja writes it.
std::string TextOfParts(const std::vector<ChatPart>& parts, const TemplateTokens& tokens);

// The markers that conversations of this style can need.
std::vector<std::string> MarkersOf(const ChatStyle& style);

}  // namespace idiolect
