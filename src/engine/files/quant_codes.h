#pragma once
// The packed types of GGUF whose values are whole numbers times a scale, as those numbers: what the
// engine multiplies without unpacking. Tensors of other types are unpacked (dequantize.h).

#include <cstdint>

#include "engine/files/ggml_type.h"

namespace idiolect {

// A value is scale * (code - zero) + minimum.
enum class QuantKind : uint8_t {
  kFour,         // Q4_0: zero 8
  kFourMinimum,  // Q4_1, Q4_K
  kFive,         // Q5_0: zero 16
  kFiveMinimum,  // Q5_1, Q5_K
  kSix,          // Q6_K: zero 32, a scale for each half of a block
  kEight,        // Q8_0: zero 128
};
constexpr int kQuantKinds = 6;

struct QuantKindInfo {
  int bits;
  int zero;
  bool has_minimum;
  bool scale_per_half;
};
const QuantKindInfo& InfoOf(QuantKind kind);

// Whether values of this type have codes, and of which kind.
struct MaybeQuantKind {
  bool packed = false;
  QuantKind kind = QuantKind::kFour;
};
MaybeQuantKind QuantKindOf(GgmlType type);

// 32 values side by side.
struct QuantCodes {
  uint8_t codes[32];
  float scale[2];  // of the halves; equal unless the kind says otherwise
  float minimum;
};
// Values [32 * index, 32 * index + 32) of a row of such a type.
void ReadQuantCodes(GgmlType type, const char* row, int64_t index, QuantCodes* out);

}  // namespace idiolect
