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

// Preference pairs, a line each, as `idiolect export --dpo` writes them for TRL
// ({"prompt":[…],"chosen":[…],"rejected":[…]}) or in OpenAI's form ({"input":{"messages":[…]},
// "preferred_output":[…],"non_preferred_output":[…]}, or "…_completion"). As strict as the above:
// each answer is one assistant message, the prompt ends with the user's.
Result<std::vector<PreferencePair>> ReadPreferences(const std::filesystem::path& path);
Result<std::vector<PreferencePair>> ParsePreferences(std::string_view bytes, std::string_view name);

}  // namespace idiolect
