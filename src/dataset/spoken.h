#pragma once
// Which messages of a turn reach a prompt or an answer, and how long they are. The one place that
// says so: planning and writing must agree.

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataset/build_options.h"
#include "dialogs/turns.h"

namespace idiolect {

// Whether the message is shown in prompts: the persona's when it could be an answer, others' when
// it has words or media (which is shown as a word in brackets).
bool IsSpoken(const Conversation& conversation, const Said& said, PersonId persona,
              const BuildOptions& options);

struct TurnWords {
  uint32_t tokens = 0;  // of all that is shown, estimated; 0: the turn is not shown at all
  bool words = false;   // some of it is text
};

TurnWords MeasureTurn(const Conversation& conversation, const Turn& turn, PersonId persona,
                      const BuildOptions& options);

// A digest of what is said that ignores case, punctuation and spaces (unless there is nothing
// else).
uint64_t HashOfWords(std::string_view text, uint64_t seed);

// The letter or digit at text[*at] in lower case with ё as е, or 0 for anything else; advances *at.
char32_t NextFoldedLetter(std::string_view text, size_t* at);

// Calls each(hash) for every word of the text, folded.
template <typename Each>
void ForEachWordHash(std::string_view text, const Each& each) {
  constexpr uint64_t kStart = 0xcbf29ce484222325ull;
  uint64_t hash = kStart;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextFoldedLetter(text, &at);
    if (c != 0) {
      hash = (hash ^ c) * 0x100000001b3ull;
    } else if (hash != kStart) {
      each(hash);
      hash = kStart;
    }
  }
  if (hash != kStart) each(hash);
}

}  // namespace idiolect
