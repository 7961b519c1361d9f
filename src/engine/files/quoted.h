#pragma once
// Names found in files, made fit for an error message: short, in quotes, and printable.

#include <string>
#include <string_view>

namespace idiolect {

inline std::string Quoted(std::string_view name) {
  constexpr size_t kLongest = 80;
  std::string result = "\"";
  for (const char c : name.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < 0x20 || byte > 0x7e ? '?' : c;
  }
  if (name.size() > kLongest) result += "...";
  return result + '"';
}

}  // namespace idiolect
