// A stream of any bytes in two sets of pieces gives the same events.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "providers/sse.h"

namespace {

std::vector<std::string> Read(std::string_view text, size_t piece) {
  std::vector<std::string> events;
  idiolect::SseReader reader(4096);
  const auto sink = [&](std::string_view data) {
    events.emplace_back(data);
    return true;
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    if (!reader.Feed(text.substr(at, piece), sink)) return events;
  }
  reader.End(sink);
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (Read(text, 1 + data[0] % 7) != Read(text, text.size() + 1)) std::abort();
  return 0;
}
