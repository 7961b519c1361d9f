#include "serve/ids.h"

#include <sys/random.h>

#include <cstdint>

namespace idiolect {

std::string RandomId(size_t length) {
  static constexpr char kLetters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  while (id.size() < length) {
    uint8_t bytes[32];
    if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) continue;
    for (const uint8_t byte : bytes) {
      // Bytes above the last whole multiple of 62 would make the first letters likelier.
      if (byte < 248 && id.size() < length) id += kLetters[byte % 62];
    }
  }
  return id;
}

}  // namespace idiolect
