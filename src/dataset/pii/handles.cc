// What an "@" or a link gives away: mail addresses, user names, links that open a door.

#include <algorithm>

#include "dataset/pii/keywords.h"
#include "dataset/pii/scanner.h"

namespace idiolect {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLatin(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
bool IsHigh(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}
bool InLocalPart(char c) {
  return IsDigit(c) || IsLatin(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%' ||
         IsHigh(c);
}

// "@media", "@param", "@everyone": words of programs and of messengers.
bool IsProgramWord(std::string_view name) {
  constexpr std::string_view kWords[] = {
      "media",       "import",    "charset",   "keyframes",
      "namespace",   "supports",  "support",   "layer",
      "property",    "container", "scope",     "page",
      "viewport",    "document",  "font",      "counter",
      "color",       "apply",     "include",   "mixin",
      "extend",      "tailwind",  "param",     "return",
      "returns",     "throws",    "override",  "deprecated",
      "author",      "since",     "version",   "see",
      "link",        "code",      "test",      "autowired",
      "nullable",    "notnull",   "null",      "none",
      "login",       "logout",    "everyone",  "channel",
      "here",        "admin",     "admins",    "staticmethod",
      "classmethod", "property",  "dataclass", "abstractmethod",
      "pytest",      "click",     "types",     "angular",
      "babel",       "www",       "mail",      "gmail",
      "username",    "starting",  "component", "injectable",
      "entity",      "column",    "service",   "controller",
      "repository",  "config",    "value",     "suppresswarnings",
      "todo",        "internal",  "private",   "public",
      "protected",   "static",    "example",   "license",
      "package",     "category"};
  std::string small(name.substr(0, 24));
  for (char& c : small) c = IsLatin(c) ? static_cast<char>(c | 0x20) : c;
  return std::find(std::begin(kWords), std::end(kWords), small) != std::end(kWords) &&
         small != "username";
}

PiiMatch Span(size_t token, uint32_t begin, uint32_t end, PiiKind kind) {
  PiiMatch match;
  match.kind = kind;
  match.begin = begin;
  match.end = end;
  match.next_token = token + 1;
  return match;
}

PiiMatch MatchMail(std::string_view text, size_t token, uint32_t at, uint32_t free_from) {
  constexpr uint32_t kLongestLocal = 64;
  uint32_t begin = at;
  while (begin > free_from && at - begin < kLongestLocal && InLocalPart(text[begin - 1])) --begin;
  while (begin < at && (text[begin] == '.' || text[begin] == '-' || text[begin] == '%')) ++begin;
  // Begin at a whole character.
  while (begin < at && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
  // A mail address has Latin letters or digits before the "@", or is Cyrillic altogether.
  if (begin == at) return {};
  uint32_t end = at + 1, dot = 0, label = at + 1;
  bool good = true;
  while (end < text.size() && end - at < 255) {
    const char c = text[end];
    if (c == '.') {
      if (end == label || end + 1 >= text.size() ||
          !(IsLatin(text[end + 1]) || IsDigit(text[end + 1]) || IsHigh(text[end + 1]))) {
        break;
      }
      dot = end;
      label = end + 1;
    } else if (!IsDigit(c) && !IsLatin(c) && c != '-' && !IsHigh(c)) {
      break;
    }
    ++end;
  }
  while (end > label && text[end - 1] == '-') --end;
  if (dot == 0) return {};
  // The last label is letters: Latin, or Cyrillic as in ".рф".
  size_t latin = 0, high = 0;
  for (uint32_t i = dot + 1; i < end; ++i) {
    latin += IsLatin(text[i]);
    high += IsHigh(text[i]);
    good &= IsLatin(text[i]) || IsHigh(text[i]) || text[i] == '-';
  }
  if (!good) return {};
  if (latin > 0 && high > 0) {
    // "mail@host.ru" with a Russian word glued behind it.
    uint32_t i = dot + 1;
    while (i < end && IsLatin(text[i])) ++i;
    end = i;
    high = 0;
  }
  if (latin + high / 2 < 2) return {};
  return Span(token, begin, end, PiiKind::kEmail);
}

bool HasAny(std::string_view small, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [small](std::string_view part) {
    return small.find(part) != std::string_view::npos;
  });
}

}  // namespace

PiiMatch MatchAt(const PiiText& text, size_t token, uint32_t free_from) {
  const std::string_view all = text.text;
  const uint32_t at = text.tokens[token].begin;
  if (at + 1 >= all.size()) return {};
  if (at > 0 && InLocalPart(all[at - 1]) && all[at + 1] != '@') {
    if (const PiiMatch mail = MatchMail(all, token, at, free_from)) return mail;
  }
  // @username: not inside a word.
  const char before = at == 0 ? ' ' : all[at - 1];
  if (IsDigit(before) || IsLatin(before) || before == '_' || before == '@' || before == '.' ||
      before == '/' || before == '\\') {
    return {};
  }
  uint32_t end = at + 1;
  bool letters = false;
  while (end < all.size() && (IsDigit(all[end]) || IsLatin(all[end]) || all[end] == '_')) {
    letters |= IsLatin(all[end]);
    ++end;
  }
  const uint32_t size = end - at - 1;
  if (size < 4 || size > 32 || !letters) return {};
  if (end < all.size() && (all[end] == '@' || all[end] == '(' || all[end] == '/')) return {};
  if (end + 1 < all.size() && (all[end] == '-' || all[end] == '.') && IsLatin(all[end + 1]))
    return {};
  if (IsProgramWord(all.substr(at + 1, size))) return {};
  return Span(token, at, end, PiiKind::kUsername);
}

PiiMatch MatchLink(const PiiText& text, size_t token) {
  const std::string_view link = text.of(token);
  const uint32_t begin = text.tokens[token].begin, end = text.tokens[token].end;
  std::string small(link.substr(0, 2000));
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  std::string_view rest = small;
  for (const std::string_view scheme : {"https://", "http://", "tg://", "www."}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view host = rest.substr(0, slash), path = rest.substr(slash);

  const auto whole = [&](PiiKind kind) { return Span(token, begin, end, kind); };
  if (host.find('@') != std::string_view::npos) return whole(PiiKind::kLink);
  // A person or a door: profiles, invitations, calls.
  if (host == "t.me" || host == "telegram.me") {
    if (path.starts_with("/+") || path.starts_with("/joinchat/")) return whole(PiiKind::kLink);
    if (path.size() > 4 && !path.starts_with("/c/") && !path.starts_with("/s/") &&
        !path.starts_with("/share")) {
      return whole(PiiKind::kUsername);
    }
  }
  if (host == "wa.me" || host == "api.whatsapp.com") return whole(PiiKind::kPhone);
  if (HasAny(host, {"vk.com", "instagram.com", "facebook.com", "ok.ru"}) && path.size() > 2 &&
      path.find('/', 1) == std::string_view::npos && !path.starts_with("/wall") &&
      !path.starts_with("/p/") && !path.starts_with("/video")) {
    return whole(PiiKind::kUsername);
  }
  if (HasAny(host, {"zoom.us", "meet.google", "teams.microsoft", "discord.gg"}) &&
      path.size() > 5) {
    return whole(PiiKind::kLink);
  }
  if (HasAny(path,
             {"token=", "key=",       "auth=",   "password=", "passwd=",     "pwd=",   "secret=",
              "sig=",   "signature=", "session", "sid=",      "code=",       "access", "invite",
              "email=", "phone=",     "login=",  "user=",     "usp=sharing", "/d/1"})) {
    return whole(PiiKind::kLink);
  }
  // Numbers and dots alone: an address of a machine.
  if (!host.empty() && IsDigit(host[0]) &&
      host.find_first_not_of("0123456789.:") == std::string_view::npos &&
      std::count(host.begin(), host.end(), '.') == 3) {
    return whole(PiiKind::kIp);
  }
  return {};
}

}  // namespace idiolect
