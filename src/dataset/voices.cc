#include "dataset/voices.h"

#include "base/text.h"
#include "tokens/token_counter.h"

namespace idiolect {
namespace {

constexpr size_t kLongestName = 64;

// One line, without control characters and invisible joiners: a display name is whatever somebody
// typed.
std::string CleanName(std::string_view name) {
  std::string clean;
  size_t characters = 0;
  for (size_t at = 0; at < name.size() && characters < kLongestName; ++characters) {
    const char32_t c = NextCodePoint(name, &at);
    if (c == 0xFE0F || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E)) continue;
    AppendUtf8(c < 0x20 || c == 0x7F || IsSpace(c) ? U' ' : c, &clean);
  }
  return std::string(TrimSpace(clean));
}

size_t ByteOfCharacter(std::string_view text, size_t character) {
  size_t at = 0;
  while (at < text.size() && character-- > 0) NextCodePoint(text, &at);
  return at;
}

}  // namespace

std::string DefaultSystemPrompt(Language language, std::string_view persona_name) {
  const std::string name = CleanName(persona_name);
  const char* manner = Say(language, {"Write the way you usually write in chats.",
                                      "Пиши так, как обычно пишешь в переписке."});
  if (name.empty()) return manner;
  return Say(language, {"You are ", "Ты — "}) + name + ". " + manner;
}

std::string SpeakerLabel(Language language, uint32_t number) {
  return Say(language, {"Person ", "Участник "}) + std::to_string(number) + ": ";
}

std::string MediaWords(Language language, MediaKind media, std::string_view sticker) {
  const auto words = [language](Text text) { return std::string(Say(language, text)); };
  switch (media) {
    case MediaKind::kPhoto:
      return words({"[photo]", "[фото]"});
    case MediaKind::kSticker:
      return sticker.empty() ? words({"[sticker]", "[стикер]"}) : std::string(sticker);
    case MediaKind::kVoice:
      return words({"[voice message]", "[голосовое]"});
    case MediaKind::kVideoMessage:
    case MediaKind::kVideo:
      return words({"[video]", "[видео]"});
    case MediaKind::kAnimation:
      return words({"[gif]", "[гифка]"});
    case MediaKind::kAudio:
      return words({"[audio]", "[аудио]"});
    case MediaKind::kFile:
      return words({"[file]", "[файл]"});
    case MediaKind::kContact:
      return words({"[contact]", "[контакт]"});
    case MediaKind::kLocation:
      return words({"[location]", "[место]"});
    case MediaKind::kPoll:
      return words({"[poll]", "[опрос]"});
    case MediaKind::kNone:
    case MediaKind::kGame:
    case MediaKind::kInvoice:
    case MediaKind::kOther:
      break;
  }
  return words({"[attachment]", "[вложение]"});
}

std::string Shortened(std::string_view text, size_t most_tokens) {
  const size_t tokens = EstimateTokens(text);
  if (tokens <= most_tokens) return std::string(text);
  const size_t characters = CountCodePoints(text);
  const size_t most_characters = characters * most_tokens / tokens;
  const size_t head = ByteOfCharacter(text, most_characters * 2 / 3);
  const size_t tail = ByteOfCharacter(text, characters - most_characters / 3);
  return std::string(TrimSpace(text.substr(0, head))) + " … " +
         std::string(TrimSpace(text.substr(tail)));
}

}  // namespace idiolect
