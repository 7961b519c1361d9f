// Any bytes as an export: no crash, no leak, no endless work; every message accounted for; the same
// outcome for every size of the window; and a cut file gives a beginning of what the whole one
// gives.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "importer/fuzz_digest.h"
#include "importer/telegram_json.h"

namespace idiolect {
namespace {

FuzzDigest Read(std::string_view text, size_t window) {
  MemorySource source(text);
  FuzzDigest digest;
  const auto summary =
      ReadTelegramJson(source, {.max_text = 4096, .window = window, .fallback_name = "f"}, digest);
  Check(summary.has_value());
  digest.CheckAccounts(*summary);
  return digest;
}

}  // namespace
}  // namespace idiolect

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  {
    MemorySource source(text);
    (void)SniffTelegramJson(source);
  }
  const FuzzDigest whole = Read(text, 1 << 16);
  const FuzzDigest small = Read(text, 64);
  Check(whole.messages == small.messages && whole.chats == small.chats);
  const FuzzDigest half = Read(text.substr(0, size / 2), 100);
  // Where the header comes behind the messages, the cut one is read as another chat.
  Check(half.messages.size() <= whole.messages.size());
  return 0;
}
