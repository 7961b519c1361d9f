#pragma once
// Numbers into the packed formats that we write: the counterpart of dequantize.h, by the
// reference's rules, bit for bit. K-quants and what needs a search over scales are left to
// llama.cpp's own tool.

#include <cstdint>

#include "base/result.h"
#include "engine/files/ggml_type.h"

namespace idiolect {

// F32, F16, BF16, Q8_0, Q4_0.
bool CanQuantize(GgmlType type);

// `count` values, whole blocks of a type that CanQuantize; `out` has room for their bytes. False
// when a value does not fit the type (beyond F16's largest, or no number): what was written then is
// of no use.
bool Quantize(GgmlType type, const float* values, int64_t count, char* out);

}  // namespace idiolect
