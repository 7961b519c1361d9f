#include "engine/files/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/files/dequantize.h"

namespace idiolect {
namespace {

constexpr int kBlock = 32;

void Put16(uint16_t value, char* out) {
  std::memcpy(out, &value, sizeof value);
}

bool IsFiniteHalf(uint16_t half) {
  return (half & 0x7c00) != 0x7c00;
}

// f16 scale; 32 signed bytes.
bool PutQ8_0(const float* x, char* out) {
  float most = 0;
  for (int i = 0; i < kBlock; ++i) most = std::max(most, std::fabs(x[i]));
  const float scale = most / 127.0f;
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  const uint16_t half = FloatToHalf(scale);
  Put16(half, out);
  for (int i = 0; i < kBlock; ++i) {
    out[2 + i] = static_cast<char>(static_cast<int8_t>(std::round(x[i] * inverse)));
  }
  return IsFiniteHalf(half);
}

// f16 scale, such that the number of largest magnitude becomes code 0; 16 bytes of two codes.
bool PutQ4_0(const float* x, char* out) {
  float most = 0, signed_most = 0;
  for (int i = 0; i < kBlock; ++i) {
    if (most < std::fabs(x[i])) {
      most = std::fabs(x[i]);
      signed_most = x[i];
    }
  }
  const float scale = signed_most / -8.0f;
  const float inverse = scale != 0 ? 1.0f / scale : 0.0f;
  const uint16_t half = FloatToHalf(scale);
  Put16(half, out);
  const auto code = [&](float value) {
    return std::min(15, static_cast<int>(static_cast<int8_t>(value * inverse + 8.5f)));
  };
  for (int i = 0; i < kBlock / 2; ++i) {
    out[2 + i] = static_cast<char>(code(x[i]) | code(x[i + kBlock / 2]) << 4);
  }
  return IsFiniteHalf(half);
}

}  // namespace

bool CanQuantize(GgmlType type) {
  return type == GgmlType::kF32 || type == GgmlType::kF16 || type == GgmlType::kBF16 ||
         type == GgmlType::kQ8_0 || type == GgmlType::kQ4_0;
}

bool Quantize(GgmlType type, const float* values, int64_t count, char* out) {
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) return false;
  }
  bool fits = true;
  switch (type) {
    case GgmlType::kF16:
      for (int64_t i = 0; i < count; ++i) {
        const uint16_t half = FloatToHalf(values[i]);
        fits = fits && IsFiniteHalf(half);
        Put16(half, out + 2 * i);
      }
      return fits;
    case GgmlType::kBF16:
      for (int64_t i = 0; i < count; ++i) {
        const uint16_t rounded = FloatToBf16(values[i]);
        fits = fits && (rounded & 0x7f80) != 0x7f80;
        Put16(rounded, out + 2 * i);
      }
      return fits;
    case GgmlType::kQ8_0:
      for (int64_t i = 0; i < count / kBlock; ++i)
        fits &= PutQ8_0(values + i * kBlock, out + i * 34);
      return fits;
    case GgmlType::kQ4_0:
      for (int64_t i = 0; i < count / kBlock; ++i)
        fits &= PutQ4_0(values + i * kBlock, out + i * 18);
      return fits;
    default:
      std::memcpy(out, values, static_cast<size_t>(count) * sizeof(float));
      return true;
  }
}

}  // namespace idiolect
