#pragma once
// The numbers by which a GGUF file names the types of its metadata's values (ggml's specification
// of the format, "File Structure").

#include <cstdint>

namespace idiolect::gguf {

enum ValueType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

}  // namespace idiolect::gguf
