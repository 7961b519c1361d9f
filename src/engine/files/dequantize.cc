#include "engine/files/dequantize.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "engine/files/quoted.h"

namespace idiolect {
namespace {

// The layouts and forms below are ggml's; `e` is a value's place in its block. Fields are read by
// byte offset because blocks are not aligned in the file.

uint16_t Read16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] | at[1] << 8);
}
float Half(const uint8_t* at) {
  return HalfToFloat(Read16(at));
}
uint32_t Read32(const uint8_t* at) {
  return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                   1,    13,   25,  38,  53,  69,  89,  113};
// Doubled, so that they are whole; the exponent's bias takes the half back.
constexpr int8_t kFp4Values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void BlockF32(const uint8_t* b, float* y) {
  std::memcpy(y, b, sizeof(float));
}
void BlockF16(const uint8_t* b, float* y) {
  *y = Half(b);
}
void BlockBf16(const uint8_t* b, float* y) {
  *y = Bf16ToFloat(Read16(b));
}

void BlockQ4_0(const uint8_t* b, float* y) {
  const float d = Half(b);
  for (int j = 0; j < 16; ++j) {
    y[j] = static_cast<float>((b[2 + j] & 15) - 8) * d;
    y[j + 16] = static_cast<float>((b[2 + j] >> 4) - 8) * d;
  }
}

void BlockQ4_1(const uint8_t* b, float* y) {
  const float d = Half(b), m = Half(b + 2);
  for (int j = 0; j < 16; ++j) {
    y[j] = static_cast<float>(b[4 + j] & 15) * d + m;
    y[j + 16] = static_cast<float>(b[4 + j] >> 4) * d + m;
  }
}

void BlockQ5_0(const uint8_t* b, float* y) {
  const float d = Half(b);
  const uint32_t high = Read32(b + 2);
  const uint8_t* q = b + 6;
  for (int j = 0; j < 16; ++j) {
    const int low = (q[j] & 15) | static_cast<int>((high >> j & 1) << 4);
    const int up = (q[j] >> 4) | static_cast<int>((high >> (j + 16) & 1) << 4);
    y[j] = static_cast<float>(low - 16) * d;
    y[j + 16] = static_cast<float>(up - 16) * d;
  }
}

void BlockQ5_1(const uint8_t* b, float* y) {
  const float d = Half(b), m = Half(b + 2);
  const uint32_t high = Read32(b + 4);
  const uint8_t* q = b + 8;
  for (int j = 0; j < 16; ++j) {
    const int low = (q[j] & 15) | static_cast<int>((high >> j & 1) << 4);
    const int up = (q[j] >> 4) | static_cast<int>((high >> (j + 16) & 1) << 4);
    y[j] = static_cast<float>(low) * d + m;
    y[j + 16] = static_cast<float>(up) * d + m;
  }
}

void BlockQ8_0(const uint8_t* b, float* y) {
  const float d = Half(b);
  for (int j = 0; j < 32; ++j) y[j] = static_cast<float>(static_cast<int8_t>(b[2 + j])) * d;
}

void BlockQ2_K(const uint8_t* b, float* y) {
  const uint8_t* scales = b;
  const uint8_t* q = b + 16;
  const float d = Half(b + 80), dmin = Half(b + 82);
  for (int e = 0; e < 256; ++e) {
    const int n = e / 128, j = e % 128 / 32, l = e % 32;
    const int s = scales[8 * n + 2 * j + l / 16];
    const int value = q[32 * n + l] >> (2 * j) & 3;
    y[e] = d * static_cast<float>(s & 15) * static_cast<float>(value) -
           dmin * static_cast<float>(s >> 4);
  }
}

void BlockQ3_K(const uint8_t* b, float* y) {
  const uint8_t* mask = b;
  const uint8_t* q = b + 32;
  const uint8_t* packed = b + 96;
  const float d = Half(b + 108);
  int scale[16];
  for (int i = 0; i < 16; ++i) {
    const int low = i < 8 ? packed[i] & 15 : packed[i - 8] >> 4;
    const int high = packed[8 + i % 4] >> (2 * (i / 4)) & 3;
    scale[i] = (low | high << 4) - 32;
  }
  for (int e = 0; e < 256; ++e) {
    const int n = e / 128, j = e % 128 / 32, l = e % 32;
    const int value = (q[32 * n + l] >> (2 * j) & 3) - ((mask[l] >> (4 * n + j) & 1) != 0 ? 0 : 4);
    y[e] = d * static_cast<float>(scale[8 * n + 2 * j + l / 16]) * static_cast<float>(value);
  }
}

