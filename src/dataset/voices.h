#pragma once
// The words a dataset has that nobody in the chats wrote: the system prompt, the labels of speakers
// in groups, and what stands for media without words.

#include <string>
#include <string_view>

#include "base/language.h"
#include "core/message.h"

namespace idiolect {

// "Ты — Наташа. Пиши так, как обычно пишешь в переписке." Names the persona only, and no gender;
// without a name, only the second sentence.
std::string DefaultSystemPrompt(Language language, std::string_view persona_name);

// "Участник 2: "
std::string SpeakerLabel(Language language, uint32_t number);

// "[фото]"; a sticker is shown by its emoji when it has one.
std::string MediaWords(Language language, MediaKind media, std::string_view sticker);

// Text of more tokens (estimated) than this: its beginning and its end with " … " between.
std::string Shortened(std::string_view text, size_t most_tokens);

}  // namespace idiolect
