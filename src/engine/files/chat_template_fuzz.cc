// Any bytes as a model's Jinja template and as a kept template's JSON: recognised or refused.

#include <cstdint>
#include <string_view>

#include "engine/files/chat_template.h"

using namespace idiolect;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto recognised = ChatTemplate::FromTemplateText(text)) {
    const auto back = ChatTemplate::FromJson(recognised->ToJson());
    if (!back || back->ToJson() != recognised->ToJson()) __builtin_trap();
  }
  (void)ChatTemplate::FromJson(text);
  return 0;
}
