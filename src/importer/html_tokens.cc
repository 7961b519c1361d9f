#include "importer/html_tokens.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace idiolect {
namespace {

bool IsAsciiLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsHtmlSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool IsNameEnd(char c) {
  return IsHtmlSpace(c) || c == '>' || c == '/';
}

// The '>' of a tag, which may also stand inside quotes; npos when it has none.
size_t FindTagEnd(std::string_view html, size_t at) {
  while (at < html.size()) {
    at = html.find_first_of("\"'>", at);
    if (at == std::string_view::npos || html[at] == '>') return at;
    at = html.find(html[at], at + 1);
    if (at == std::string_view::npos) return at;
    ++at;
  }
  return std::string_view::npos;
}

struct Entity {
  std::string_view name;
  std::string_view text;
};
constexpr Entity kEntities[] = {
    {"amp", "&"},   {"lt", "<"},        {"gt", ">"},     {"quot", "\""},
    {"apos", "'"},  {"nbsp", "\u00a0"}, {"laquo", "«"},  {"raquo", "»"},
    {"mdash", "—"}, {"ndash", "–"},     {"hellip", "…"},
};

// The entity's name without & and ;.
bool AppendEntity(std::string_view name, std::string* out) {
  if (name.size() > 1 && name[0] == '#') {
    const bool hex = name[1] == 'x' || name[1] == 'X';
    const std::string_view digits = name.substr(hex ? 2 : 1);
    uint32_t code = 0;
    const auto read =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
    if (digits.empty() || read.ptr != digits.data() + digits.size()) return false;
    const bool valid =
        read.ec == std::errc() && code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    AppendUtf8(valid ? static_cast<char32_t>(code) : U'\ufffd', out);
    return true;
  }
  for (const Entity& entity : kEntities) {
    if (entity.name == name) {
      *out += entity.text;
      return true;
    }
  }
  return false;
}

}  // namespace

HtmlTokenKind HtmlTokens::Text(size_t end) {
  text_ = html_.substr(at_, end - at_);
  at_ = end;
  return HtmlTokenKind::kText;
}

HtmlTokenKind HtmlTokens::Next() {
  while (at_ < html_.size()) {
    if (html_[at_] != '<') return Text(std::min(html_.find('<', at_), html_.size()));
    const char next = at_ + 1 < html_.size() ? html_[at_ + 1] : '\0';
    if (next == '!' || next == '?') {
      const bool comment = html_.substr(at_).starts_with("<!--");
      const size_t end = html_.find(comment ? "-->" : ">", at_ + 2);
      if (end == std::string_view::npos) break;
      at_ = end + (comment ? 3 : 1);
      continue;
    }
    const bool close = next == '/';
    const size_t start = at_ + (close ? 2 : 1);
    if (start >= html_.size() || !IsAsciiLetter(html_[start])) {
      return Text(std::min(html_.find('<', at_ + 1), html_.size()));
    }
    const size_t end = FindTagEnd(html_, start);
    if (end == std::string_view::npos) break;
    const std::string_view tag = html_.substr(start, end - start);
    const auto* name_end = std::find_if(tag.begin(), tag.end(), IsNameEnd);
    name_ = tag.substr(0, static_cast<size_t>(name_end - tag.begin()));
    attributes_ = tag.substr(name_.size());
    at_ = end + 1;
    return close ? HtmlTokenKind::kClose : HtmlTokenKind::kOpen;
  }
  at_ = html_.size();
  return HtmlTokenKind::kEnd;
}

std::string_view HtmlTokens::Attribute(std::string_view name) const {
  std::string_view rest = attributes_;
  for (;;) {
    while (!rest.empty() && (IsHtmlSpace(rest[0]) || rest[0] == '/')) rest.remove_prefix(1);
    if (rest.empty()) return {};
    size_t at = 0;
    while (at < rest.size() && rest[at] != '=' && !IsHtmlSpace(rest[at])) ++at;
    const std::string_view key = rest.substr(0, at);
    rest.remove_prefix(at);
    std::string_view value;
    if (!rest.empty() && rest[0] == '=') {
      rest.remove_prefix(1);
      const bool quoted = !rest.empty() && (rest[0] == '"' || rest[0] == '\'');
      const size_t end = quoted ? rest.find(rest[0], 1) : rest.find_first_of(" \t\r\n");
      const size_t start = quoted ? 1 : 0;
      value = end == std::string_view::npos ? rest.substr(start) : rest.substr(start, end - start);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + start);
    }
    if (key == name) return value;
  }
}

bool HasHtmlClass(std::string_view classes, std::string_view wanted) {
  for (size_t at = classes.find(wanted); at != std::string_view::npos;
       at = classes.find(wanted, at + 1)) {
    const size_t end = at + wanted.size();
    if ((at == 0 || IsHtmlSpace(classes[at - 1])) &&
        (end == classes.size() || IsHtmlSpace(classes[end]))) {
      return true;
    }
  }
  return false;
}

void AppendHtmlText(std::string_view text, std::string* out) {
  constexpr size_t kLongestEntity = 10;
  for (;;) {
    const size_t mark = text.find('&');
    out->append(text.substr(0, mark));
    if (mark == std::string_view::npos) return;
    text.remove_prefix(mark);
    const size_t end = text.substr(0, kLongestEntity + 2).find(';');
    if (end != std::string_view::npos && AppendEntity(text.substr(1, end - 1), out)) {
      text.remove_prefix(end + 1);
    } else {
      *out += '&';
      text.remove_prefix(1);
    }
  }
}

}  // namespace idiolect
