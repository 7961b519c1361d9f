#pragma once
// Choosing the person to imitate from what a user typed. Used by every command that takes
// --persona; reading and merging people is `store`'s.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/messages.h"

namespace idiolect {

// `wanted` is an id ("user123", "telegram:user123", "123"), a name the person ever had, or part of
// one, any case; the first of these ways that fits somebody decides. Several people: kMisuse with
// them in the hint; nobody: kNotFound with the closest names in the hint.
Result<PersonSummary> FindPersona(const std::vector<PersonSummary>& people,
                                  std::string_view wanted);

// "Наташа (user123, 4 512 messages)", as the hints show a candidate.
std::string DescribePerson(const PersonSummary& person);

}  // namespace idiolect
