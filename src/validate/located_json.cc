#include "validate/located_json.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace idiolect {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool Whole(JsonValue* out) {
    if (!Value(out, 0)) return false;
    Skip();
    return at_ == text_.size() || Wrong("something follows the value");
  }
  JsonFault fault() const { return {fault_at_, fault_}; }

 private:
  bool Wrong(std::string what) { return WrongAt(at_, std::move(what)); }
  bool WrongAt(size_t at, std::string what) {
    fault_at_ = at;
    fault_ = std::move(what);
    return false;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Skip() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) {
      ++at_;
    }
  }

  bool Value(JsonValue* out, int depth) {
    Skip();
    out->at = at_;
    if (at_ >= text_.size()) return Wrong("a value is missing");
    switch (text_[at_]) {
      case '{':
        return Object(out, depth);
      case '[':
        return Array(out, depth);
      case '"':
        out->kind = JsonValue::Kind::kString;
        return String(&out->text);
      case 't':
        return Word("true", JsonValue::Kind::kBool, out);
      case 'f':
        return Word("false", JsonValue::Kind::kBool, out);
      case 'n':
        return Word("null", JsonValue::Kind::kNull, out);
      default:
        return Number(out);
    }
  }

  bool Word(std::string_view word, JsonValue::Kind kind, JsonValue* out) {
    if (text_.substr(at_, word.size()) != word) return Wrong("not a value");
    out->kind = kind;
    out->text = word;
    at_ += word.size();
    return true;
  }

  bool Digits() {
    const size_t from = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ > from;
  }
  bool Number(JsonValue* out) {
    const size_t from = at_;
    if (Peek() == '-') ++at_;
    const size_t digits = at_;
    if (!Digits()) return WrongAt(from, "not a value");
    if (text_[digits] == '0' && at_ > digits + 1) return WrongAt(from, "a number begins with 0");
    if (Peek() == '.') {
      ++at_;
      if (!Digits()) return WrongAt(from, "a number ends too soon");
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!Digits()) return WrongAt(from, "a number ends too soon");
    }
    out->kind = JsonValue::Kind::kNumber;
    out->text = text_.substr(from, at_ - from);
    return true;
  }

  bool Hex4(unsigned* out) {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = Peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return Wrong("\\u without four hex digits");
      value = value << 4 | static_cast<unsigned>(digit);
    }
    *out = value;
    return true;
  }

  bool Escape(std::string* out) {
    ++at_;  // the backslash
    const char c = Peek();
    ++at_;
    static constexpr std::string_view kShort = "\"\\/bfnrt";
    static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (const size_t which = kShort.find(c); c != '\0' && which != kShort.npos) {
      *out += kMeant[which];
      return true;
    }
    if (c != 'u') return WrongAt(at_ - 1, "an unknown escape in a string");
    unsigned unit = 0;
    if (!Hex4(&unit)) return false;
    char32_t code = unit;
    if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t back = at_;
      at_ += 2;
      unsigned low = 0;
      if (!Hex4(&low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
      } else {
        at_ = back;
      }
    }
    AppendUtf8(code, out);  // half a surrogate pair becomes U+FFFD
    return true;
  }

  bool String(std::string* out) {
    const size_t from = at_++;
    for (;;) {
      const size_t start = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out->append(text_.substr(start, at_ - start));
      if (at_ >= text_.size()) return WrongAt(from, "a string does not end");
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') return Wrong("a control character in a string");
      if (!Escape(out)) return false;
    }
  }

  bool Array(JsonValue* out, int depth) {
    out->kind = JsonValue::Kind::kArray;
    if (depth >= JsonValue::kDeepest) return Wrong("brackets are nested too deep");
    ++at_;
    Skip();
    if (Peek() == ']') {
      ++at_;
      return true;
    }
    for (;;) {
      if (!Value(&out->items.emplace_back(), depth + 1)) return false;
      Skip();
      const char c = Peek();
      if (c != ',' && c != ']') return Wrong("a comma or ] is missing");
      ++at_;
      if (c == ']') return true;
    }
  }

  bool Object(JsonValue* out, int depth) {
    out->kind = JsonValue::Kind::kObject;
    if (depth >= JsonValue::kDeepest) return Wrong("brackets are nested too deep");
    ++at_;
    Skip();
    if (Peek() == '}') {
      ++at_;
      return true;
    }
    for (;;) {
      Skip();
      if (Peek() != '"') return Wrong("a name in quotes is missing");
      out->key_at.push_back(at_);
      if (!String(&out->keys.emplace_back())) return false;
      Skip();
      if (Peek() != ':') return Wrong("a colon is missing");
      ++at_;
      if (!Value(&out->items.emplace_back(), depth + 1)) return false;
      Skip();
      const char c = Peek();
      if (c != ',' && c != '}') return Wrong("a comma or } is missing");
      ++at_;
      if (c == '}') return true;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t fault_at_ = 0;
  std::string fault_;
};

}  // namespace

const JsonValue* JsonValue::Find(std::string_view key) const {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

JsonValue* JsonValue::Find(std::string_view key) {
  return const_cast<JsonValue*>(static_cast<const JsonValue*>(this)->Find(key));
}

void JsonValue::Remove(std::string_view key) {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i] != key) continue;
    const auto offset = static_cast<std::ptrdiff_t>(i);
    keys.erase(keys.begin() + offset);
    key_at.erase(key_at.begin() + offset);
    items.erase(items.begin() + offset);
  }
}

void JsonValue::Set(std::string_view key, JsonValue value) {
  if (JsonValue* there = Find(key)) {
    *there = std::move(value);
    return;
  }
  keys.emplace_back(key);
  key_at.push_back(value.at);
  items.push_back(std::move(value));
}

JsonValue JsonText(std::string text) {
  JsonValue value;
  value.kind = JsonValue::Kind::kString;
  value.text = std::move(text);
  return value;
}

JsonValue JsonNumber(int number) {
  JsonValue value;
  value.kind = JsonValue::Kind::kNumber;
  value.text = std::to_string(number);
  return value;
}

tl::expected<JsonValue, JsonFault> ParseLocatedJson(std::string_view text) {
  Parser parser(text);
  JsonValue value;
  if (!parser.Whole(&value)) return tl::unexpected<JsonFault>(parser.fault());
  return value;
}

void AppendJson(const JsonValue& value, std::string* out) {
  switch (value.kind) {
    case JsonValue::Kind::kNull:
      *out += "null";
      return;
    case JsonValue::Kind::kBool:
    case JsonValue::Kind::kNumber:
      *out += value.text;
      return;
    case JsonValue::Kind::kString:
      AppendJsonString(value.text, out);
      return;
    case JsonValue::Kind::kArray:
    case JsonValue::Kind::kObject:
      break;
  }
  *out += value.IsArray() ? '[' : '{';
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) *out += ',';
    if (value.IsObject()) {
      AppendJsonString(value.keys[i], out);
      *out += ':';
    }
    AppendJson(value.items[i], out);
  }
  *out += value.IsArray() ? ']' : '}';
}

}  // namespace idiolect
