#pragma once
// Groups of digits that belong together: "+7 (916) 123-45-67" is five. What the rules for numbers
// look at.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataset/pii/scanner.h"

namespace idiolect {

struct DigitGroup {
  size_t token = 0;
  uint32_t begin = 0, end = 0;
  uint32_t size = 0;  // digits
  // What stands behind it, before the next group: ' ', '-', '.', '/', ':', ')' and so on with
  // spaces dropped; ',' for a comma; 0: the row ends here.
  char separator = 0;
  uint32_t extension_end = 0;  // not 0: "x751" follows and ends here
};

constexpr size_t kMostGroups = 10;

struct DigitRow {
  std::array<DigitGroup, kMostGroups> groups;
  size_t count = 0;
  const PiiText* text = nullptr;

  uint32_t size(size_t i) const { return i < count ? groups[i].size : 0; }
  char separator(size_t i) const { return i < count ? groups[i].separator : '\0'; }
  std::string_view digits(size_t i) const {
    return text->text.substr(groups[i].begin, groups[i].size);
  }
  // All digits of groups [0, n).
  std::string Joined(size_t n) const;
  // Whether groups 0 … have exactly these sizes, with the same separator (one of `separators`)
  // between all of them.
  bool Shaped(std::initializer_list<uint32_t> sizes, std::string_view separators) const;
};

// The row that begins at this token, which must be a number.
DigitRow ReadDigitRow(const PiiText& text, size_t token);

// phones.cc: how many groups from the first on are a phone number; 0: none.
size_t PhoneGroups(const PiiText& text, const DigitRow& row, uint32_t* begin);

}  // namespace idiolect
