// Whatever the bytes are, reading them ends with samples that keep the reader's promises or with an
// error that names a line.

#include <cstdint>
#include <cstdlib>

#include "dataset/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto samples =
      idiolect::ParseSamples(std::string_view(reinterpret_cast<const char*>(data), size), "input");
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
