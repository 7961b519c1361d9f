#pragma once
// RSA signatures with SHA-256 (RS256, RFC 7518): what Google's service accounts prove themselves
// with.

#include <string>
#include <string_view>

#include "base/result.h"

namespace idiolect {

// The raw signature of `bytes` under the private key in PEM. kBadInput when that is no RSA key; the
// key is in no message.
Result<std::string> SignRs256(std::string_view private_key_pem, std::string_view bytes);

}  // namespace idiolect
