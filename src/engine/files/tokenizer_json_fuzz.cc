// Any bytes as a tokenizer.json: a tokenizer that works, or an error.

#include <cstdint>
#include <string>

#include "engine/files/tokenizer_json.h"

using namespace idiolect;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = ParseTokenizerJson({text, text, text}, "fuzz");
  if (!tokenizer) return 0;
  const auto ids = tokenizer->Encode(text.substr(0, 512), Specials::kParse);
  for (const int32_t id : ids) {
    if (id < 0 || id >= tokenizer->size()) __builtin_trap();
  }
  tokenizer->Decode(ids);
  return 0;
}
