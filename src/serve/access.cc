#include "serve/access.h"

#include <algorithm>

#include "base/hash.h"

namespace idiolect {
namespace {

bool Allowed(const AccessOptions& options, const std::string& host) {
  if (host.empty()) return false;
  if (host == "localhost" || host == "127.0.0.1" || host == "::1") return true;
  if (host == options.address) return true;
  return std::find(options.allowed_hosts.begin(), options.allowed_hosts.end(), host) !=
         options.allowed_hosts.end();
}

}  // namespace

bool SameSecret(std::string_view a, std::string_view b) {
  // Digests have one length and one loop, whatever was sent.
  const std::string x = Sha256Hex(a), y = Sha256Hex(b);
  unsigned difference = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    difference |= static_cast<unsigned char>(x[i]) ^ static_cast<unsigned char>(y[i]);
  }
  return difference == 0;
}

bool IsLoopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

std::string HostOfAuthority(std::string_view authority) {
  std::string_view host = authority, rest;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else if (const size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (!rest.empty() &&
      (rest[0] != ':' || rest.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return {};
  }
  std::string lower(host);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

ApiResult<void> CheckAccess(const AccessOptions& options, const IncomingRequest& request,
                            TokenRule rule) {
  size_t hosts = 0;
  for (const auto& [name, value] : request.headers) hosts += name == "host";
  if (hosts != 1 || !Allowed(options, HostOfAuthority(request.Header("host")))) {
    return Refuse(403,
                  "This server does not answer to the name in the request's Host header. Use the "
                  "address it listens on, or start it with --allow-host NAME.",
                  "", "host_not_allowed");
  }
  if (const std::string_view origin = request.Header("origin"); !origin.empty()) {
    const size_t scheme = origin.find("://");
    if (scheme == std::string_view::npos ||
        !Allowed(options, HostOfAuthority(origin.substr(scheme + 3)))) {
      return Refuse(403, "Pages of another origin may not use this server.", "",
                    "origin_not_allowed");
    }
  }
  if (options.token.empty() || rule == TokenRule::kNotNeeded) return {};
  std::string_view given = request.Header("authorization");
  constexpr std::string_view kScheme = "bearer ";
  const bool bearer = given.size() > kScheme.size() &&
                      std::equal(kScheme.begin(), kScheme.end(), given.begin(), [](char a, char b) {
                        return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
                      });
  if (!bearer) {
    return Refuse(401,
                  "You didn't provide an API key. You need to provide your API key in an "
                  "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
                  "", "missing_api_key");
  }
  given.remove_prefix(kScheme.size());
  if (!SameSecret(given, options.token)) {
    return Refuse(401, "Incorrect API key provided.", "", "invalid_api_key");
  }
  return {};
}

}  // namespace idiolect
