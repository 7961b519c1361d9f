#include "engine/files/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/files/dequantize.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

std::string Packed(GgmlType type, const std::vector<float>& values) {
  const GgmlTypeInfo& info = InfoOf(type);
  std::string bytes(values.size() / static_cast<size_t>(info.block_values) *
                        static_cast<size_t>(info.block_bytes),
                    '\0');
  EXPECT_TRUE(Quantize(type, values.data(), static_cast<int64_t>(values.size()), bytes.data()));
  return bytes;
}

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[c & 15];
  }
  return hex;
}

// tests/reference/quantize-vectors.jsonl: blocks and what ggml's own reference made of them
// (tools/reference/quantize_vectors.py).
TEST(QuantizeTest, GivesTheReferencesBytes) {
  const auto lines = ReadJsonLines(ReferenceFolder() / "quantize-vectors.jsonl");
  ASSERT_GE(lines.size(), 4u);
  for (const auto& line : lines) {
    const std::string name = line["type"];
    GgmlType type = GgmlType::kF32;
    for (const GgmlType one : {GgmlType::kF16, GgmlType::kBF16, GgmlType::kQ8_0, GgmlType::kQ4_0}) {
      if (InfoOf(one).name == name) type = one;
    }
    ASSERT_NE(type, GgmlType::kF32) << name;
    EXPECT_EQ(Hex(Packed(type, line["values"].get<std::vector<float>>())),
              line["hex"].get<std::string>())
        << name;
  }
}

// What a step of each type can be off by, over many blocks.
TEST(QuantizeTest, StaysWithinTheTypesStep) {
  Random random(5);
  std::vector<float> values(32 * 200);
  for (float& value : values) {
    value = static_cast<float>((random.Uniform() - 0.5) * std::exp(8 * random.Uniform() - 6));
  }
  for (const GgmlType type : {GgmlType::kQ8_0, GgmlType::kQ4_0}) {
    const std::string bytes = Packed(type, values);
    std::vector<float> back(values.size());
    ASSERT_TRUE(Dequantize(type, bytes, back.data(), static_cast<int64_t>(back.size())));
    for (size_t block = 0; block < values.size(); block += 32) {
      float most = 0;
      for (size_t i = 0; i < 32; ++i) most = std::max(most, std::fabs(values[block + i]));
      // Half a step, and the scale's own rounding; in Q4_0 the other end of the scale is cut off at
      // seven eighths.
      const float bound =
          type == GgmlType::kQ8_0 ? most / 254 + most / 1000 : most / 8 + most / 500;
      for (size_t i = 0; i < 32; ++i) {
        EXPECT_NEAR(back[block + i], values[block + i], bound);
      }
    }
  }
}

TEST(QuantizeTest, SaysWhenANumberDoesNotFit) {
  char out[64];
  const std::vector<float> large(32, 1e5f);
  EXPECT_FALSE(Quantize(GgmlType::kF16, large.data(), 1, out));
  EXPECT_TRUE(Quantize(GgmlType::kBF16, large.data(), 1, out));
  const std::vector<float> none(32, std::numeric_limits<float>::quiet_NaN());
  for (const GgmlType type : {GgmlType::kF32, GgmlType::kF16, GgmlType::kBF16, GgmlType::kQ8_0}) {
    EXPECT_FALSE(Quantize(type, none.data(), type == GgmlType::kQ8_0 ? 32 : 1, out));
  }
  const std::vector<float> huge(32, 1e8f);
  EXPECT_FALSE(Quantize(GgmlType::kQ8_0, huge.data(), 32, out));
  const std::vector<float> zeros(32, 0);
  EXPECT_EQ(Packed(GgmlType::kQ8_0, zeros), std::string(34, '\0'));
}

}  // namespace
}  // namespace idiolect
