#include "serve/http.h"

namespace idiolect {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view IncomingRequest::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

std::optional<std::string> PercentDecode(std::string_view text, PlusMeans plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == PlusMeans::kSpace) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

bool ParseTarget(std::string_view target, IncomingRequest* request) {
  if (target.empty() || target[0] != '/') return false;
  const size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  auto whole = PercentDecode(path, PlusMeans::kPlus);
  if (!whole) return false;
  request->path = *std::move(whole);
  request->segments.clear();
  for (size_t at = 1; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    auto segment = PercentDecode(path.substr(at, end - at), PlusMeans::kPlus);
    if (!segment) return false;
    request->segments.push_back(*std::move(segment));
    at = end + 1;
  }
  request->query.clear();
  if (mark == std::string_view::npos) return true;
  const std::string_view query = target.substr(mark + 1);
  for (size_t at = 0; at < query.size();) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = PercentDecode(pair.substr(0, equals), PlusMeans::kSpace);
    auto value = PercentDecode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view(),
                               PlusMeans::kSpace);
    if (!name || !value) return false;
    if (!name->empty()) request->query[*name] = *std::move(value);
    at = end + 1;
  }
  return true;
}

const char* ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

}  // namespace idiolect
