#pragma once
// Who may talk to the server. Three checks, in this order, before a request's body is read:
//
// Host: must name this machine or a host the user allowed. A page elsewhere whose name was made to
// point at 127.0.0.1 (DNS rebinding) sends its own name here.
// Origin: a browser sends it with every request a page makes; it must be one of ours.
// Bearer token: when one is set; it must be as soon as the server listens beyond loopback.

#include <string>
#include <string_view>
#include <vector>

#include "serve/api_error.h"
#include "serve/http.h"

namespace idiolect {

struct AccessOptions {
  std::string token;                       // empty: none is asked for
  std::string address;                     // that the server listens on
  std::vector<std::string> allowed_hosts;  // besides localhost and the address
};

enum class TokenRule { kNeeded, kNotNeeded };

// Takes as long for a wrong token as for the right one.
bool SameSecret(std::string_view a, std::string_view b);
bool IsLoopback(std::string_view address);
// "example.org:8080" → "example.org", "[::1]:80" → "::1"; lower case; empty when malformed.
std::string HostOfAuthority(std::string_view authority);

ApiResult<void> CheckAccess(const AccessOptions& options, const IncomingRequest& request,
                            TokenRule rule);

}  // namespace idiolect
