// Any bytes as a safetensors file.

#include <cstdint>
#include <string_view>

#include "engine/files/safetensors.h"

using namespace idiolect;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = SafetensorsFile::Parse(bytes, "fuzz");
  if (!file) return 0;
  unsigned sum = 0;
  for (const SafeTensor& tensor : file->tensors()) {
    for (const char c : tensor.bytes) sum += static_cast<unsigned char>(c);
    (void)FloatsOf(tensor);
    if (file->Find(tensor.name) == nullptr) __builtin_trap();
  }
  volatile unsigned seen = sum;
  (void)seen;
  return 0;
}
