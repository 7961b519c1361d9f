#include "dataset/spoken.h"

#include "base/hash.h"
#include "base/text.h"
#include "dataset/reject_rules.h"
#include "tokens/token_counter.h"

namespace idiolect {
namespace {

constexpr uint32_t kPlaceholderTokens = 3;

bool HasWords(const Conversation& conversation, const Said& said) {
  return !TrimSpace(conversation.text(said)).empty();
}

}  // namespace

// Every answer passes here, so that Latin and Russian letters go without tables.
char32_t NextFoldedLetter(std::string_view text, size_t* at) {
  const auto byte = static_cast<unsigned char>(text[*at]);
  if (byte < 0x80) {
    ++*at;
    if (byte >= 'A' && byte <= 'Z') return byte + 32u;
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ? byte : 0;
  }
  if ((byte == 0xD0 || byte == 0xD1) && *at + 1 < text.size()) {
    const char32_t c = (byte & 0x1Fu) << 6 | (static_cast<unsigned char>(text[*at + 1]) & 0x3Fu);
    if (c >= U'А' && c <= U'я') {
      *at += 2;
      return c <= U'Я' ? c + 32 : c;
    }
  }
  const char32_t c = NextCodePoint(text, at);
  if (!IsLetter(c) && !IsNumber(c)) return 0;
  const char32_t lower = ToLower(c);
  return lower == U'ё' ? U'е' : lower;
}

bool IsSpoken(const Conversation& conversation, const Said& said, PersonId persona,
              const BuildOptions& options) {
  if (said.author == persona) return !RejectMessage(conversation, said, options);
  if (said.flags & kChannelPost && options.posts == Posts::kDrop) return false;
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
    measured.tokens += 1 + (words ? static_cast<uint32_t>(EstimateTokens(conversation.text(said)))
                                  : kPlaceholderTokens);
  }
  return measured;
}

uint64_t HashOfWords(std::string_view text, uint64_t seed) {
  uint64_t hash = seed ^ 0xcbf29ce484222325ull;
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextFoldedLetter(text, &at);
    if (c == 0) continue;
    hash = (hash ^ c) * 0x100000001b3ull;
    any = true;
  }
  if (!any) return Hash64(text, seed);
  hash ^= hash >> 32;
  return hash * 0x9e3779b97f4a7c15ull;
}

}  // namespace idiolect
