#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "dialogs/line_names.h"

namespace idiolect {
namespace {

constexpr size_t kShortestPrefix = 3;
constexpr uint8_t kCommonWord = 56;  // eighths: a word in one line of a thousand or more

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// A nick without what people add to it: "joe_", "joe|away", "joe2", "[joe]".
std::string Core(std::string_view nick) {
  size_t begin = 0;
  while (begin < nick.size() && !IsPlain(nick[begin])) ++begin;
  size_t end = begin;
  while (end < nick.size() && (IsPlain(nick[end]) || nick[end] == '_' || nick[end] == '-')) ++end;
  while (end > begin &&
         (!IsPlain(nick[end - 1]) || (nick[end - 1] >= '0' && nick[end - 1] <= '9'))) {
    --end;
  }
  return std::string(nick.substr(begin, end - begin));
}

bool Opens(char c) {
  return c == '@' || c == '<' || c == '(' || c == '"' || c == '\'' || c == '[';
}
bool Closes(char c) {
  return c == ':' || c == ',' || c == ';' || c == '.' || c == '?' || c == '!' || c == ')' ||
         c == '>' || c == '"' || c == '\'' || c == ']' || c == '-';
}

class NickFinder : public NameFinder {
 public:
  NickFinder(const std::vector<std::string>& names, const WordTable& words) : words_(words) {
    lower_.reserve(names.size());
    for (uint32_t author = 0; author < names.size(); ++author) {
      lower_.push_back(Lower(names[author]));
      const std::string& nick = lower_.back();
      if (nick.size() < 2) continue;
      nicks_[nick].push_back(author);
      const std::string core = Core(nick);
      if (core.size() >= kShortestPrefix && core != nick) cores_[core].push_back(author);
    }
  }

  void Find(std::string_view text, const Present& present,
            std::vector<Naming>* namings) const override {
    text = text.substr(0, kReadBytes);
    const size_t begin = namings->size();
    bool first = true;
    std::string token;
    for (size_t at = 0; at < text.size();) {
      while (at < text.size() && text[at] == ' ') ++at;
      size_t end = at;
      while (end < text.size() && text[end] != ' ') ++end;
      if (end == at) break;
      token = Lower(text.substr(at, std::min<size_t>(end - at, 64)));
      bool set_off = false;
      if (!Token(token, first, present, begin, namings, &set_off) && first && set_off) {
        Approximate(token, present, begin, namings);
      }
      first = false;
      at = end;
    }
  }

 private:
  // The token as it is, then with one sign after another taken from its end and beginning.
  bool Token(std::string_view token, bool first, const Present& present, size_t begin,
             std::vector<Naming>* namings, bool* set_off) const {
    bool stripped_front = false;
    for (int front = 0; front < 3; ++front) {
      std::string_view word = token;
      bool signs = stripped_front && token.size() > 1;
      while (word.size() >= 2) {
        if (Add(word, first, signs, nicks_, present, begin, namings)) return true;
        if (!Closes(word.back())) break;
        signs = signs || word.back() == ':' || word.back() == ',' || word.back() == '>';
        word.remove_suffix(1);
      }
      *set_off = *set_off || signs;
      if (word.size() > 3 && word.ends_with("'s") &&
          Add(word.substr(0, word.size() - 2), false, false, nicks_, present, begin, namings)) {
        return true;
      }
      if (token.empty() || !Opens(token.front())) break;
      stripped_front = stripped_front || token.front() == '@' || token.front() == '<';
      token.remove_prefix(1);
    }
    if (!first) {
      // "nick:word", glued.
      const size_t sign = token.find_first_of(":,/");
      if (sign != std::string_view::npos && sign >= 3 && sign + 1 < token.size()) {
        return Add(token.substr(0, sign), false, true, nicks_, present, begin, namings);
      }
      return false;
    }
    const size_t sign = token.find_first_of(":,");
    return sign != std::string_view::npos && sign >= 2 &&
           Add(token.substr(0, sign), true, true, nicks_, present, begin, namings);
  }

  using Table = std::unordered_map<std::string, std::vector<uint32_t>>;

  bool Add(std::string_view word, bool first, bool signs, const Table& table,
           const Present& present, size_t begin, std::vector<Naming>* namings) const {
    const auto found = table.find(std::string(word));
    if (found == table.end()) return false;
    if (!signs && words_.WeightOf(word) <= kCommonWord) return false;
    bool any = false;
    for (const uint32_t author : found->second) {
      if (!present.Has(author)) continue;
      any = true;
      AddNaming({author, static_cast<uint8_t>(first && signs ? kAddressed
                                              : first        ? kAtStart
                                                             : kInside)},
                begin, namings);
    }
    return any;
  }

  // A beginning, a nick without its tail, one letter mistyped: at the start of a line only, set off
  // by a sign, and only of people who have just spoken.
  void Approximate(std::string_view token, const Present& present, size_t begin,
                   std::vector<Naming>* namings) const {
    while (!token.empty() && Opens(token.front())) token.remove_prefix(1);
    size_t end = token.find_first_of(":,>");
    if (end == std::string_view::npos) end = token.size();
    token = token.substr(0, end);
    if (token.size() < kShortestPrefix) return;
    if (Add(token, true, true, cores_, present, begin, namings)) return;
    const std::string core = Core(token);
    for (const uint32_t author : present.recent) {
      if (!present.Has(author)) continue;
      const std::string& nick = lower_[author];
      const bool begins = nick.size() > token.size() && nick.compare(0, token.size(), token) == 0;
      if (begins || (core.size() >= kShortestPrefix && nick == core) ||
          (token.size() >= 4 && EditDistance(token, nick, 2) < 2)) {
        AddNaming({author, kAddressed}, begin, namings);
        return;
      }
    }
  }

  static void AddNaming(Naming naming, size_t begin, std::vector<Naming>* namings) {
    for (size_t i = begin; i < namings->size(); ++i) {
      if ((*namings)[i].author == naming.author) {
        (*namings)[i].strength = std::max((*namings)[i].strength, naming.strength);
        return;
      }
    }
    namings->push_back(naming);
  }

  const WordTable& words_;
  std::vector<std::string> lower_;
  Table nicks_, cores_;
};

}  // namespace

std::unique_ptr<NameFinder> MakeNickFinder(const std::vector<std::string>& names,
                                           const WordTable& words) {
  return std::make_unique<NickFinder>(names, words);
}

}  // namespace idiolect