struct ScaleAndMin {
  int scale, min;
};

// Eight pairs of six bits, packed into twelve bytes.
ScaleAndMin UnpackScale(const uint8_t* packed, int group) {
  if (group < 4) return {packed[group] & 63, packed[group + 4] & 63};
  return {(packed[group + 4] & 15) | (packed[group - 4] >> 6) << 4,
          (packed[group + 4] >> 4) | (packed[group] >> 6) << 4};
}

void BlockQ4_K(const uint8_t* b, float* y) {
  const float d = Half(b), dmin = Half(b + 2);
  for (int g = 0; g < 8; ++g) {
    const ScaleAndMin sm = UnpackScale(b + 4, g);
    const float scale = d * static_cast<float>(sm.scale);
    const float min = dmin * static_cast<float>(sm.min);
    const uint8_t* q = b + 16 + 32 * (g / 2);
    const int shift = g % 2 * 4;
    for (int l = 0; l < 32; ++l) {
      y[32 * g + l] = scale * static_cast<float>(q[l] >> shift & 15) - min;
    }
  }
}

void BlockQ5_K(const uint8_t* b, float* y) {
  const float d = Half(b), dmin = Half(b + 2);
  const uint8_t* high = b + 16;
  for (int g = 0; g < 8; ++g) {
    const ScaleAndMin sm = UnpackScale(b + 4, g);
    const float scale = d * static_cast<float>(sm.scale);
    const float min = dmin * static_cast<float>(sm.min);
    const uint8_t* q = b + 48 + 32 * (g / 2);
    const int shift = g % 2 * 4;
    for (int l = 0; l < 32; ++l) {
      const int value = (q[l] >> shift & 15) + 16 * (high[l] >> g & 1);
      y[32 * g + l] = scale * static_cast<float>(value) - min;
    }
  }
}

void BlockQ6_K(const uint8_t* b, float* y) {
  const uint8_t* low = b;
  const uint8_t* high = b + 128;
  const uint8_t* scales = b + 192;
  const float d = Half(b + 208);
  for (int e = 0; e < 256; ++e) {
    const int n = e / 128, k = e % 128 / 32, l = e % 32;
    const int packed = low[64 * n + 32 * (k & 1) + l];
    const int value = (k >= 2 ? packed >> 4 : packed & 15) | (high[32 * n + l] >> (2 * k) & 3) << 4;
    const auto scale = static_cast<int8_t>(scales[8 * n + 2 * k + l / 16]);
    y[e] = d * static_cast<float>(scale) * static_cast<float>(value - 32);
  }
}

void BlockIq4Nl(const uint8_t* b, float* y) {
  const float d = Half(b);
  for (int j = 0; j < 16; ++j) {
    y[j] = d * static_cast<float>(kIq4Values[b[2 + j] & 15]);
    y[j + 16] = d * static_cast<float>(kIq4Values[b[2 + j] >> 4]);
  }
}

void BlockIq4Xs(const uint8_t* b, float* y) {
  const float d = Half(b);
  const int scales_high = Read16(b + 2);
  const uint8_t* scales_low = b + 4;
  for (int g = 0; g < 8; ++g) {
    const int scale = (scales_low[g / 2] >> (4 * (g % 2)) & 15) | (scales_high >> (2 * g) & 3) << 4;
    const float step = d * static_cast<float>(scale - 32);
    for (int l = 0; l < 16; ++l) {
      const uint8_t packed = b[8 + 16 * g + l];
      y[32 * g + l] = step * static_cast<float>(kIq4Values[packed & 15]);
      y[32 * g + l + 16] = step * static_cast<float>(kIq4Values[packed >> 4]);
    }
  }
}

