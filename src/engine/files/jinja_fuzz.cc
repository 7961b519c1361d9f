// Any bytes as a chat template: parsed, rendered over a conversation, and tried as a family's form.

#include <cstdint>
#include <string_view>

#include "engine/files/chat_probe.h"
#include "engine/files/jinja.h"

using namespace idiolect;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto style = ProbeChatTemplate(text, {});
  if (!style) return 0;
  // What is kept of it is read again.
  const ChatTemplate learned(*style);
  const auto back = ChatTemplate::FromJson(learned.ToJson());
  if (!back || back->ToJson() != learned.ToJson()) __builtin_trap();
  return 0;
}
