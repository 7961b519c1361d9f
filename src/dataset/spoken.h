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
  uint32_t characters = 0;  // of all that is shown; 0: the turn is not shown at all
  bool words = false;       // some of it is text
};

TurnWords MeasureTurn(const Conversation& conversation, const Turn& turn, PersonId persona,
                      const BuildOptions& options);

// A digest of what is said that ignores case, punctuation and spaces (unless there is nothing
// else).
uint64_t HashOfWords(std::string_view text, uint64_t seed);

}  // namespace idiolect
