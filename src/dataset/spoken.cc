#include "dataset/spoken.h"

#include "base/hash.h"
#include "base/text.h"
#include "dataset/reject_rules.h"

namespace idiolect {
namespace {

constexpr uint32_t kPlaceholderCharacters = 10;

bool HasWords(const Conversation& conversation, const Said& said) {
  return !TrimSpace(conversation.text(said)).empty();
}

}  // namespace

bool IsSpoken(const Conversation& conversation, const Said& said, PersonId persona,
              const BuildOptions& options) {
  if (said.author == persona) return !RejectMessage(conversation, said, options);
  return said.kind == MessageKind::kOrdinary &&
         (said.media != MediaKind::kNone || HasWords(conversation, said));
}

TurnWords MeasureTurn(const Conversation& conversation, const Turn& turn, PersonId persona,
                      const BuildOptions& options) {
  TurnWords measured;
  for (size_t i = turn.first; i <= turn.last; ++i) {
    const Said& said = conversation.messages[i];
    if (said.author != turn.author || !IsSpoken(conversation, said, persona, options)) continue;
    const bool words = HasWords(conversation, said);
    measured.words |= words;
    measured.characters +=
        1 + (words ? static_cast<uint32_t>(CountCodePoints(conversation.text(said)))
                   : kPlaceholderCharacters);
  }
  return measured;
}

uint64_t HashOfWords(std::string_view text, uint64_t seed) {
  uint64_t hash = seed ^ 0xcbf29ce484222325ull;
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    char32_t c = NextCodePoint(text, &at);
    if (!IsLetter(c) && !IsNumber(c)) continue;
    c = ToLower(c);
    if (c == U'ё') c = U'е';
    hash = (hash ^ c) * 0x100000001b3ull;
    any = true;
  }
  if (!any) return Hash64(text, seed);
  hash ^= hash >> 32;
  return hash * 0x9e3779b97f4a7c15ull;
}

}  // namespace idiolect
