#pragma once
// Templates cut into text and tags, and tags into words. Nothing here knows what the words mean.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace idiolect::jinja {

// What is wrong with a template, as every part of the reader says it.
tl::unexpected<Error> Bad(const std::string& why);

struct Piece {
  enum class Type { kText, kPrint, kTag };
  Type type = Type::kText;
  std::string text;
};

// Cuts a template at its tags, with white space as Hugging Face's renderer treats it: a tag takes
// the line break after it and the blanks before it on its line. Comments are left out.
Result<std::vector<Piece>> CutIntoPieces(std::string_view text);

struct Token {
  enum class Type { kName, kText, kInteger, kSign, kEnd };
  Type type = Type::kEnd;
  std::string text;
  int64_t integer = 0;
};

// The words of one tag.
Result<std::vector<Token>> Words(std::string_view tag);

}  // namespace idiolect::jinja
