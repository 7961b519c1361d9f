#pragma once
// Random names nobody can guess, as OpenAI's API has them: "file-…", "ftjob-…".

#include <cstddef>
#include <string>

namespace idiolect {

// `length` letters and digits from the system's randomness; 24 of them hold 142 bits.
std::string RandomId(size_t length);

}  // namespace idiolect
