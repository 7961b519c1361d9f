#pragma once
// What stands around the turns of a chat template of no known family, learned by rendering a few
// conversations whose words are marks, and held against longer ones.

#include <string_view>

#include "base/result.h"
#include "engine/files/chat_template.h"

namespace idiolect {

// A style of ChatFormat::kTurns. A template that has no place for a system message, or that moves
// it to a later turn, gets it before the first user's words with an empty line between, as Gemma's
// does: the place must not depend on how far the conversation has come. Fails with kBadInput when
// the template is not of the known part of Jinja, or when its turns depend on each other.
Result<ChatStyle> ProbeChatTemplate(std::string_view jinja, const TemplateTokens& tokens);

}  // namespace idiolect
