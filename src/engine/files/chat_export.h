#pragma once
// The form that conversations had in training, as other programs are told it: a Jinja template (in
// GGUF files and Hugging Face's folders) and Ollama's Modelfile.

#include <string>
#include <vector>

#include "engine/files/chat_template.h"

namespace idiolect {

// Renders, in any Jinja, what ChatTemplate renders.
std::string JinjaOf(const ChatStyle& style);

// A Modelfile for a GGUF file beside it. `system` is said where a conversation has no system
// message of its own; empty: nothing. BOS is left to whoever runs the file.
std::string ModelfileOf(const ChatStyle& style, const std::string& gguf_name,
                        const std::string& system, const TemplateTokens& tokens);

}  // namespace idiolect
