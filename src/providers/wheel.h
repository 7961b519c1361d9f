#pragma once
// Reads one file out of a Python wheel (a zip archive), as a stream and within a known size.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace idiolect {

// Calls `take` with the member's bytes in order and returns how many there were. kBadInput when the
// archive cannot be read, has no such member, is cut off, or the member unpacks to more than
// `max_bytes`; an error of `take` is passed on.
Result<uint64_t> ReadMember(const std::filesystem::path& archive, const std::string& member,
                            uint64_t max_bytes,
                            const std::function<Status(std::string_view)>& take);

}  // namespace idiolect
