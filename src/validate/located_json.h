#pragma once
// JSON as a tree in which every value and key knows where it stands, so that a fault can be shown
// with its column. For lines of training files: small documents, read once. Strict (RFC 8259);
// what it refuses beyond that: nesting deeper than kDeepest.

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace idiolect {

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  static constexpr int kDeepest = 64;

  Kind kind = Kind::kNull;
  size_t at = 0;     // byte where it begins
  std::string text;  // a string decoded; a number or "true" as it was written
  std::vector<JsonValue> items;
  // Of an object, beside `items`: names and where they begin. Names may repeat.
  std::vector<std::string> keys;
  std::vector<size_t> key_at;

  bool IsObject() const { return kind == Kind::kObject; }
  bool IsArray() const { return kind == Kind::kArray; }
  bool IsString() const { return kind == Kind::kString; }
  // The last value of that name, as most readers take it; null when there is none.
  const JsonValue* Find(std::string_view key) const;
  JsonValue* Find(std::string_view key);
  void Remove(std::string_view key);
  void Set(std::string_view key, JsonValue value);
};

JsonValue JsonText(std::string text);
JsonValue JsonNumber(int number);

struct JsonFault {
  size_t at = 0;  // byte
  std::string what;
};

// One value and nothing but white space around it.
tl::expected<JsonValue, JsonFault> ParseLocatedJson(std::string_view text);

// On one line, without spaces; numbers as they were written.
void AppendJson(const JsonValue& value, std::string* out);

}  // namespace idiolect
