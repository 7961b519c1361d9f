// Whatever the bytes are, reading them ends with samples or pairs that keep the reader's promises
// or with an error that names a line.

#include <cstdint>
#include <cstdlib>

#include "dataset/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto pairs = idiolect::ParsePreferences(bytes, "input");
  if (!pairs) {
    if (!pairs.error().message.starts_with("reading preferences: input:")) std::abort();
  } else {
    for (const idiolect::PreferencePair& pair : *pairs) {
      if (pair.prompt.empty() || pair.prompt.back().role != "user" ||
          pair.chosen.role != "assistant" || pair.rejected.role != "assistant") {
        std::abort();
      }
    }
  }
  const auto samples = idiolect::ParseSamples(bytes, "input");
  if (!samples) {
    if (!samples.error().message.starts_with("reading samples: input:")) std::abort();
    return 0;
  }
  for (const idiolect::TrainingSample& sample : *samples) {
    if (sample.empty() || sample.back().role != "assistant") std::abort();
    bool learned = false;
    for (const idiolect::ChatMessage& message : sample) {
      learned |= message.role == "assistant" && message.learned;
    }
    if (!learned) std::abort();
  }
  return 0;
}
