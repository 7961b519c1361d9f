#pragma once
// Turns the packed blocks of GGUF tensors into floats, by the closed forms of ggml's block formats.
// Portable code; the engine's own kernels that multiply packed weights directly are not here.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/ggml_type.h"
#include "engine/files/gguf.h"

namespace idiolect {

// Writes `count` floats to `out`. `count` must be whole blocks and `bytes` exactly their size, else
// kBadInput. Thread-safe: disjoint parts of a tensor may be converted at once.
Status Dequantize(GgmlType type, std::string_view bytes, float* out, int64_t count);
Result<std::vector<float>> Dequantize(const GgufTensor& tensor);

float HalfToFloat(uint16_t bits);  // IEEE binary16
inline float Bf16ToFloat(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  __builtin_memcpy(&value, &wide, sizeof value);
  return value;
}
// To nearest, ties to even; NaN stays NaN.
uint16_t FloatToHalf(float value);
uint16_t FloatToBf16(float value);

}  // namespace idiolect
