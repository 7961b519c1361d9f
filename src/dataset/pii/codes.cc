// Codes of letters and digits: IBAN, VIN, plates, papers with a series of letters, tokens, keys,
// hashes, wallets; and what stands behind "password:".

#include <algorithm>
#include <string>

#include "base/text.h"
#include "dataset/pii/checksums.h"
#include "dataset/pii/keywords.h"
#include "dataset/pii/scanner.h"

namespace idiolect {
namespace {

PiiMatch Found(const PiiText& text, size_t first, size_t last, PiiKind kind) {
  PiiMatch match;
  match.kind = kind;
  match.begin = text.tokens[first].begin;
  match.end = text.tokens[last].end;
  match.next_token = last + 1;
  return match;
}

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

std::string Capitals(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return capitals;
}

// What a run of Latin letters and digits is made of.
struct Makeup {
  size_t size = 0, digits = 0, small = 0, big = 0, other = 0;
  size_t hex_letters = 0;
  size_t changes = 0;  // from letters to digits and back
  size_t distinct = 0;
};

Makeup MakeupOf(std::string_view code) {
  Makeup makeup;
  makeup.size = code.size();
  bool seen[128] = {};
  int last = -1;
  for (const char c : code) {
    int type = 3;
    if (c >= '0' && c <= '9') {
      ++makeup.digits;
      type = 0;
    } else if (c >= 'a' && c <= 'z') {
      ++makeup.small;
      type = 1;
    } else if (c >= 'A' && c <= 'Z') {
      ++makeup.big;
      type = 2;
    } else {
      ++makeup.other;
    }
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') ++makeup.hex_letters;
    if (last >= 0 && type != last) ++makeup.changes;
    last = type;
    if (static_cast<unsigned char>(c) < 128 && !seen[static_cast<size_t>(c)]) {
      seen[static_cast<size_t>(c)] = true;
      ++makeup.distinct;
    }
  }
  return makeup;
}

bool InAlphabet(std::string_view code, std::string_view without) {
  return code.find_first_of(without) == std::string_view::npos;
}

// A digest or a key in hexadecimal: of a known length, mixed enough to be no counting.
bool IsHexCode(std::string_view code, const Makeup& makeup) {
  if (code.size() != 32 && code.size() != 40 && code.size() != 48 && code.size() != 56 &&
      code.size() != 64 && code.size() != 96 && code.size() != 128) {
    return false;
  }
  if (makeup.digits + makeup.hex_letters != code.size()) return false;
  if (makeup.digits < 4 || makeup.hex_letters < 4 || makeup.distinct < 6) return false;
  size_t rising = 0;
  for (size_t i = 1; i < code.size(); ++i) {
    rising += code[i] == code[i - 1] + 1 || (code[i - 1] == '9' && (code[i] | 0x20) == 'a');
  }
  return rising * 4 < code.size() * 3;
}

bool IsWallet(std::string_view code, const Makeup& makeup) {
  if (code.starts_with("0x") && code.size() == 42) {
    return MakeupOf(code.substr(2)).digits + MakeupOf(code.substr(2)).hex_letters == 40;
  }
  if (code.size() >= 39 && code.size() <= 65 &&
      (code.starts_with("bc1") || code.starts_with("ltc1") || code.starts_with("tb1"))) {
    return makeup.big == 0 && makeup.digits > 3;
  }
  if ((code.starts_with("EQ") || code.starts_with("UQ")) && code.size() == 48)
    return makeup.digits > 0;
  if (code.size() < 26 || code.size() > 36) return false;
  constexpr std::string_view kFirst = "13LMDrTXtA";
  if (kFirst.find(code[0]) == std::string_view::npos) return false;
  // Base58 has no 0, O, I and l; a word or an abbreviation is not as mixed.
  return makeup.other == 0 && InAlphabet(code, "0OIl") && makeup.digits >= 3 && makeup.small >= 4 &&
         makeup.big >= 4 && makeup.changes >= 8;
}

bool HasKnownPrefix(std::string_view code) {
  constexpr std::string_view kPrefixes[] = {
      "sk_live_", "sk_test_",    "pk_live_", "rk_live_", "ghp_", "gho_", "ghu_",
      "ghs_",     "github_pat_", "glpat",    "hf_",      "AKIA", "ASIA", "AIza",
      "ya29",     "xoxb",        "xoxp",     "xoxa",     "npm_", "pypi", "dop_v1_",
      "shpat_",   "whsec_",      "AQVN",     "t1_",      "y0_"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [code](std::string_view prefix) {
    return code.starts_with(prefix) && code.size() >= prefix.size() + 10;
  });
}

// A key by its looks alone: long, with small and capital letters and digits thoroughly mixed.
bool LooksLikeKey(const Makeup& makeup) {
  return makeup.size >= 20 && makeup.digits >= 3 && makeup.small >= 3 && makeup.big >= 3 &&
         makeup.changes * 4 >= makeup.size && makeup.distinct >= 10;
}

// The end of the run of key characters that begins with this token: "sk-abc…", a JWT's dots.
uint32_t RunEnd(std::string_view text, uint32_t at) {
  while (at < text.size()) {
    const char c = text[at];
    if (!IsAlnum(c) && c != '_' && c != '-' && c != '.' && c != '/' && c != '+' && c != '=') break;
    ++at;
  }
  while (at > 0 && (text[at - 1] == '.' || text[at - 1] == '-')) --at;
  return at;
}

PiiMatch UpTo(const PiiText& text, size_t token, uint32_t end, PiiKind kind) {
  PiiMatch match = Found(text, token, token, kind);
  match.end = std::max(end, match.end);
  return match;
}

PiiMatch MatchSecretCode(const PiiText& text, size_t token) {
  const std::string_view code = text.of(token);
  const uint32_t begin = text.tokens[token].begin;
  const char after = text.char_after(token);
  if (code.size() < 20 && after != '-' && after != '.' && !HasKnownPrefix(code)) return {};
  if (code.starts_with("eyJ") && after == '.') {
    const uint32_t end = RunEnd(text.text, begin);
    if (end - begin > 40) return UpTo(text, token, end, PiiKind::kSecret);
  }
  if ((code == "sk" || code == "xoxb" || code == "xoxp" || code == "glpat" || code == "sk_live") &&
      after == '-') {
    const uint32_t end = RunEnd(text.text, begin);
    if (end - begin >= 20 && MakeupOf(text.text.substr(begin, end - begin)).digits >= 2) {
      return UpTo(text, token, end, PiiKind::kSecret);
    }
    return {};
  }
  if (code.size() < 14) return {};
  if (HasKnownPrefix(code)) return UpTo(text, token, RunEnd(text.text, begin), PiiKind::kSecret);
  const Makeup makeup = MakeupOf(code);
  if (IsWallet(code, makeup)) return Found(text, token, token, PiiKind::kWallet);
  if (IsHexCode(code, makeup) || LooksLikeKey(makeup)) {
    return Found(text, token, token, PiiKind::kSecret);
  }
  return {};
}

// IBAN, whole or in groups of four.
PiiMatch MatchIban(const PiiText& text, size_t token) {
  const std::string_view first = text.of(token);
  if (first.size() < 4 || first[0] < 'A' || first[0] > 'Z' || first[1] < 'A' || first[1] > 'Z' ||
      first[2] < '0' || first[2] > '9' || first[3] < '0' || first[3] > '9') {
    return {};
  }
  std::string code(first);
  if (IsIban(code)) return Found(text, token, token, PiiKind::kIban);
  if (first.size() != 4) return {};
  size_t last = token, best = 0;
  while (last + 1 < text.tokens.size() && code.size() < 34) {
    const std::string_view gap = text.gap_after(last);
    if (gap != " " && gap != "-") break;
    const std::string_view next = text.of(last + 1);
    if (next.size() > 4 || text.tokens[last + 1].cyrillic) break;
    code += Capitals(next);
    ++last;
    if (IsIban(code)) best = last;
    if (next.size() != 4) break;
  }
  return best > 0 ? Found(text, token, best, PiiKind::kIban) : PiiMatch{};
}

// The twelve letters of Russian plates, Cyrillic or Latin.
bool IsPlateLetters(std::u32string_view letters, bool any_cyrillic) {
  constexpr std::u32string_view kLetters = U"авекмнорстухabekmhopctyx";
  return std::all_of(letters.begin(), letters.end(), [&](char32_t c) {
    return kLetters.find(c) != std::u32string_view::npos ||
           (any_cyrillic && ((c >= U'а' && c <= U'я') || (c >= 'a' && c <= 'z')));
  });
}

// А123ВС77, А123ВС 77, А 123 ВС 77
PiiMatch MatchPlate(const PiiText& text, size_t token) {
  std::u32string code;
  size_t last = token;
  const bool announced = text.Announced(token, kSaysCar, 6, 90);
  for (size_t i = token; i < text.tokens.size() && i < token + 4; ++i) {
    if (i > token && text.gap_after(i - 1) != " " && text.gap_after(i - 1) != "|" &&
        text.gap_after(i - 1) != "-") {
      break;
    }
    code += FoldedLetters(text.of(i).substr(0, 24));
    last = i;
    if (code.size() >= 8) break;
  }
  if (code.size() < 8 || code.size() > 9) return {};
  const auto digit = [&](size_t i) { return code[i] >= '0' && code[i] <= '9'; };
  for (size_t i = 0; i < code.size(); ++i) {
    const bool wants_letter = i == 0 || i == 4 || i == 5;
    if (digit(i) == wants_letter) return {};
  }
  const std::u32string letters = {code[0], code[4], code[5]};
  if (!IsPlateLetters(letters, announced)) return {};
  // In small letters, or spread over several words, only where it is announced.
  if (!announced && (!text.tokens[token].capital || last - token > 1)) return {};
  if (!announced && code.substr(1, 3) == U"000") return {};
  return Found(text, token, last, PiiKind::kCar);
}

// II-АБ 123456: birth and marriage certificates.
PiiMatch MatchCertificate(const PiiText& text, size_t token) {
  const std::u32string roman = FoldedLetters(text.of(token).substr(0, 16));
  if (roman.empty() || roman.size() > 5 || !text.tokens[token].all_capital) return {};
  if (roman.find_first_not_of(U"ivxхl1") != std::u32string::npos) return {};
  if (token + 2 >= text.tokens.size()) return {};
  const PiiToken& letters = text.tokens[token + 1];
  const std::string_view gap = text.gap_after(token);
  if ((gap != "-" && gap != " ") || !letters.all_capital || letters.letters != 2 ||
      !letters.cyrillic) {
    return {};
  }
  size_t number = token + 2;
  const std::string_view behind = text.gap_after(token + 1);
  if (behind.size() > 6 || behind.find('\n') != std::string_view::npos) return {};
  if (text.tokens[number].type != PiiTokenType::kNumber || text.tokens[number].letters != 6) {
    return {};
  }
  return Found(text, token, number, PiiKind::kCertificate);
}

// АБ 1234567 of soldiers, ААА 1234567890 of car insurance; the series may be one token with the
// number. Between them "№" or a dash.
PiiMatch MatchSeries(const PiiText& text, size_t token) {
  const PiiToken& series = text.tokens[token];
  if (!series.all_capital || series.letters > 3 || series.letters < 2) return {};
  if (token + 1 >= text.tokens.size()) return {};
  size_t number = token + 1;
  if (text.tokens[number].letters == 1 && number + 1 < text.tokens.size() &&
      (text.of(number) == "N" || text.of(number) == "n")) {
    ++number;
  }
  if (text.tokens[number].begin - series.end > 8) return {};
  const std::string_view between =
      text.text.substr(series.end, text.tokens[number].begin - series.end);
  if (between.find('\n') != std::string_view::npos || between.find('@') != std::string_view::npos) {
    return {};
  }
  if (text.tokens[number].type != PiiTokenType::kNumber) return {};
  const std::string_view digits = text.of(number);
  if (series.letters == 2 && digits.size() == 7 && series.cyrillic &&
      text.Announced(token, kSaysMilitary) && !IsStairs(digits)) {
    return Found(text, token, number, PiiKind::kDocument);
  }
  if (series.letters == 3 && digits.size() == 10) {
    const std::u32string letters = FoldedLetters(text.of(token));
    const bool same = letters[0] == letters[1] && letters[1] == letters[2];
    if (same || text.Announced(token, kSaysPolicy)) {
      return Found(text, token, number, PiiKind::kPolicy);
    }
  }
  return {};
}

// Л 035-12345-12/12345678, ЛО41-01234-77/00123456: licences to teach and to heal.
PiiMatch MatchLicence(const PiiText& text, size_t token) {
  const std::u32string letters = FoldedLetters(text.of(token).substr(0, 12));
  if (letters.empty() || letters[0] != U'л' || !text.tokens[token].capital || letters.size() > 5) {
    return {};
  }
  size_t next = token + 1;
  if (letters == U"л" || letters == U"ло") ++next;  // "Л 035": the number is a token of its own
  if (next + 2 >= text.tokens.size()) return {};
  constexpr uint32_t kSizes[] = {5, 2, 8};
  constexpr std::string_view kGaps[] = {"-", "-", "/"};
  for (size_t i = 0; i < 3; ++i) {
    if (text.gap_after(next + i - 1) != kGaps[i] || text.tokens[next + i].letters != kSizes[i] ||
        text.tokens[next + i].type != PiiTokenType::kNumber) {
      return {};
    }
  }
  return Found(text, token, next + 2, PiiKind::kDocument);
}

PiiMatch MatchLongCode(const PiiText& text, size_t token) {
  const std::string_view code = text.of(token);
  if (code.size() == 17) {
    if (IsVin(code) || (text.Announced(token, kSaysVin) && InAlphabet(Capitals(code), "IOQ_"))) {
      return Found(text, token, token, PiiKind::kCar);
    }
  }
  if (code.size() == 20 && IsMod97(code)) return Found(text, token, token, PiiKind::kOgrn);
  return {};
}

}  // namespace

PiiMatch MatchMixed(const PiiText& text, size_t token) {
  const PiiToken& of = text.tokens[token];
  const uint32_t bytes = of.end - of.begin;
  if (!of.cyrillic && of.latin) {
    if (bytes <= 4 && text.char_after(token) == ':') {
      if (const PiiMatch match = MatchIp6(text, token)) return match;
    }
    if (bytes >= 4 && bytes <= 34) {
      if (const PiiMatch match = MatchIban(text, token)) return match;
    }
    if (bytes >= 17 && bytes <= 20) {
      if (const PiiMatch match = MatchLongCode(text, token)) return match;
    }
    if (const PiiMatch match = MatchSecretCode(text, token)) return match;
  }
  if (of.capital || of.type == PiiTokenType::kMixed || of.letters <= 2) {
    if (of.letters <= 9) {
      if (const PiiMatch match = MatchPlate(text, token)) return match;
    }
  }
  if (of.letters <= 5) {
    if (const PiiMatch match = MatchCertificate(text, token)) return match;
    if (const PiiMatch match = MatchSeries(text, token)) return match;
    if (const PiiMatch match = MatchLicence(text, token)) return match;
  }
  return {};
}

// "пароль: …", "login = …", "token: …": the next run of characters without spaces.
PiiMatch MatchPassword(const PiiText& text, size_t token) {
  const uint64_t announces = text.announces(token);
  const std::string_view all = text.text;
  if (token > 0 && all[text.tokens[token].begin - 1] == '.') return {};
  uint32_t at = text.tokens[token].end;
  for (const std::string_view more : {"-код", "-code", "-word"}) {
    if (all.substr(at).starts_with(more)) at += static_cast<uint32_t>(more.size());
  }
  bool sign = false, spaces = false;
  const auto skip = [&] {
    while (at < all.size()) {
      const char c = all[at];
      if (c == ':' || c == '=' || c == '"' || c == '\'' || c == '`') {
        sign |= c == ':' || c == '=';
      } else if (c == ' ' || c == '\t') {
        spaces = true;
      } else if (c == '-' && spaces && at + 1 < all.size() && all[at + 1] == ' ') {
        sign = true;
      } else if (all.substr(at).starts_with("—") || all.substr(at).starts_with("–")) {
        sign = true;
        at += 2;
      } else {
        return;
      }
      ++at;
    }
  };
  skip();
  uint32_t end = at;
  while (end < all.size() && static_cast<unsigned char>(all[end]) > ' ' && all[end] != '"' &&
         all[end] != ',' && all[end] != ';' && all[end] != '`' && all[end] != '<') {
    ++end;
  }
  constexpr std::string_view kTrailing = ".!?)]}'";
  while (end > at && kTrailing.find(all[end - 1]) != std::string_view::npos) --end;
  const std::string_view value = all.substr(at, end - at);
  const size_t size = CountCodePoints(value);
  if (size < 3 || size > 200) return {};
  // Variables, paths, links, and the words of programs.
  constexpr std::string_view kNoValue[] = {"yes",  "true", "false", "null",     "none",
                                           "YES",  "True", "False", "success",  "nil",
                                           "NULL", "None", "login", "password", "username"};
  if (value[0] == '$' || value[0] == '/' || value[0] == '{' || value[0] == '<' ||
      value.find("://") != std::string_view::npos ||
      std::find(std::begin(kNoValue), std::end(kNoValue), value) != std::end(kNoValue)) {
    return {};
  }
  const Makeup makeup = MakeupOf(value);
  const bool secret_looks =
      makeup.digits > 0 && (makeup.small + makeup.big > 0 || value.size() >= 4);
  PiiKind kind = PiiKind::kSecret;
  if (announces & kSaysLogin && !(announces & kSaysPassword)) {
    kind = PiiKind::kLogin;
    // A whole alphabet is an example; a sentence's next word is no login.
    if (!sign || size > 40 || IsStairs(value)) return {};
    if (makeup.other > value.size() / 2) return {};
  } else if (announces & kSaysPassword) {
    if (!sign && !secret_looks) return {};
    if (sign && makeup.other == value.size() && makeup.digits == 0) {
      // Only letters of another script behind a colon: a sentence more often than a password.
      return {};
    }
  } else {
    // "token: …": words say this of many things, so the value must look the part.
    if (!secret_looks || value.size() < 10 || makeup.changes < 3) return {};
  }
  PiiMatch match;
  match.kind = kind;
  match.begin = at;
  match.end = end;
  match.next_token = token + 1;
  return match;
}

// Twelve or more short English words in a row without one that every sentence has.
PiiMatch MatchSeedPhrase(const PiiText& text, size_t token) {
  constexpr size_t kFewest = 12;
  if (token + kFewest > text.tokens.size()) return {};
  // Only at the beginning of such a run, so that a long text is looked at once.
  const auto fits = [&](size_t i) {
    const PiiToken& of = text.tokens[i];
    if (of.type != PiiTokenType::kWord || !of.latin || of.cyrillic || of.capital ||
        of.letters < 3 || of.letters > 8) {
      return false;
    }
    constexpr std::string_view kSentence[] = {
        "the",   "and",    "for",   "are",  "but",  "not",    "you",  "was",  "with",
        "that",  "this",   "have",  "from", "they", "were",   "been", "has",  "his",
        "her",   "she",    "him",   "our",  "out",  "who",    "what", "when", "where",
        "which", "there",  "their", "then", "than", "your",   "just", "will", "would",
        "could", "should", "did",   "does", "had",  "how",    "why",  "its",  "into",
        "them",  "these",  "those", "very", "also", "because"};
    const std::string_view word = text.of(i);
    return std::find(std::begin(kSentence), std::end(kSentence), word) == std::end(kSentence);
  };
  const auto joined = [&](size_t i) {
    const std::string_view gap = text.gap_after(i);
    return gap == " " || gap == "\n" || gap == ", " || gap == "  ";
  };
  if (!fits(token)) return {};
  if (token > 0 && fits(token - 1) && joined(token - 1)) return {};
  size_t end = token + 1;
  while (end < text.tokens.size() && end - token < 25 && joined(end - 1) && fits(end)) ++end;
  if (end - token < kFewest) return {};
  return Found(text, token, end - 1, PiiKind::kSecret);
}

}  // namespace idiolect
