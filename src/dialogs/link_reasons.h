#pragma once
// Why a line is linked to what it is linked to, for people: which features speak most for the
// chosen candidate against the next likely one.

#include <cstdint>
#include <vector>

#include "dialogs/linker.h"

namespace idiolect {

struct LinkArgument {
  int feature = 0;    // LinkFeature
  double weight = 0;  // how much the score would lose if the other candidate's value stood there
};

// At most `most` arguments, strongest first; empty when the line has no rival candidate. Features
// whose words are the same count as one. Changes what linker.Need has scored to the line's
// surroundings.
std::vector<LinkArgument> ExplainLink(Linker& linker, uint32_t line, uint32_t answered,
                                      size_t most);

}  // namespace idiolect
