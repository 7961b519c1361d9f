#include "importer/message_text.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace idiolect {
namespace {

bool IsAsciiSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool StartsWithAnyCase(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char want, char have) {
           return want == (have >= 'A' && have <= 'Z' ? static_cast<char>(have + 32) : have);
         });
}

bool IsLink(std::string_view token) {
  constexpr std::array<std::string_view, 6> kStarts = {"https://", "http://", "tg://",
                                                       "www.",     "t.me/",   "ftp://"};
  if (std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) {
        return token.size() > start.size() && StartsWithAnyCase(token, start);
      })) {
    return true;
  }
  return token.size() > 1 && (token[0] == '@' || token[0] == '#') &&
         std::none_of(token.begin() + 1, token.end(),
                      [](char c) { return c == '@' || c == '#' || c == '.' || c == ','; });
}

bool IsPunctuation(std::string_view token) {
  return std::all_of(token.begin(), token.end(),
                     [](char c) { return static_cast<signed char>(c) > 0 && !IsWordCharacter(c); });
}

}  // namespace

bool IsBlank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsAsciiSpace);
}

bool IsOnlyLinks(std::string_view text) {
  bool any = false;
  size_t at = 0;
  while (at < text.size()) {
    if (IsAsciiSpace(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && !IsAsciiSpace(text[end])) ++end;
    const std::string_view token = text.substr(at, end - at);
    if (IsLink(token)) {
      any = true;
    } else if (!IsPunctuation(token)) {
      return false;
    }
    at = end;
  }
  return any;
}

bool IsBotCommand(std::string_view text) {
  if (text.size() < 2 || text[0] != '/') return false;
  size_t at = 1;
  if (text[at] >= '0' && text[at] <= '9') return false;
  while (at < text.size() && IsWordCharacter(text[at])) ++at;
  if (at == 1 || at > 65) return false;
  if (at < text.size() && text[at] == '@') {
    const size_t bot = ++at;
    while (at < text.size() && IsWordCharacter(text[at])) ++at;
    if (at == bot) return false;
  }
  return at == text.size() || IsAsciiSpace(text[at]);
}

}  // namespace idiolect
