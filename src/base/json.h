#pragma once
// JSON out, without building a tree: the datasets are hundreds of thousands of lines. Reading and
// small documents use nlohmann::json where they are needed.

#include <cstdint>
#include <string>
#include <string_view>

namespace idiolect {

// Appends `text` as a JSON string, quotes included. Control characters are escaped, ill-formed
// UTF-8 becomes U+FFFD, everything else stays readable (no \u for Cyrillic).
void AppendJsonString(std::string_view text, std::string* out);
std::string JsonString(std::string_view text);

}  // namespace idiolect
