#include "engine/files/jinja_values.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "engine/files/jinja_lexer.h"
#include "engine/files/quoted.h"

namespace idiolect::jinja {

using Value = JinjaValue;
using Kind = JinjaValue::Kind;

namespace {

constexpr const char* kBlanks = " \t\n\r\v\f";

std::string Strip(const std::string& text, const std::string& set, bool left, bool right) {
  size_t begin = 0, end = text.size();
  const auto in_set = [&](char c) { return set.find(c) != std::string::npos; };
  while (left && begin < end && in_set(text[begin])) ++begin;
  while (right && end > begin && in_set(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

}  // namespace

std::string ReplaceAll(const std::string& text, const std::string& from, const std::string& to) {
  if (from.empty()) return text;
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size()) {
    out += text.substr(at, found - at) + to;
    if (out.size() > kLongestText) break;
  }
  return out + text.substr(at);
}

Result<std::string> TextOf(const Value& value) {
  switch (value.kind) {
    case Kind::kText:
      return value.text;
    case Kind::kInteger:
      return std::to_string(value.integer);
    case Kind::kBool:
      return std::string(value.flag ? "True" : "False");
    case Kind::kNone:
      return std::string("None");
    case Kind::kUndefined:
      return std::string();
    default:
      return Bad("a list or map is written as text");
  }
}

Result<Value::List> ItemsOf(const Value& value) {
  if (value.kind == Kind::kList) return *value.list;
  Value::List items;
  if (value.kind == Kind::kMap) {
    for (const auto& [key, item] : *value.map) items.push_back(Value::Of(key));
    return items;
  }
  if (value.kind == Kind::kUndefined || value.kind == Kind::kNone) {
    return Bad("something undefined is gone through");
  }
  return Bad("what is no list is gone through");
}

bool Equal(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kBool:
      return a.flag == b.flag;
    case Kind::kInteger:
      return a.integer == b.integer;
    case Kind::kText:
      return a.text == b.text;
    case Kind::kList:
      return std::equal(a.list->begin(), a.list->end(), b.list->begin(), b.list->end(), Equal);
    case Kind::kMap:
      return a.map == b.map || std::equal(a.map->begin(), a.map->end(), b.map->begin(),
                                          b.map->end(), [](const auto& x, const auto& y) {
                                            return x.first == y.first && Equal(x.second, y.second);
                                          });
    default:
      return true;
  }
}

Result<Value> Member(const Value& of, const std::string& name) {
  if (of.kind == Kind::kUndefined) return Bad("." + name + " of something undefined");
  if (of.kind != Kind::kMap) return Value();
  const auto found = of.map->find(name);
  return found == of.map->end() ? Value() : found->second;
}

Result<Value> Joined(const std::string& a, const std::string& b) {
  if (a.size() + b.size() > kLongestText) return Bad("a text grows too long");
  return Value::Of(a + b);
}

Result<bool> Test(const std::string& name, const Value& of, const Value::List& more) {
  const Kind kind = of.kind;
  if (name == "defined") return kind != Kind::kUndefined;
  if (name == "undefined") return kind == Kind::kUndefined;
  if (name == "none") return kind == Kind::kNone;
  if (name == "string") return kind == Kind::kText;
  if (name == "number" || name == "integer") return kind == Kind::kInteger;
  if (name == "boolean") return kind == Kind::kBool;
  if (name == "true") return kind == Kind::kBool && of.flag;
  if (name == "false") return kind == Kind::kBool && !of.flag;
  if (name == "mapping") return kind == Kind::kMap;
  if (name == "iterable" || name == "sequence") {
    return kind == Kind::kText || kind == Kind::kList || kind == Kind::kMap;
  }
  if ((name == "odd" || name == "even") && kind == Kind::kInteger) {
    return (of.integer % 2 != 0) == (name == "odd");
  }
  if ((name == "equalto" || name == "eq") && more.size() == 1) return Equal(of, more[0]);
  if (name == "in" && more.size() == 1 && more[0].kind == Kind::kList) {
    return std::any_of(more[0].list->begin(), more[0].list->end(),
                       [&](const Value& item) { return Equal(item, of); });
  }
  return Bad("the test " + Quoted(name) + " is not supported");
}

Result<Value> Method(const Value& of, const std::string& name, const Value::List& arguments) {
  const auto unsupported = [&] { return Bad("the method " + Quoted(name) + " is not supported"); };
  for (const Value& argument : arguments) {
    const bool fits = argument.kind == Kind::kText || name == "get" ||
                      (name == "split" && argument.kind == Kind::kInteger);
    if (!fits) return Bad("the method " + Quoted(name) + " is given what it cannot use");
  }
  const size_t count = arguments.size();
  if (of.kind == Kind::kText) {
    const std::string set = count > 0 ? arguments[0].text : kBlanks;
    if (name == "strip" && count <= 1) return Value::Of(Strip(of.text, set, true, true));
    if (name == "lstrip" && count <= 1) return Value::Of(Strip(of.text, set, true, false));
    if (name == "rstrip" && count <= 1) return Value::Of(Strip(of.text, set, false, true));
    if (name == "startswith" && count == 1) return Value::Of(of.text.starts_with(set));
    if (name == "endswith" && count == 1) return Value::Of(of.text.ends_with(set));
    if (name == "upper" && count == 0) return Value::Of(Cased(of.text, true));
    if (name == "lower" && count == 0) return Value::Of(Cased(of.text, false));
    if (name == "replace" && count == 2) {
      return Value::Of(ReplaceAll(of.text, set, arguments[1].text));
    }
    if (name == "split" && count == 1 && !set.empty()) {
      Value::List parts;
      size_t at = 0;
      for (size_t found; (found = of.text.find(set, at)) != std::string::npos;
           at = found + set.size()) {
        parts.push_back(Value::Of(of.text.substr(at, found - at)));
      }
      parts.push_back(Value::Of(of.text.substr(at)));
      return Value::Of(std::move(parts));
    }
    return unsupported();
  }
  if (of.kind == Kind::kMap) {
    if (name == "get" && count >= 1 && count <= 2 && arguments[0].kind == Kind::kText) {
      const auto found = of.map->find(arguments[0].text);
      if (found != of.map->end()) return found->second;
      return count == 2 ? arguments[1] : Value::None();
    }
    if (name == "items" && count == 0) return Items(of);
    if (name == "keys" && count == 0) {
      ASSIGN_OR_RETURN(Value::List keys, ItemsOf(of));
      return Value::Of(std::move(keys));
    }
    return unsupported();
  }
  if (of.kind == Kind::kUndefined) return Bad("." + name + " of something undefined");
  return unsupported();
}

Value Items(const Value& of) {
  Value::List items;
  for (const auto& [key, item] : *of.map) {
    items.push_back(Value::Of(Value::List{Value::Of(key), item}));
  }
  return Value::Of(std::move(items));
}

std::string Cased(std::string text, bool upper) {
  for (char& c : text) {
    c = static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(c))
                                : std::tolower(static_cast<unsigned char>(c)));
  }
  return text;
}

}  // namespace idiolect::jinja