void BlockMxfp4(const uint8_t* b, float* y) {
  const float d = std::ldexp(1.0f, static_cast<int>(b[0]) - 128);
  for (int j = 0; j < 16; ++j) {
    y[j] = d * static_cast<float>(kFp4Values[b[1 + j] & 15]);
    y[j + 16] = d * static_cast<float>(kFp4Values[b[1 + j] >> 4]);
  }
}

using BlockFunction = void (*)(const uint8_t* block, float* out);

BlockFunction FunctionOf(GgmlType type) {
  switch (type) {
    case GgmlType::kF32:
      return BlockF32;
    case GgmlType::kF16:
      return BlockF16;
    case GgmlType::kBF16:
      return BlockBf16;
    case GgmlType::kQ4_0:
      return BlockQ4_0;
    case GgmlType::kQ4_1:
      return BlockQ4_1;
    case GgmlType::kQ5_0:
      return BlockQ5_0;
    case GgmlType::kQ5_1:
      return BlockQ5_1;
    case GgmlType::kQ8_0:
      return BlockQ8_0;
    case GgmlType::kQ2_K:
      return BlockQ2_K;
    case GgmlType::kQ3_K:
      return BlockQ3_K;
    case GgmlType::kQ4_K:
      return BlockQ4_K;
    case GgmlType::kQ5_K:
      return BlockQ5_K;
    case GgmlType::kQ6_K:
      return BlockQ6_K;
    case GgmlType::kIQ4_NL:
      return BlockIq4Nl;
    case GgmlType::kIQ4_XS:
      return BlockIq4Xs;
    case GgmlType::kMXFP4:
      return BlockMxfp4;
  }
  return nullptr;
}

}  // namespace

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = bits >> 10 & 31;
  uint32_t mantissa = bits & 1023;
  uint32_t wide;
  if (exponent == 31) {
    wide = sign | 0x7f800000u | mantissa << 13;
  } else if (exponent != 0) {
    wide = sign | (exponent + 112) << 23 | mantissa << 13;
  } else if (mantissa == 0) {
    wide = sign;
  } else {  // subnormal: shift until the leading one is where it is implied
    uint32_t shifts = 0;
    while ((mantissa & 1024) == 0) mantissa <<= 1, ++shifts;
    wide = sign | (113 - shifts) << 23 | (mantissa & 1023) << 13;
  }
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

uint16_t FloatToHalf(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof wide);
  const auto sign = static_cast<uint16_t>(wide >> 16 & 0x8000);
  const uint32_t magnitude = wide & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;   // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // rounds to infinity
  if (magnitude >= 0x38800000) {                      // normal
    const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return static_cast<uint16_t>(sign | (rounded - 0x38000000) >> 13);
  }
  // Subnormal: adding a half lets the float unit do the rounding to multiples of 2^-24.
  float scaled;
  std::memcpy(&scaled, &magnitude, sizeof scaled);
  scaled += 0.5f;
  std::memcpy(&wide, &scaled, sizeof wide);
  return static_cast<uint16_t>(sign | (wide - 0x3f000000));
}

uint16_t FloatToBf16(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof wide);
  if ((wide & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(wide >> 16 | 0x40);
  return static_cast<uint16_t>((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
}

Status Dequantize(GgmlType type, std::string_view bytes, float* out, int64_t count) {
  const GgmlTypeInfo& info = InfoOf(type);
  const int64_t blocks = count / info.block_values;
  if (count < 0 || count % info.block_values != 0 ||
      bytes.size() != static_cast<size_t>(blocks * info.block_bytes)) {
    return Fail(ErrorKind::kBadInput, "unpacking " + std::string(info.name) +
                                          " values: " + std::to_string(bytes.size()) +
                                          " bytes are not " + std::to_string(count) + " values");
  }
  if (type == GgmlType::kF32) {
    if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    return {};
  }
  const BlockFunction unpack = FunctionOf(type);
  const auto* block = reinterpret_cast<const uint8_t*>(bytes.data());
  for (int64_t i = 0; i < blocks; ++i) {
    unpack(block, out);
    block += info.block_bytes;
    out += info.block_values;
  }
  return {};
}

Result<std::vector<float>> Dequantize(const GgufTensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.Count()));
  RETURN_IF_ERROR(Dequantize(tensor.type, tensor.bytes, values.data(), tensor.Count()));
  return values;
}

}  // namespace idiolect
