// A `.env` file of any bytes: an answer or an error that quotes nothing of it.
#include <cstdint>
#include <cstdlib>

#include "providers/dotenv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto values = idiolect::ParseDotEnv(text);
  if (values) {
    for (const auto& [name, value] : *values) {
      if (name.empty() || value.size() > size) std::abort();
    }
  } else if (values.error().message.size() > 80) {
    std::abort();
  }
  const std::string secret(text.substr(0, size / 2));
  const std::string hidden = idiolect::WithoutSecrets(std::string(text), secret);
  if (secret.size() >= 4 && secret.find("\xE2\x80\xA6") == secret.npos &&
      hidden.find(secret) != hidden.npos) {
    std::abort();
  }
  return 0;
}
