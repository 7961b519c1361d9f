#include "engine/files/dequantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>

#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

std::string Unhex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::optional<GgmlType> TypeNamed(const std::string& name) {
  for (uint32_t number = 0; number < 64; ++number) {
    const GgmlTypeInfo* info = FindGgmlType(number);
    if (info != nullptr && info->name == name) return info->type;
  }
  return std::nullopt;
}

// `relative` covers how many digits the vectors were written with.
void CheckVectors(const std::filesystem::path& path, double relative, std::set<std::string>* seen) {
  for (const auto& line : ReadJsonLines(path)) {
    const std::string name = line["type"];
    const auto type = TypeNamed(name);
    ASSERT_TRUE(type) << name;
    const auto values = line["values"].get<std::vector<double>>();
    const std::string bytes = Unhex(line["hex"]);
    EXPECT_EQ(bytes.size(), static_cast<size_t>(InfoOf(*type).block_bytes)) << name;
    std::vector<float> got(values.size());
    ASSERT_TRUE(Dequantize(*type, bytes, got.data(), static_cast<int64_t>(got.size()))) << name;
    // Where a product and a minimum nearly cancel, rounding is relative to the larger numbers.
    double largest = 0;
    for (const double value : values) largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < values.size(); ++i) {
      const double tolerance = std::abs(values[i]) * relative + largest * 3e-7;
      EXPECT_NEAR(got[i], values[i], tolerance) << name << " " << i;
    }
    seen->insert(name);
  }
}

TEST(DequantizeTest, EqualsOurVectorsOfEveryType) {
  std::set<std::string> seen;
  CheckVectors(ReferenceFolder() / "dequant-blocks.jsonl", 1e-8, &seen);
  EXPECT_EQ(seen.size(), 16u);
}

TEST(DequantizeTest, EqualsGgmlsVectors) {
  std::set<std::string> seen;
  CheckVectors(ReferenceFolder() / "ggml-dequant-vectors.jsonl", 1e-6, &seen);
  EXPECT_EQ(seen.size(), 12u);
}

TEST(DequantizeTest, TakesManyBlocksInOrder) {
  std::string bytes;
  for (int block = 0; block < 3; ++block) {
    const uint16_t scale = FloatToHalf(static_cast<float>(block + 1));
    bytes.append(reinterpret_cast<const char*>(&scale), 2);
    bytes.append(32, static_cast<char>(2));
  }
  std::vector<float> values(96);
  ASSERT_TRUE(Dequantize(GgmlType::kQ8_0, bytes, values.data(), 96));
  EXPECT_EQ(values[0], 2);
  EXPECT_EQ(values[32], 4);
  EXPECT_EQ(values[95], 6);
}

TEST(DequantizeTest, RefusesSizesThatDoNotFit) {
  float out[64];
  const std::string block(34, '\0');
  for (const int64_t count : {int64_t{31}, int64_t{64}, int64_t{-32}, int64_t{0}}) {
    const Status status = Dequantize(GgmlType::kQ8_0, block, out, count);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message,
              "unpacking Q8_0 values: 34 bytes are not " + std::to_string(count) + " values");
  }
  EXPECT_TRUE(Dequantize(GgmlType::kF32, "", out, 0));
}

// Every half there is survives the way to float and back.
TEST(HalfTest, RoundTripsExactly) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = HalfToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value))));
    } else {
      ASSERT_EQ(FloatToHalf(value), bits);
    }
  }
}

TEST(HalfTest, RoundsToNearestEven) {
  EXPECT_EQ(HalfToFloat(0x3c00), 1.0f);
  EXPECT_EQ(HalfToFloat(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(HalfToFloat(0xfbff), -65504.0f);
  EXPECT_EQ(FloatToHalf(1 + std::ldexp(1.0f, -11)), 0x3c00);      // tie: down to even
  EXPECT_EQ(FloatToHalf(1 + 3 * std::ldexp(1.0f, -11)), 0x3c02);  // tie: up to even
  EXPECT_EQ(FloatToHalf(std::ldexp(1.0f, -25)), 0);               // tie: to zero
  EXPECT_EQ(FloatToHalf(std::ldexp(1.1f, -25)), 1);
  EXPECT_EQ(FloatToHalf(65519.0f), 0x7bff);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7c00);
  EXPECT_EQ(FloatToHalf(-std::numeric_limits<float>::infinity()), 0xfc00);
}

TEST(Bf16Test, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBf16(1.0f), 0x3f80);
  EXPECT_EQ(FloatToBf16(1 + std::ldexp(1.0f, -8)), 0x3f80);
  EXPECT_EQ(FloatToBf16(1 + 3 * std::ldexp(1.0f, -8)), 0x3f82);
  EXPECT_TRUE(std::isnan(Bf16ToFloat(FloatToBf16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(Bf16ToFloat(0xc000), -2.0f);
}

}  // namespace
}  // namespace idiolect
