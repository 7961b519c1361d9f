#include "dataset/pii/scanner.h"

#include <algorithm>

#include "base/hash.h"
#include "dataset/pii/keywords.h"

namespace idiolect {
namespace {

// Of letters and digits only, folded: "+7 (916) 123" and "7916123" are one value.
uint64_t HashOfValue(std::string_view text) {
  uint64_t hash = kPiiHashStart;
  bool any = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool digit = byte >= '0' && byte <= '9';
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    if (!digit && !letter && byte < 0x80) continue;
    hash = PiiHashStep(hash, letter ? byte | 0x20 : byte);
    any = true;
  }
  return any ? hash : Hash64(text);
}

// A word of two scripts, or a number with a Russian word glued to it.
bool IsJumble(const PiiText& text, size_t token) {
  const PiiToken& of = text.tokens[token];
  if (of.latin && of.cyrillic) return true;
  if (of.type != PiiTokenType::kMixed || !of.cyrillic || of.letters < 6) return false;
  const std::string_view word = text.of(token);
  return word[0] >= '0' && word[0] <= '9';
}

constexpr uint64_t kPasswordWords = kSaysPassword | kSaysLogin | kSaysSecret;
constexpr uint64_t kAddressWords = kSaysStreet | kSaysCity | kSaysRegion | kSaysEnStreet;

}  // namespace

std::string_view PiiText::gap_after(size_t token) const {
  if (token + 1 >= tokens.size()) return {};
  const uint32_t from = tokens[token].end;
  return text.substr(from, tokens[token + 1].begin - from);
}

char PiiText::char_before(size_t token) const {
  const uint32_t at = tokens[token].begin;
  return at == 0 ? '\0' : text[at - 1];
}

char PiiText::char_after(size_t token) const {
  const uint32_t at = tokens[token].end;
  return at >= text.size() ? '\0' : text[at];
}

bool PiiText::Announced(size_t token, uint64_t keywords, size_t tokens_back,
                        size_t bytes_back) const {
  for (size_t back = 1; back <= tokens_back && back <= token; ++back) {
    if (tokens[token].begin - tokens[token - back].end > bytes_back) return false;
    if ((announces(token - back) & keywords) == 0) continue;
    // "functionдата рождения": names of a program, and no words.
    const size_t word = token - back;
    if (word == 0 || gap_after(word - 1) != " " || !IsJumble(*this, word - 1)) return true;
  }
  return false;
}

void PiiScanner::Find(std::string_view text, std::vector<PiiSpan>* spans) {
  spans->clear();
  work_.text = text;
  CutTokens(text, &work_.tokens);
  const size_t count = work_.tokens.size();
  work_.words.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const PiiToken& token = work_.tokens[i];
    const bool looked_up = token.type == PiiTokenType::kWord || token.type == PiiTokenType::kMixed;
    work_.words[i] = looked_up ? lexicon_.Find(token.hash) : nullptr;
  }

  uint32_t free_from = 0;  // end of the last span
  for (size_t i = 0; i < count;) {
    const PiiToken& token = work_.tokens[i];
    PiiMatch match;
    switch (token.type) {
      case PiiTokenType::kNumber:
        match = MatchNumber(work_, i);
        break;
      case PiiTokenType::kMixed:
        match = MatchMixed(work_, i);
        break;
      case PiiTokenType::kAt:
        match = MatchAt(work_, i, free_from);
        break;
      case PiiTokenType::kLink:
        match = MatchLink(work_, i);
        break;
      case PiiTokenType::kWord:
        break;
    }
    if (!match && (token.type == PiiTokenType::kWord || token.type == PiiTokenType::kMixed)) {
      const uint64_t announces = work_.announces(i);
      if (announces & kPasswordWords) match = MatchPassword(work_, i);
      if (!match && announces & kAddressWords) match = MatchAddress(work_, i, free_from);
      if (!match && token.type == PiiTokenType::kWord) {
        // Codes of letters alone: IBAN in groups, plates, series of papers.
        if (token.letters <= 5 && (token.all_capital || work_.char_after(i) == ':'))
          match = MatchMixed(work_, i);
        if (!match && token.latin) match = MatchSeedPhrase(work_, i);
        if (!match && token.capital | (work_.words[i] != nullptr)) {
          match = MatchName(work_, i, free_from);
        }
        if (!match && token.letters >= 20) match = MatchMixed(work_, i);
      }
    }
    if (!match || match.end <= match.begin || match.begin < free_from) {
      ++i;
      continue;
    }
    PiiSpan span{match.begin, match.end, match.kind, match.value};
    if (span.value == 0) span.value = HashOfValue(text.substr(span.begin, span.end - span.begin));
    spans->push_back(span);
    free_from = span.end;
    i = std::max(match.next_token, i + 1);
    while (i < count && work_.tokens[i].begin < free_from) ++i;
  }
}

}  // namespace idiolect
