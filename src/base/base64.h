#pragma once
// Base64 (RFC 4648): the plain alphabet as files are sent in it, and the one for URLs as tokens
// are.

#include <optional>
#include <string>
#include <string_view>

namespace idiolect {

std::string ToBase64(std::string_view bytes);
// '-' and '_' instead of '+' and '/', without '='.
std::string ToBase64Url(std::string_view bytes);
// The plain alphabet, white space between skipped; nullopt when it is something else.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace idiolect
