#include "engine/files/quant_codes.h"

#include "engine/files/dequantize.h"

namespace idiolect {
namespace {

// Layouts as in dequantize.cc.
float Half(const uint8_t* at) {
  return HalfToFloat(static_cast<uint16_t>(at[0] | at[1] << 8));
}

void Nibbles(const uint8_t* q, uint8_t* codes) {
  for (int j = 0; j < 16; ++j) {
    codes[j] = q[j] & 15;
    codes[j + 16] = q[j] >> 4;
  }
}
void FifthBits(const uint8_t* high, uint8_t* codes) {
  for (int j = 0; j < 32; ++j) {
    codes[j] = static_cast<uint8_t>(codes[j] | (high[j / 8] >> (j % 8) & 1) << 4);
  }
}

// Scale and minimum of one of eight groups, six bits each.
void KScales(const uint8_t* block, int group, QuantCodes* out) {
  const uint8_t* packed = block + 4;
  int scale, minimum;
  if (group < 4) {
    scale = packed[group] & 63;
    minimum = packed[group + 4] & 63;
  } else {
    scale = (packed[group + 4] & 15) | (packed[group - 4] >> 6) << 4;
    minimum = (packed[group + 4] >> 4) | (packed[group] >> 6) << 4;
  }
  out->scale[0] = out->scale[1] = Half(block) * static_cast<float>(scale);
  out->minimum = -Half(block + 2) * static_cast<float>(minimum);
}

}  // namespace

const QuantKindInfo& InfoOf(QuantKind kind) {
  static constexpr QuantKindInfo kInfos[kQuantKinds] = {
      {4, 8, false, false}, {4, 0, true, false},  {5, 16, false, false},
      {5, 0, true, false},  {6, 32, false, true}, {8, 128, false, false},
  };
  return kInfos[static_cast<int>(kind)];
}

MaybeQuantKind QuantKindOf(GgmlType type) {
  switch (type) {
    case GgmlType::kQ4_0:
      return {true, QuantKind::kFour};
    case GgmlType::kQ4_1:
    case GgmlType::kQ4_K:
      return {true, QuantKind::kFourMinimum};
    case GgmlType::kQ5_0:
      return {true, QuantKind::kFive};
    case GgmlType::kQ5_1:
    case GgmlType::kQ5_K:
      return {true, QuantKind::kFiveMinimum};
    case GgmlType::kQ6_K:
      return {true, QuantKind::kSix};
    case GgmlType::kQ8_0:
      return {true, QuantKind::kEight};
    default:
      return {};
  }
}

void ReadQuantCodes(GgmlType type, const char* row, int64_t index, QuantCodes* out) {
  const GgmlTypeInfo& info = InfoOf(type);
  const int64_t per_block = info.block_values / 32;
  const auto* b = reinterpret_cast<const uint8_t*>(row) + index / per_block * info.block_bytes;
  const auto g = static_cast<int>(index % per_block);
  out->minimum = 0;
  switch (type) {
    case GgmlType::kQ4_0:
      Nibbles(b + 2, out->codes);
      break;
    case GgmlType::kQ4_1:
      out->minimum = Half(b + 2);
      Nibbles(b + 4, out->codes);
      break;
    case GgmlType::kQ5_0:
      Nibbles(b + 6, out->codes);
      FifthBits(b + 2, out->codes);
      break;
    case GgmlType::kQ5_1:
      out->minimum = Half(b + 2);
      Nibbles(b + 8, out->codes);
      FifthBits(b + 4, out->codes);
      break;
    case GgmlType::kQ8_0:
      for (int j = 0; j < 32; ++j) out->codes[j] = b[2 + j] ^ 0x80;
      break;
    case GgmlType::kQ4_K:
    case GgmlType::kQ5_K: {
      KScales(b, g, out);
      const bool five = type == GgmlType::kQ5_K;
      const uint8_t* q = b + (five ? 48 : 16) + 32 * (g / 2);
      for (int j = 0; j < 32; ++j) {
        const int low = q[j] >> (g % 2 * 4) & 15;
        const int high = five ? (b[16 + j] >> g & 1) << 4 : 0;
        out->codes[j] = static_cast<uint8_t>(low | high);
      }
      return;
    }
    case GgmlType::kQ6_K: {
      const int n = g / 4, k = g % 4;
      const uint8_t* low = b + 64 * n + 32 * (k & 1);
      const uint8_t* high = b + 128 + 32 * n;
      for (int j = 0; j < 32; ++j) {
        const int nibble = k >= 2 ? low[j] >> 4 : low[j] & 15;
        out->codes[j] = static_cast<uint8_t>(nibble | (high[j] >> (2 * k) & 3) << 4);
      }
      const auto* scales = reinterpret_cast<const int8_t*>(b + 192 + 8 * n + 2 * k);
      out->scale[0] = Half(b + 208) * static_cast<float>(scales[0]);
      out->scale[1] = Half(b + 208) * static_cast<float>(scales[1]);
      return;
    }
    default:
      return;
  }
  out->scale[0] = out->scale[1] = Half(b);
}

}  // namespace idiolect
