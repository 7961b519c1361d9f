#include "dataset/folder_name.h"

#include "base/text.h"

namespace idiolect {
namespace {

// From U+0430 "а" on, then ё and the Ukrainian letters.
constexpr const char* kLatin[] = {"a",  "b",  "v",  "g",    "d", "e", "zh", "z", "i",  "y", "k",
                                  "l",  "m",  "n",  "o",    "p", "r", "s",  "t", "u",  "f", "kh",
                                  "ts", "ch", "sh", "shch", "",  "y", "",   "e", "yu", "ya"};

std::string_view InLatin(char32_t c) {
  if (c >= U'а' && c <= U'я') return kLatin[c - U'а'];
  switch (c) {
    case U'ё':
      return "yo";
    case U'є':
      return "ye";
    case U'і':
      return "i";
    case U'ї':
      return "yi";
    case U'ґ':
      return "g";
    default:
      return {};
  }
}

}  // namespace

std::string Slug(std::string_view text, size_t most_bytes) {
  std::string slug;
  bool gap = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = ToLower(NextCodePoint(text, &at));
    std::string letters(InLatin(c));
    if (c < 0x80 && (IsLetter(c) || IsNumber(c))) letters = static_cast<char>(c);
    if (letters.empty()) {
      gap |= !(c == U'ъ' || c == U'ь');
      continue;
    }
    if (gap && !slug.empty()) letters.insert(0, "-");
    gap = false;
    if (slug.size() + letters.size() > most_bytes) break;
    slug += letters;
  }
  return slug;
}

std::string PersonaFolderName(std::string_view name, std::string_view source_id) {
  const size_t colon = source_id.find(':');
  const std::string id =
      Slug(colon == std::string_view::npos ? source_id : source_id.substr(colon + 1), 40);
  const std::string shown = Slug(name, 40);
  if (shown.empty()) return id.empty() ? "persona" : id;
  return id.empty() ? shown : shown + "-" + id;
}

}  // namespace idiolect
