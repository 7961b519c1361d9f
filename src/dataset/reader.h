#pragma once
// Reads chat lines (OpenAI's JSONL) into training samples, strictly: a file that is not right is
// refused with the number of the line, so that nobody trains for hours on half of it.

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/engine.h"

namespace idiolect {

// Blank lines are skipped and so is a byte order mark. kBadInput with "FILE:LINE: what is wrong"
// for the first bad line: no JSON, no messages, unknown role, content that is no text, weight other
// than 0 and 1, nothing to learn, a last message that is not the assistant's. An empty file is an
// empty list.
Result<std::vector<TrainingSample>> ReadSamples(const std::filesystem::path& path);

// The same for bytes in memory; `name` stands in messages.
Result<std::vector<TrainingSample>> ParseSamples(std::string_view bytes, std::string_view name);

}  // namespace idiolect
