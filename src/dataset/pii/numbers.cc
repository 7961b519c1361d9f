// Numbers: each rule looks at the row of digit groups that begins here, most particular shape
// first.

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "dataset/pii/checksums.h"
#include "dataset/pii/keywords.h"
#include "dataset/pii/number_groups.h"

namespace idiolect {
namespace {

int Number(std::string_view digits) {
  int number = 0;
  for (const char c : digits.substr(0, 9)) number = number * 10 + (c - '0');
  return number;
}

PiiMatch Found(const DigitRow& row, size_t groups, PiiKind kind) {
  PiiMatch match;
  match.kind = kind;
  match.begin = row.groups[0].begin;
  const DigitGroup& last = row.groups[groups - 1];
  match.end = std::max(last.end, last.extension_end);
  match.next_token = last.token + 1;
  return match;
}

// What follows the last group is no further part of it: "192.168.1.1.1", "1234/…-5".
bool EndsHere(const PiiText& text, const DigitRow& row, size_t groups, std::string_view no) {
  const uint32_t end = row.groups[groups - 1].end;
  return end + 1 >= text.text.size() || no.find(text.text[end]) == std::string_view::npos ||
         static_cast<unsigned char>(text.text[end + 1]) <= ' ';
}

bool IsDay(int day, int month, int year) {
  if (year < 100) year += year < 30 ? 2000 : 1900;
  return day >= 1 && day <= 31 && month >= 1 && month <= 12 && year >= 1850 && year <= 2100;
}

PiiMatch MatchIp4(const PiiText& text, const DigitRow& row) {
  if (row.count < 4) return {};
  for (size_t i = 0; i < 4; ++i) {
    if (row.size(i) > 3 || Number(row.digits(i)) > 255) return {};
    if (i < 3 && (row.separator(i) != '.' || row.groups[i + 1].begin != row.groups[i].end + 1)) {
      return {};
    }
  }
  const char before = text.char_before(row.groups[0].token);
  if (before == '.' || before == '-' || !EndsHere(text, row, 4, ".-:")) {
    // A port may follow.
    if (before == '.' || before == '-' || text.char_after(row.groups[3].token) != ':') return {};
  }
  return Found(row, 4, PiiKind::kIp);
}

PiiMatch MatchGeo(const PiiText& text, const DigitRow& row) {
  if (row.count < 4 || row.separator(0) != '.' || row.separator(2) != '.' ||
      (row.separator(1) != ',' && row.separator(1) != ' ')) {
    return {};
  }
  const size_t decimals = std::min(row.size(1), row.size(3));
  const int latitude = Number(row.digits(0)), longitude = Number(row.digits(2));
  if (row.size(0) > 2 || row.size(2) > 3 || latitude > 90 || longitude > 180) return {};
  const bool russia = latitude >= 41 && latitude <= 82 && longitude >= 19;
  if (decimals < (russia ? 3u : 4u) || decimals > 12) return {};
  if (!EndsHere(text, row, 4, ".")) return {};
  return Found(row, 4, PiiKind::kGeo);
}

PiiMatch MatchDate(const PiiText& text, const DigitRow& row) {
  const size_t token = row.groups[0].token;
  if (!text.Announced(token, kSaysBirth, 5, 40)) return {};
  const char separator = row.separator(0);
  if (row.count >= 3 && separator == row.separator(1) &&
      (separator == '.' || separator == '-' || separator == '/' || separator == ' ')) {
    const int a = Number(row.digits(0)), b = Number(row.digits(1)), c = Number(row.digits(2));
    const bool day_first = row.size(0) <= 2 && row.size(1) <= 2 &&
                           (row.size(2) == 4 || row.size(2) == 2) &&
                           (IsDay(a, b, c) || (separator == '/' && IsDay(b, a, c)));
    const bool year_first =
        row.size(0) == 4 && row.size(1) <= 2 && row.size(2) <= 2 && IsDay(c, b, a);
    if (day_first || year_first) return Found(row, 3, PiiKind::kBirthDate);
  }
  // 5 марта 1990 (г.)
  if (row.size(0) <= 2 && token + 1 < text.tokens.size() &&
      text.announces(token + 1) & kSaysMonth) {
    PiiMatch match = Found(row, 1, PiiKind::kBirthDate);
    match.end = text.tokens[token + 1].end;
    match.next_token = token + 2;
    if (token + 2 < text.tokens.size() && text.tokens[token + 2].letters == 4 &&
        text.tokens[token + 2].type == PiiTokenType::kNumber) {
      match.end = text.tokens[token + 2].end;
      match.next_token = token + 3;
    }
    return match;
  }
  return {};
}

PiiMatch MatchCard(const PiiText& text, const DigitRow& row) {
  size_t groups = 0;
  if (row.size(0) >= 13 && row.size(0) <= 19) {
    groups = 1;
  } else if (row.Shaped({4, 4, 4, 4}, " -")) {
    groups = row.size(4) == 3 && row.separator(3) == row.separator(0) ? 5 : 4;
    if (groups == 5 && !IsLuhn(row.Joined(5))) groups = 4;
  } else if (row.Shaped({4, 6, 5}, " -")) {
    groups = 3;
  }
  if (groups == 0) return {};
  const std::string digits = row.Joined(groups);
  const size_t token = row.groups[0].token;
  if (!IsLuhn(digits)) {
    // Mistyped, but called a card.
    const bool card = digits.size() == 16 && digits[0] >= '2' && digits[0] <= '6' &&
                      text.Announced(token, kSaysCard);
    return card ? Found(row, groups, PiiKind::kCard) : PiiMatch{};
  }
  if (digits.size() == 16 && text.Announced(token, kSaysPolicy)) {
    return Found(row, groups, PiiKind::kPolicy);
  }
  if (digits[0] < '2' || digits[0] > '6') return {};
  if (digits.size() == 13 && (digits[0] != '4' || IsOgrn(digits))) return {};
  if (digits.size() == 15 && digits[0] != '3' && digits[0] != '2') return {};
  if (digits.size() == 15 && IsOgrn(digits)) return {};
  return Found(row, groups, PiiKind::kCard);
}

PiiMatch MatchAccount(const PiiText& text, const DigitRow& row) {
  size_t groups = 0;
  uint32_t digits = 0;
  for (size_t i = 0; i < row.count && groups == 0; ++i) {
    digits += row.size(i);
    if (digits == 20) groups = i + 1;
    const char separator = row.separator(i);
    if (separator != ' ' && separator != '-' && separator != '.') break;
  }
  if (groups == 0) return {};
  const std::string joined = row.Joined(groups);
  const int balance = Number(std::string_view(joined).substr(0, 3));
  const bool known = (balance >= 301 && balance <= 303) || (balance >= 401 && balance <= 426) ||
                     (balance >= 430 && balance <= 440) || (balance >= 452 && balance <= 459) ||
                     balance == 474 || balance == 475 || balance == 476;
  // In groups the first is the balance account.
  if (!known || (groups > 1 && row.size(0) != 5)) {
    if (!text.Announced(row.groups[0].token, kSaysAccount)) return {};
  }
  return Found(row, groups, PiiKind::kAccount);
}

bool IsRegion(int region) {
  return region >= 1 && region <= 99 && region != 2 && region != 6 && region != 9;
}

bool IsSeriesYear(int year) {
  return year >= 97 || year <= 27;
}

// 45 09 123456, 4509 123456, 4509123456
PiiMatch MatchPassport(const PiiText& text, const DigitRow& row) {
  size_t groups = 0;
  bool spelled = true;
  if (row.size(0) == 2 && row.size(1) == 2 && row.size(2) == 6) groups = 3;
  if (row.size(0) == 4 && row.size(1) == 6) groups = 2;
  if (row.size(0) == 10) {
    groups = 1;
    spelled = false;
  }
  // 4509 № 123456, серия 4509 номер 123456
  const size_t token = row.groups[0].token;
  if (groups == 0 && (row.size(0) == 4 || (row.size(0) == 2 && row.size(1) == 2)) &&
      text.Announced(token, kSaysPassport)) {
    const size_t last = row.groups[row.size(0) == 4 ? 0 : 1].token;
    for (size_t next = last + 1; next <= last + 2 && next < text.tokens.size(); ++next) {
      if (text.tokens[next].type == PiiTokenType::kNumber && text.tokens[next].letters == 6 &&
          text.tokens[next].begin - text.tokens[last].end < 24) {
        PiiMatch match = Found(row, 1, PiiKind::kPassport);
        match.end = text.tokens[next].end;
        match.next_token = next + 1;
        return match;
      }
    }
  }
  if (groups == 0) return {};
  for (size_t i = 0; i + 1 < groups; ++i) {
    if (row.separator(i) != ' ' && row.separator(i) != '-') return {};
  }
  const std::string digits = row.Joined(groups);
  const int region = Number(std::string_view(digits).substr(0, 2));
  const int year = Number(std::string_view(digits).substr(2, 2));
  if (text.Announced(token, kSaysDriver) && !text.Announced(token, kSaysPassport)) {
    return Found(row, groups, PiiKind::kDocument);
  }
  if (text.Announced(token, kSaysPassport)) return Found(row, groups, PiiKind::kPassport);
  if (!spelled || !IsRegion(region) || !IsSeriesYear(year) || region == 99 ||
      !EndsHere(text, row, groups, "-./")) {
    return {};
  }
  return Found(row, groups, PiiKind::kPassport);
}

// Behind the first digit (what is registered) stand the year and the region: a millisecond of our
// days has the right length too, and one in eleven the right control digit.
bool HasOgrnYear(std::string_view digits) {
  constexpr std::string_view kFirst = "12345";
  const int year = Number(digits.substr(1, 2)), region = Number(digits.substr(3, 2));
  return kFirst.find(digits[0]) != std::string_view::npos && year <= 30 && region >= 1;
}

// Numbers with control digits, as one run or in groups.
PiiMatch MatchRegister(const PiiText& text, const DigitRow& row) {
  const size_t token = row.groups[0].token;
  const std::string_view first = row.digits(0);
  if (row.Shaped({3, 3, 3, 2}, " -") ||
      (row.size(0) == 3 && row.size(1) == 3 && row.size(2) == 3 && row.size(3) == 2 &&
       row.separator(0) == '-' && row.separator(1) == '-' && row.separator(2) == ' ')) {
    if (IsSnils(row.Joined(4)) || text.Announced(token, kSaysSnils)) {
      return Found(row, 4, PiiKind::kSnils);
    }
  }
  switch (first.size()) {
    case 8:
      if (text.Announced(token, kSaysOkpo) && IsOkpo(first)) return Found(row, 1, PiiKind::kOgrn);
      break;
    case 9:
      if (text.Announced(token, kSaysBik) && first.starts_with("04")) {
        return Found(row, 1, PiiKind::kBik);
      }
      if (text.Announced(token, kSaysKpp)) return Found(row, 1, PiiKind::kKpp);
      if (text.Announced(token, kSaysSsn) && IsSsn(first)) return Found(row, 1, PiiKind::kSsn);
      if (text.Announced(token, kSaysDriver)) return Found(row, 1, PiiKind::kDocument);
      break;
    case 10:
      if (IsInn(first) && text.Announced(token, kSaysInn)) return Found(row, 1, PiiKind::kInn);
      if (text.Announced(token, kSaysOkpo) && IsOkpo(first)) return Found(row, 1, PiiKind::kOgrn);
      break;
    case 11:
      if (IsSnils(first) && text.Announced(token, kSaysSnils))
        return Found(row, 1, PiiKind::kSnils);
      break;
    case 12:
      if (IsInn(first)) return Found(row, 1, PiiKind::kInn);
      break;
    case 13:
    case 15:
      if (text.Announced(token, kSaysOgrn) || (IsOgrn(first) && HasOgrnYear(first))) {
        return Found(row, 1, PiiKind::kOgrn);
      }
      break;
    default:
      break;
  }
  for (const size_t groups : {size_t{3}, size_t{4}}) {  // ИНН in groups
    if (row.count < groups) break;
    if ((row.Shaped({2, 2, 8}, " -") || row.Shaped({2, 2, 6, 2}, " -") ||
         row.Shaped({4, 6, 2}, " -")) &&
        IsInn(row.Joined(groups))) {
      return Found(row, groups, PiiKind::kInn);
    }
  }
  return {};
}

PiiMatch MatchPaper(const PiiText& text, const DigitRow& row) {
  const size_t token = row.groups[0].token;
  // Cadastral 77:01:0001234:100; registration 12-34-56/123/2020-1
  if (row.size(0) == 2 && row.size(1) == 2 && (row.size(2) == 6 || row.size(2) == 7) &&
      row.size(3) >= 1 && row.size(3) <= 6 && row.separator(0) == ':' && row.separator(1) == ':' &&
      row.separator(2) == ':') {
    return Found(row, 4, PiiKind::kProperty);
  }
  const char between = row.separator(0);
  if (row.size(0) == 2 && row.size(1) == 2 && row.size(2) == 2 &&
      (between == '-' || between == ':') && row.separator(1) == between &&
      row.separator(2) == '/' && row.separator(3) == '/' && row.separator(4) == between &&
      row.size(4) == 4) {
    return Found(row, 6, PiiKind::kProperty);
  }
  // Of bailiffs: 1234/12/12345-ИП
  if (row.count >= 3 && row.separator(0) == '/' && row.separator(1) == '/' && row.size(1) == 2 &&
      row.size(0) >= 4 && row.size(0) <= 5) {
    const size_t kind = row.groups[2].token + 1;
    if (kind < text.tokens.size() && text.gap_after(kind - 1) == "-" &&
        text.tokens[kind].cyrillic && text.tokens[kind].letters <= 3) {
      PiiMatch match = Found(row, 3, PiiKind::kDocument);
      match.end = text.tokens[kind].end;
      match.next_token = kind + 1;
      return match;
    }
  }
  if (row.Shaped({6, 7}, " -") || row.Shaped({6, 6}, " -")) {
    if (text.Announced(token, kSaysEducation)) return Found(row, 2, PiiKind::kDocument);
  }
  if (row.Shaped({4, 4, 4, 4}, " -") && text.Announced(token, kSaysPolicy)) {
    return Found(row, 4, PiiKind::kPolicy);
  }
  if ((row.size(0) == 16 || row.size(0) == 10) && text.Announced(token, kSaysPolicy)) {
    return Found(row, 1, PiiKind::kPolicy);
  }
  const int series = Number(row.digits(0));
  if (row.size(0) == 2 && ((series >= 80 && series <= 83) || series == 90) &&
      text.Announced(token, kSaysResidence)) {
    // 82 1234567, 82 N 1234567, 82 № 1234567
    for (size_t next = token + 1; next <= token + 2 && next < text.tokens.size(); ++next) {
      if (text.tokens[next].type == PiiTokenType::kNumber && text.tokens[next].letters == 7 &&
          text.tokens[next].begin - text.tokens[token].end <= 6) {
        PiiMatch match = Found(row, 1, PiiKind::kDocument);
        match.end = text.tokens[next].end;
        match.next_token = next + 1;
        return match;
      }
    }
  }
  // 12 АБ 1234567 (attestation), 99 АА 123456 (driving licence)
  if (token + 2 < text.tokens.size() && row.size(0) == 2 && text.tokens[token + 1].letters == 2 &&
      text.tokens[token + 1].all_capital && text.tokens[token + 2].type == PiiTokenType::kNumber) {
    const uint32_t size = text.tokens[token + 2].letters;
    if ((size == 6 || size == 7) && text.Announced(token, kSaysEducation | kSaysDriver)) {
      PiiMatch match = Found(row, 1, PiiKind::kDocument);
      match.end = text.tokens[token + 2].end;
      match.next_token = token + 3;
      return match;
    }
  }
  return {};
}

// The code of a card right behind its word: "CVV: 123".
PiiMatch MatchCvv(const PiiText& text, const DigitRow& row) {
  const size_t token = row.groups[0].token;
  if (row.size(0) < 3 || row.size(0) > 4 || !text.Announced(token, kSaysCvv, 2, 24)) return {};
  const char before = text.char_before(token), after = text.char_after(token);
  if (before == '-' || after == '#') return {};
  return Found(row, 1, PiiKind::kCvv);
}

// 123456789:AAE…: the token of a Telegram bot.
PiiMatch MatchBotToken(const PiiText& text, size_t token) {
  const PiiToken& id = text.tokens[token];
  if (id.letters < 8 || id.letters > 10 || text.gap_after(token) != ":") return {};
  uint32_t end = id.end + 1;
  while (end < text.text.size()) {
    const char c = text.text[end];
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') break;
    ++end;
  }
  if (end - id.end < 31) return {};
  PiiMatch match;
  match.kind = PiiKind::kSecret;
  match.begin = id.begin;
  match.end = end;
  match.next_token = token + 1;
  return match;
}

}  // namespace

// "2001:db8::1" begins with a number or with hexadecimal letters; both come here.
PiiMatch MatchIp6(const PiiText& text, size_t token) {
  const std::string_view all = text.text;
  const uint32_t begin = text.tokens[token].begin;
  if (begin > 0 && (all[begin - 1] == ':' || all[begin - 1] == '.')) return {};
  size_t at = begin;
  int groups = 0;
  bool gap = false, decimal = false;
  for (;;) {
    size_t digits = 0;
    while (at < all.size() && digits < 5 && std::isxdigit(static_cast<unsigned char>(all[at]))) {
      decimal |= all[at] <= '9';
      ++at;
      ++digits;
    }
    if (digits > 4) return {};
    if (digits > 0) ++groups;
    if (at >= all.size() || all[at] != ':') break;
    if (at + 1 < all.size() && all[at + 1] == ':') {
      if (gap) return {};
      gap = true;
      at += 2;
      continue;
    }
    if (at + 1 >= all.size() || !std::isxdigit(static_cast<unsigned char>(all[at + 1]))) break;
    ++at;
  }
  if (gap ? groups < 2 || groups > 7 : groups != 8) return {};
  if (!decimal) return {};  // "std::bad"
  if (at < all.size()) {
    const auto c = static_cast<unsigned char>(all[at]);
    if (c == ':' || c == '_' || c >= 0x80 || std::isalnum(c)) return {};
  }
  PiiMatch match;
  match.kind = PiiKind::kIp;
  match.begin = begin;
  match.end = static_cast<uint32_t>(at);
  match.next_token = token + 1;
  return match;
}

PiiMatch MatchNumber(const PiiText& text, size_t token) {
  if (text.tokens[token].letters <= 4 && text.char_after(token) == ':') {
    if (const PiiMatch match = MatchIp6(text, token)) return match;
  }
  if (const PiiMatch match = MatchBotToken(text, token)) return match;
  const DigitRow row = ReadDigitRow(text, token);
  const auto total = [&row] {
    uint32_t digits = 0;
    for (size_t i = 0; i < row.count; ++i) digits += row.size(i);
    return digits;
  };
  using Rule = PiiMatch (*)(const PiiText&, const DigitRow&);
  if (total() < 5) {
    if (const PiiMatch match = MatchCvv(text, row)) return match;
    if (const PiiMatch match = MatchIp4(text, row)) return match;
    if (const PiiMatch match = MatchDate(text, row)) return match;
    if (const PiiMatch match = MatchPaper(text, row)) return match;
    return MatchPassport(text, row);
  }
  constexpr Rule kRules[] = {MatchIp4,  MatchGeo, MatchDate,     MatchAccount,
                             MatchCard, MatchCvv, MatchRegister, MatchPaper};
  for (const Rule rule : kRules) {
    if (const PiiMatch match = rule(text, row)) return match;
  }
  if (row.Shaped({3, 2, 4}, " -") && (row.separator(0) == '-' || text.Announced(token, kSaysSsn)) &&
      IsSsn(row.Joined(3)) && EndsHere(text, row, 3, "-")) {
    return Found(row, 3, PiiKind::kSsn);
  }
  if (const PiiMatch match = MatchPassport(text, row)) return match;
  uint32_t begin = 0;
  if (const size_t groups = PhoneGroups(text, row, &begin)) {
    PiiMatch match = Found(row, groups, PiiKind::kPhone);
    match.begin = begin;
    // The last ten digits are the number, whatever stands before them.
    const std::string digits = row.Joined(groups);
    match.value =
        PiiHash(std::string_view(digits).substr(digits.size() > 10 ? digits.size() - 10 : 0));
    return match;
  }
  return {};
}

}  // namespace idiolect
