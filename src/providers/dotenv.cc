#include "providers/dotenv.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"

namespace idiolect {
namespace {

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsNameCharacter(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9');
}

// Reads the file from start to end; all positions are in `text`.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<std::map<std::string, std::string>> Read() {
    std::map<std::string, std::string> values;
    for (; at_ < text_.size(); ++line_) {
      SkipBlanks();
      if (AtEnd() || text_[at_] == '#') {
        SkipLine();
        continue;
      }
      std::string name = Name();
      if (name == "export" && !AtEnd() && (text_[at_] == ' ' || text_[at_] == '\t')) {
        SkipBlanks();
        name = Name();
      }
      SkipBlanks();
      if (name.empty() || AtEnd() || text_[at_] != '=') return Bad("it is not NAME=value");
      ++at_;
      SkipBlanks();
      const int line = line_;
      auto value = Value();
      if (!value) {
        line_ = line;
        return Bad("a quote is not closed");
      }
      values[name] = *std::move(value);
      SkipBlanks();
      if (!AtEnd() && text_[at_] != '#') return Bad("something follows the closing quote");
      SkipLine();
    }
    return values;
  }

 private:
  bool AtEnd() const { return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  void SkipLine() {
    const size_t end = text_.find('\n', at_);
    at_ = end == text_.npos ? text_.size() : end + 1;
  }
  std::string Name() {
    const size_t start = at_;
    if (at_ < text_.size() && IsNameStart(text_[at_])) {
      while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }
  std::optional<std::string> Value() {
    if (!AtEnd() && (text_[at_] == '"' || text_[at_] == '\'')) return Quoted(text_[at_]);
    const size_t start = at_;
    while (!AtEnd() && !(text_[at_] == '#' && at_ > start &&
                         (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t'))) {
      ++at_;
    }
    return std::string(TrimSpace(text_.substr(start, at_ - start)));
  }
  std::optional<std::string> Quoted(char quote) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote) {
        ++at_;
        return value;
      }
      if (c == '\n') ++line_;
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        const char next = text_[at_ + 1];
        if (next == 'n' || next == 't' || next == '"' || next == '\\' || next == '$') {
          value += next == 'n' ? '\n' : next == 't' ? '\t' : next;
          ++at_;
          continue;
        }
      }
      value += c;
    }
    return std::nullopt;
  }
  tl::unexpected<Error> Bad(const char* what) const {
    return Fail(ErrorKind::kBadInput, "line " + std::to_string(line_) + ": " + what,
                "a line is NAME=value, or a comment after #");
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

bool IsTokenCharacter(char c) {
  return IsNameCharacter(c) || c == '-' || c == '.' || c == '*' || c == '+' || c == '/' || c == '=';
}

// Replaces what follows each `mark`, as far as it looks like part of a key.
void HideAfter(std::string_view mark, std::string* text) {
  for (size_t at = text->find(mark); at != text->npos;
       at = text->find(mark, at + mark.size() + 3)) {
    size_t end = at + mark.size();
    while (end < text->size() && IsTokenCharacter((*text)[end])) ++end;
    if (end - at - mark.size() >= 4) text->replace(at + mark.size(), end - at - mark.size(), "…");
  }
}

}  // namespace

Result<std::map<std::string, std::string>> ParseDotEnv(std::string_view text) {
  return Reader(text).Read();
}

Result<std::optional<FoundKey>> FindKey(const std::string& name,
                                        const std::vector<std::filesystem::path>& files,
                                        std::string* warning) {
  if (const char* value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
    return std::optional<FoundKey>({value, "the environment"});
  }
  for (const auto& path : files) {
    if (!Exists(path)) continue;
    ASSIGN_OR_RETURN(const auto text, ReadFile(path));
    auto values = ParseDotEnv(text);
    if (!values) {
      Error error = values.error();
      error.message = "reading " + path.string() + ": " + error.message;
      return tl::unexpected<Error>(std::move(error));
    }
    const auto found = values->find(name);
    if (found == values->end() || found->second.empty()) continue;
    struct stat info {};
    if (warning != nullptr && ::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
      *warning =
          path.string() + " can be read by others on this machine: chmod 600 " + path.string();
    }
    return std::optional<FoundKey>({found->second, path.string()});
  }
  return std::optional<FoundKey>();
}

std::string WithoutSecrets(std::string text, const std::string& secret) {
  if (secret.size() >= 4) {
    for (size_t at = text.find(secret); at != text.npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "…");
    }
  }
  for (const char* mark : {"sk-", "Bearer ", "key=", "ya29."}) HideAfter(mark, &text);
  return text;
}

}  // namespace idiolect
