#pragma once
// Finds personal data in a text: one cut into tokens, then one pass over them; no regular
// expressions. Numbers are judged by their shape, control digits and the words beside them, names
// by a list, by the people of the workspace and by the way Russian names end.
//
// What it does not do: understand. A name that is an everyday word is taken for a name only where
// its capital letter or a comma says so; a number without shape, control digit or announcing word
// stays.

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataset/pii/kinds.h"
#include "dataset/pii/lexicon.h"
#include "dataset/pii/tokens.h"

namespace idiolect {

struct PiiSpan {
  uint32_t begin = 0, end = 0;  // bytes of the text, at borders of characters
  PiiKind kind = PiiKind::kPhone;
  // Equal for equal values of a kind (the digits of a phone, the base form of a name).
  uint64_t value = 0;
};

// What the rules look at together. Filled by PiiScanner.
struct PiiText {
  std::string_view text;
  std::vector<PiiToken> tokens;
  std::vector<const PiiWord*> words;  // by token; null: means nothing

  std::string_view of(size_t token) const {
    return text.substr(tokens[token].begin, tokens[token].end - tokens[token].begin);
  }
  // Between a token and the one behind it; empty beyond the last.
  std::string_view gap_after(size_t token) const;
  char char_before(size_t token) const;  // 0 at the beginning
  char char_after(size_t token) const;   // 0 at the end
  uint64_t announces(size_t token) const {
    return words[token] == nullptr ? 0 : words[token]->announces;
  }
  // Whether one of these keywords stands among the `tokens_back` tokens before `token`, at most
  // `bytes_back` bytes away.
  bool Announced(size_t token, uint64_t keywords, size_t tokens_back = 7,
                 size_t bytes_back = 110) const;
};

// What a rule found: a span from one token to another, or nothing.
struct PiiMatch {
  PiiKind kind = PiiKind::kPhone;
  uint32_t begin = 0, end = 0;
  size_t next_token = 0;  // where to look on; 0: nothing was found
  uint64_t value = 0;     // 0: the hash of the letters and digits
  explicit operator bool() const { return next_token != 0; }
};

// The rules, one file each; called at a token of their type.
PiiMatch MatchNumber(const PiiText& text, size_t token);                  // numbers.cc, phones.cc
PiiMatch MatchIp6(const PiiText& text, size_t token);                     // numbers.cc
PiiMatch MatchMixed(const PiiText& text, size_t token);                   // codes.cc
PiiMatch MatchAt(const PiiText& text, size_t token, uint32_t free_from);  // handles.cc
PiiMatch MatchLink(const PiiText& text, size_t token);                    // handles.cc
PiiMatch MatchAddress(const PiiText& text, size_t token, uint32_t free_from);  // addresses.cc
PiiMatch MatchName(const PiiText& text, size_t token, uint32_t free_from);     // names.cc
PiiMatch MatchSeedPhrase(const PiiText& text, size_t token);                   // codes.cc
PiiMatch MatchPassword(const PiiText& text, size_t token);                     // codes.cc

// Keeps working memory between texts: thread-compatible. The lexicon must outlive it.
class PiiScanner {
 public:
  explicit PiiScanner(const PiiLexicon& lexicon) : lexicon_(lexicon) {}

  // Replaces *spans: ascending, without overlaps, none empty. Linear in the text.
  void Find(std::string_view text, std::vector<PiiSpan>* spans);

 private:
  const PiiLexicon& lexicon_;
  PiiText work_;
};

}  // namespace idiolect
