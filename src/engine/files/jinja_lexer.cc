#include "engine/files/jinja_lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "engine/files/quoted.h"

namespace idiolect::jinja {
namespace {

constexpr size_t kLongestTemplate = size_t{1} << 18;
constexpr size_t kMostWords = 600;  // in one tag, and so how deep an expression can become

}  // namespace

tl::unexpected<Error> Bad(const std::string& why) {
  return Fail(ErrorKind::kBadInput, "trying the chat template: " + why);
}

Result<std::vector<Piece>> CutIntoPieces(std::string_view text) {
  if (text.size() > kLongestTemplate) return Bad("it is too long");
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<Piece> pieces;
  bool strip_next = false, break_next = false;
  for (size_t at = 0; at < text.size();) {
    size_t open = at;
    while (open < text.size() &&
           !(text[open] == '{' && open + 1 < text.size() &&
             (text[open + 1] == '{' || text[open + 1] == '%' || text[open + 1] == '#'))) {
      ++open;
    }
    std::string plain(text.substr(at, open - at));
    if (strip_next) {
      plain.erase(0, std::min(plain.find_first_not_of(" \t\r\n"), plain.size()));
    } else if (break_next && plain.starts_with('\n')) {
      plain.erase(0, 1);
    } else if (break_next && plain.starts_with("\r\n")) {
      plain.erase(0, 2);
    }
    const bool at_line_start = at == 0 || break_next || strip_next;
    strip_next = break_next = false;
    if (open >= text.size()) {
      if (!plain.empty()) pieces.push_back({Piece::Type::kText, plain});
      break;
    }
    const char kind = text[open + 1];
    const std::string_view close = kind == '{' ? "}}" : kind == '%' ? "%}" : "#}";
    // The end is not looked for inside quotes.
    size_t end = open + 2;
    char quote = 0;
    for (; end + 1 < text.size(); ++end) {
      if (quote != 0) {
        if (text[end] == '\\') {
          ++end;
        } else if (text[end] == quote) {
          quote = 0;
        }
      } else if (kind != '#' && (text[end] == '\'' || text[end] == '"')) {
        quote = text[end];
      } else if (text.substr(end, 2) == close) {
        break;
      }
    }
    if (end + 1 >= text.size()) return Bad("a tag has no end");
    std::string_view inside = text.substr(open + 2, end - open - 2);
    const bool strip_before = inside.starts_with('-');
    const bool keep_before = inside.starts_with('+');
    if (strip_before || keep_before) inside.remove_prefix(1);
    if (inside.ends_with('-')) {
      strip_next = true;
      inside.remove_suffix(1);
    } else if (inside.ends_with('+')) {
      inside.remove_suffix(1);
    } else {
      break_next = kind != '{';
    }
    if (strip_before) {
      plain.resize(plain.find_last_not_of(" \t\r\n") + 1);
    } else if (kind != '{' && !keep_before) {
      const size_t last = plain.find_last_not_of(" \t");
      if (last == std::string::npos ? at_line_start : plain[last] == '\n') plain.resize(last + 1);
    }
    if (!plain.empty()) pieces.push_back({Piece::Type::kText, plain});
    if (kind != '#') {
      pieces.push_back(
          {kind == '{' ? Piece::Type::kPrint : Piece::Type::kTag, std::string(inside)});
    }
    at = end + 2;
  }
  return pieces;
}

Result<std::vector<Token>> Words(std::string_view tag) {
  constexpr std::string_view kTwo[] = {"==", "!=", "<=", ">=", "//", "**"};
  std::vector<Token> words;
  for (size_t at = 0; at < tag.size();) {
    const char c = tag[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
      continue;
    }
    Token token;
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_') {
      token.type = Token::Type::kName;
      while (at < tag.size() &&
             (std::isalnum(static_cast<unsigned char>(tag[at])) != 0 || tag[at] == '_')) {
        token.text += tag[at++];
      }
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      token.type = Token::Type::kInteger;
      const auto read = std::from_chars(tag.data() + at, tag.data() + tag.size(), token.integer);
      if (read.ec != std::errc()) return Bad("a number is too large");
      at = static_cast<size_t>(read.ptr - tag.data());
      if (at < tag.size() && tag[at] == '.') return Bad("numbers with a point are not supported");
    } else if (c == '\'' || c == '"') {
      token.type = Token::Type::kText;
      for (++at; at < tag.size() && tag[at] != c; ++at) {
        if (tag[at] != '\\' || at + 1 >= tag.size()) {
          token.text += tag[at];
          continue;
        }
        const char escaped = tag[++at];
        if (escaped == 'n') {
          token.text += '\n';
        } else if (escaped == 't') {
          token.text += '\t';
        } else if (escaped == 'r') {
          token.text += '\r';
        } else if (escaped == '\\' || escaped == '\'' || escaped == '"') {
          token.text += escaped;
        } else {
          return Bad(std::string("the escape \\") + escaped + " is not supported");
        }
      }
      if (at >= tag.size()) return Bad("a text has no end");
      ++at;
    } else {
      token.type = Token::Type::kSign;
      token.text = c;
      for (const std::string_view two : kTwo) {
        if (tag.substr(at, 2) == two) token.text = two;
      }
      if (token.text == "**" ||
          std::string_view("()[]{}.,:|+-*/%~<>=!").find(c) == std::string_view::npos) {
        return Bad("the sign " + Quoted(token.text) + " is not supported");
      }
      at += token.text.size();
    }
    words.push_back(std::move(token));
    if (words.size() > kMostWords) return Bad("a tag is too long");
  }
  return words;
}

}  // namespace idiolect::jinja
