// Packed weights against what the reader of the same bytes unpacks, for every kernel set that this
// processor has.

#include "engine/native/quant_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/cores.h"
#include "base/random.h"
#include "engine/files/dequantize.h"
#include "engine/native/decoder.h"
#include "engine/native/test_models.h"

namespace idiolect::native {
namespace {

const std::vector<GgmlType> kTypes = {GgmlType::kQ4_0, GgmlType::kQ4_1, GgmlType::kQ5_0,
                                      GgmlType::kQ5_1, GgmlType::kQ8_0, GgmlType::kQ4_K,
                                      GgmlType::kQ5_K, GgmlType::kQ6_K};

// Any bytes are codes; scales must be numbers of a usual size.
std::string RandomRows(GgmlType type, int64_t rows, int64_t k, uint64_t seed) {
  Random random(seed);
  const GgmlTypeInfo& info = InfoOf(type);
  std::string bytes(static_cast<size_t>(rows * k / info.block_values * info.block_bytes), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Below(256));
  const bool second = type == GgmlType::kQ4_1 || type == GgmlType::kQ5_1 ||
                      type == GgmlType::kQ4_K || type == GgmlType::kQ5_K;
  for (size_t at = 0; at < bytes.size(); at += static_cast<size_t>(info.block_bytes)) {
    auto put = [&](size_t offset, double value) {
      const uint16_t half = FloatToHalf(static_cast<float>(value));
      std::memcpy(bytes.data() + at + offset, &half, 2);
    };
    put(type == GgmlType::kQ6_K ? 208 : 0, 0.01 + 0.02 * random.Uniform());
    if (second) put(2, 0.1 * random.Uniform() - 0.05);
  }
  return bytes;
}

std::vector<float> Unpacked(GgmlType type, const std::string& bytes, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  EXPECT_TRUE(Dequantize(type, bytes, values.data(), count));
  return values;
}

TEST(QuantCodes, AreWhatTheReaderUnpacks) {
  for (const GgmlType type : kTypes) {
    const std::string bytes = RandomRows(type, 1, 512, 3);
    const std::vector<float> values = Unpacked(type, bytes, 512);
    ASSERT_TRUE(QuantKindOf(type).packed);
    const QuantKindInfo& info = InfoOf(QuantKindOf(type).kind);
    for (int64_t block = 0; block < 16; ++block) {
      QuantCodes codes;
      ReadQuantCodes(type, bytes.data(), block, &codes);
      for (int v = 0; v < 32; ++v) {
        ASSERT_LT(codes.codes[v], 1 << info.bits);
        const float value =
            codes.scale[v / 16] * static_cast<float>(codes.codes[v] - info.zero) + codes.minimum;
        ASSERT_NEAR(value, values[static_cast<size_t>(32 * block + v)], 1e-5)
            << InfoOf(type).name << " value " << v << " of block " << block;
      }
    }
  }
  EXPECT_FALSE(QuantKindOf(GgmlType::kF16).packed);
}

class QuantMatrixTest : public testing::Test {
 protected:
  ThreadPool pool_{2};
};

TEST_F(QuantMatrixTest, KeepsEveryValue) {
  const Compute compute{&ChooseKernels(), &pool_};
  for (const GgmlType type : kTypes) {
    Arena arena;
    const std::string one = RandomRows(type, 37, 512, 3), two = RandomRows(type, 5, 512, 4);
    const std::vector<int64_t> order = {4, 2, 0, 1, 3};
    const QuantMatrix matrix(compute, &arena, {{type, 37, one, nullptr}, {type, 5, two, &order}},
                             512);
    EXPECT_TRUE(matrix.sound());
    const std::vector<float> values = Unpacked(type, one, 37 * 512);
    const std::vector<float> more = Unpacked(type, two, 5 * 512);
    std::vector<float> column(512);
    for (int64_t c = 0; c < 42; ++c) {
      matrix.CopyColumn(c, column.data());
      const float* expected =
          c < 37 ? values.data() + c * 512 : more.data() + order[static_cast<size_t>(c - 37)] * 512;
      // Scales of the K types are products; they are kept in eleven bits.
      for (size_t i = 0; i < 512; ++i) {
        ASSERT_NEAR(column[i], expected[i], 2e-3 * (1 + std::fabs(expected[i])))
            << InfoOf(type).name;
      }
    }
  }
}

TEST_F(QuantMatrixTest, ProductsAreRight) {
  constexpr int64_t kRows = 19, kK = 512, kN = 53;
  Random random(8);
  std::vector<float> x(kRows * kK);
  for (float& value : x) value = static_cast<float>(random.Uniform() * 2 - 1);
  // A block of nothing, and one value far above its neighbours.
  std::fill(x.begin(), x.begin() + 32, 0.0f);
  x[40] = 30;
  for (const Kernels* kernels : UsableKernels()) {
    const Compute compute{kernels, &pool_};
    for (const GgmlType type : kTypes) {
      Arena arena;
      const std::string bytes = RandomRows(type, kN, kK, 3);
      const QuantMatrix matrix(compute, &arena, {{type, kN, bytes, nullptr}}, kK);
      QuantRows rows;
      rows.Set(compute, Dtype::kF32, kRows, {x.data(), kK}, kK);
      std::vector<float> out(kRows * kN), add(kRows * kN);
      for (float& value : add) value = static_cast<float>(random.Uniform());
      Multiply(compute, kRows, rows, matrix, {out.data(), Dtype::kF32, kN, add.data(), kN});
      std::vector<float> column(kK);
      for (int64_t c = 0; c < kN; ++c) {
        matrix.CopyColumn(c, column.data());
        for (int64_t r = 0; r < kRows; ++r) {
          double exact = 0, rounded = 0, size = 0, slack = 0;
          for (int64_t i = 0; i < kK; ++i) {
            const QuantBlock& block = rows.data()[r * rows.blocks + i / 32];
            const auto w = static_cast<double>(column[static_cast<size_t>(i)]);
            const auto a = static_cast<double>(x[static_cast<size_t>(r * kK + i)]);
            exact += a * w;
            rounded += static_cast<double>(block.scale) * block.values[i % 32] * w;
            size += std::fabs(a * w);
            slack += static_cast<double>(block.scale) * 0.5 * std::fabs(w);
          }
          const auto at = static_cast<size_t>(r * kN + c);
          const double got = static_cast<double>(out[at]) - static_cast<double>(add[at]);
          ASSERT_NEAR(got, rounded, 1e-4 * (1 + size))
              << kernels->name << " " << InfoOf(type).name << " " << r << "," << c;
          ASSERT_LE(std::fabs(got - exact), slack + 1e-4 * (1 + size));
        }
      }
      // A row does not depend on how many are multiplied with it.
      for (const int64_t m : {1, 2, 3, 5, 8, 13}) {
        std::vector<float> fewer(static_cast<size_t>(m * kN));
        Multiply(compute, m, rows, matrix, {fewer.data(), Dtype::kF32, kN, add.data(), kN});
#ifdef __clang__
        // Clang fuses some sums and not others, by how many rows a kernel has.
        for (size_t i = 0; i < fewer.size(); ++i) {
          ASSERT_NEAR(fewer[i], out[i], 1e-3 * (1 + std::fabs(out[i]))) << m;
        }
#else
        ASSERT_TRUE(std::equal(fewer.begin(), fewer.end(), out.begin())) << m;
#endif
      }
      std::vector<uint16_t> half(kN);
      Multiply(compute, 1, rows, matrix, {half.data(), Dtype::kBf16, kN, add.data(), kN});
      for (size_t c = 0; c < kN; ++c) {
        ASSERT_NEAR(Bf16ToFloat(half[c]), out[c], 0.005 * (1 + std::fabs(out[c])));
      }
    }
  }
}

TEST_F(QuantMatrixTest, KernelSetsRoundAlike) {
  std::vector<float> x(64);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 7.3f);
  const Compute plain{&PortableKernels(), &pool_};
  QuantRows expected;
  expected.Set(plain, Dtype::kF32, 1, {x.data(), 64}, 64);
  for (const Kernels* kernels : UsableKernels()) {
    QuantRows rows;
    rows.Set({kernels, &pool_}, Dtype::kF32, 1, {x.data(), 64}, 64);
    for (int64_t block = 0; block < 2; ++block) {
      const QuantBlock &a = rows.data()[block], &b = expected.data()[block];
      EXPECT_EQ(a.scale, b.scale);
      EXPECT_TRUE(std::equal(a.values, a.values + 32, b.values)) << kernels->name;
      EXPECT_EQ(a.sums[0], std::accumulate(a.values, a.values + 16, 0));
      EXPECT_EQ(a.sums[1], std::accumulate(a.values + 16, a.values + 32, 0));
    }
  }
}

TEST_F(QuantMatrixTest, ScalesThatAreNoNumbersAreNoticed) {
  const Compute compute{&ChooseKernels(), &pool_};
  Arena arena;
  std::string bytes = RandomRows(GgmlType::kQ8_0, 3, 64, 1);
  bytes[1] = 0x7e;  // the first scale becomes NaN
  const QuantMatrix matrix(compute, &arena, {{GgmlType::kQ8_0, 3, bytes, nullptr}}, 64);
  EXPECT_FALSE(matrix.sound());
}

// Whole models as stored: their logits differ from the unpacked ones by the rounding of activations
// to eight bits, which is below what the packing itself cost. Gemma's activations have values far
// above their neighbours, hence more.
void StaysNearUnpacked(const std::string& name, double tolerance) {
  auto file = ModelFile::Open(TestModel(name));
  ASSERT_TRUE(file) << name << " is needed: run scripts/setup, or set IDIOLECT_MODELS";
  ThreadPool pool(CountCores());
  const Compute compute{&ChooseKernels(), &pool};
  const auto unpacked = LoadWeights(compute, *file, Dtype::kF32, 0, nullptr);
  const auto stored = LoadWeights(compute, *file, Dtype::kF32, 0, nullptr, WeightForm::kAsStored);
  ASSERT_TRUE(unpacked && stored);
  EXPECT_LT(stored->bytes() * 3, unpacked->bytes());
  const auto vocabulary = static_cast<size_t>(stored->config.vocabulary);
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < 24; ++i) tokens.push_back(1000 + 37 * i);
  std::vector<float> a(tokens.size() * vocabulary), b(a.size());
  Decoder(compute, *unpacked).RunAll(tokens, a.data());
  Decoder(compute, *stored).RunAll(tokens, b.data());
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i] - b[i]), 2);
    size += std::pow(static_cast<double>(a[i]), 2);
  }
  EXPECT_LT(std::sqrt(difference / size), tolerance) << name;
}

TEST(QuantModel, SmolLm2) {
  StaysNearUnpacked("SmolLM2-135M-Instruct.Q4_1.gguf", 0.03);
}
TEST(QuantModel, Gemma3) {
  StaysNearUnpacked("gemma-3-270m-q4_k_m.gguf", 0.07);
}

}  // namespace
}  // namespace idiolect::native
