#pragma once
// JSON out, without building a tree: the datasets are hundreds of thousands of lines. Reading and
// small documents use nlohmann::json where they are needed.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace idiolect {

// Appends `text` as a JSON string, quotes included. Control characters are escaped, ill-formed
// UTF-8 becomes U+FFFD, everything else stays readable (no \u for Cyrillic).
void AppendJsonString(std::string_view text, std::string* out);
std::string JsonString(std::string_view text);

// Whether brackets outside of strings stand more than `levels` inside each other: asked before a
// parser that goes down with them. `text` need not be well-formed.
bool NestsDeeper(std::string_view text, size_t levels);

}  // namespace idiolect
