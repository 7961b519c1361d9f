// Names of people in running text, Russian names in all cases.

#include "dataset/pii/given_names.h"
#include "dataset/pii/keywords.h"
#include "dataset/pii/scanner.h"

namespace idiolect {
namespace {

constexpr uint32_t kLongestWord = 40;  // letters; longer ones are no names

bool IsCapitalWord(const PiiText& text, size_t token) {
  const PiiToken& of = text.tokens[token];
  return of.type == PiiTokenType::kWord && of.capital && of.letters <= kLongestWord &&
         (!of.other_capital || of.all_capital);
}

bool BeginsSentence(const PiiText& text, size_t token) {
  if (token == 0) return true;
  const std::string_view gap = text.gap_after(token - 1);
  return gap.find_first_of(".!?\n:;\"«(") != std::string_view::npos || gap.size() > 3;
}

bool CalledByComma(const PiiText& text, size_t token) {
  const std::string_view behind = text.gap_after(token);
  if (behind.starts_with(",") || text.char_after(token) == ',' || text.char_after(token) == '!') {
    return true;
  }
  return token > 0 && text.gap_after(token - 1) == ", " &&
         (token + 1 == text.tokens.size() ||
          text.gap_after(token).find_first_of(",.!?)") != std::string_view::npos);
}

bool Patronymic(const PiiText& text, size_t token) {
  if (!IsCapitalWord(text, token) || !text.tokens[token].cyrillic ||
      text.tokens[token].letters < 6) {
    return false;
  }
  switch (EndsAsPatronymic(FoldedLetters(text.of(token)))) {
    case PatronymicEnding::kNone:
      return false;
    case PatronymicEnding::kSure:
      return true;
    case PatronymicEnding::kAfterName:
      return token > 0 && text.gap_after(token - 1) == " " && IsCapitalWord(text, token - 1) &&
             text.announces(token - 1) == 0;
  }
  return false;
}

bool Surname(const PiiText& text, size_t token) {
  if (!IsCapitalWord(text, token)) return false;
  const PiiWord* const word = text.words[token];
  if (word != nullptr && word->spared) return false;
  if (word != nullptr && (word->known || word->given) && !(word->announces & kEveryday))
    return true;
  return text.tokens[token].cyrillic && EndsAsSurname(FoldedLetters(text.of(token)));
}

// " И.И." or " И. И." behind a surname. Returns the end of it, or 0.
uint32_t InitialsEnd(const PiiText& text, size_t token) {
  size_t at = token + 1;
  int initials = 0;
  uint32_t end = 0;
  while (at < text.tokens.size() && initials < 2 && text.tokens[at].letters == 1 &&
         text.tokens[at].capital && text.char_after(at) == '.') {
    const std::string_view gap = text.gap_after(at - 1);
    if (gap != " " && gap != "." && gap != ". ") break;
    end = text.tokens[at].end + 1;
    ++initials;
    ++at;
  }
  return initials == 2 ? end : 0;
}

// Whether this one word is somebody's name, by itself.
bool IsName(const PiiText& text, size_t token) {
  const PiiToken& of = text.tokens[token];
  const PiiWord* const word = text.words[token];
  if (word == nullptr || word->family == 0 || word->spared) return false;
  if (of.other_capital && !of.all_capital) return false;
  const bool everyday = (word->announces & kEveryday) != 0;
  const bool other_sense = (word->announces & ~uint64_t{kEveryday}) != 0;
  if (word->given) {
    if (of.latin && !of.capital) return false;
    if (word->cut) {
      // "о том, что": in small letters such a word is itself, unless somebody is called by it.
      if (everyday && !of.capital && token > 0 &&
          text.gap_after(token - 1).find_first_of(".!?\n") == std::string_view::npos) {
        return false;
      }
      return (of.capital && !everyday && of.letters > 3) || CalledByComma(text, token);
    }
    if (!everyday && !other_sense) return true;
    return of.capital && (!BeginsSentence(text, token) || CalledByComma(text, token));
  }
  // A word of somebody's display name.
  if (!of.capital || everyday || other_sense) return false;
  if (word->cut) return CalledByComma(text, token);
  return !BeginsSentence(text, token) || of.letters >= 5 || CalledByComma(text, token);
}

}  // namespace

PiiMatch MatchName(const PiiText& text, size_t token, uint32_t free_from) {
  const PiiToken& of = text.tokens[token];
  if (of.letters > kLongestWord || of.letters < 2) return {};
  PiiMatch match;
  match.kind = PiiKind::kName;
  const uint64_t announces = text.announces(token);

  // Ms. Wijtze
  if (announces & kSaysTitle && token + 1 < text.tokens.size() && IsCapitalWord(text, token + 1) &&
      text.tokens[token + 1].letters > 1 && !of.all_capital &&
      !text.tokens[token + 1].all_capital &&
      (text.gap_after(token) == " " || text.gap_after(token) == ". ") && !(announces & kEveryday) &&
      (text.words[token + 1] == nullptr || !text.words[token + 1]->spared)) {
    match.begin = text.tokens[token + 1].begin;
    match.end = text.tokens[token + 1].end;
    match.next_token = token + 2;
    if (token + 2 < text.tokens.size() && text.gap_after(token + 1) == " " &&
        IsCapitalWord(text, token + 2) && text.announces(token + 2) == 0) {
      match.end = text.tokens[token + 2].end;
      match.next_token = token + 3;
    }
    return match;
  }

  size_t first = token, last = token;
  const auto joined = [&text](size_t a) { return text.gap_after(a) == " "; };
  // Beside a word with digits in it a patronymic is a part of a code or of a nickname.
  const bool patronymic =
      Patronymic(text, token) &&
      (token == 0 || text.tokens[token - 1].type == PiiTokenType::kWord || !joined(token - 1));
  if (patronymic && (text.words[token] == nullptr || !text.words[token]->spared)) {
    // Фёдорова Нина Петровна: the words before it, as far as they are capitalised.
    for (int back = 0; back < 2 && first > 0 && joined(first - 1); ++back) {
      const size_t before = first - 1;
      if (!IsCapitalWord(text, before) || !text.tokens[before].cyrillic ||
          text.tokens[before].begin < free_from) {
        break;
      }
      const PiiWord* const word = text.words[before];
      if (word != nullptr && word->spared) break;
      if (back == 1 && !Surname(text, before)) break;
      if (back == 0 && word != nullptr && word->announces != 0 && word->family == 0) break;
      first = before;
    }
  } else if (IsName(text, token)) {
    // Иванов Иван
    if (first > 0 && joined(first - 1) && text.tokens[first - 1].begin >= free_from && of.capital &&
        Surname(text, first - 1)) {
      --first;
    }
  } else if (of.capital && of.cyrillic && Surname(text, token)) {
    // Иванов И. И.
    const uint32_t end = InitialsEnd(text, token);
    if (end == 0) return {};
    match.begin = of.begin;
    match.end = end;
    match.next_token = token + 1;
    return match;
  } else {
    return {};
  }
  // Пётр Петрович Иванов; John Smith
  for (int more = 0; more < 2 && last + 1 < text.tokens.size() && joined(last); ++more) {
    const size_t next = last + 1;
    if (!of.capital || !IsCapitalWord(text, next)) break;
    const PiiWord* const word = text.words[next];
    if (word != nullptr && word->spared) break;
    const bool english = of.latin && text.tokens[next].latin && text.announces(next) == 0 &&
                         text.tokens[next].letters > 1;
    if (!Patronymic(text, next) && !Surname(text, next) && !(english && more == 0)) break;
    last = next;
  }
  match.begin = text.tokens[first].begin;
  match.end = text.tokens[last].end;
  match.next_token = last + 1;
  // One person in all cases; with a surname it is somebody more particular.
  const PiiWord* const word = text.words[token];
  if (first == last && word != nullptr && word->family != 0) match.value = word->family;
  return match;
}

}  // namespace idiolect
