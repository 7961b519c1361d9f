// Products of every kind against the same sums in double precision.

#include "engine/native/matrix.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "engine/files/dequantize.h"

namespace idiolect::native {
namespace {

// Values that bf16 holds exactly, so that both formats have the same right answer.
std::vector<float> Values(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) {
    v = Bf16ToFloat(FloatToBf16(static_cast<float>(random.Uniform() * 2 - 1)));
  }
  return values;
}

struct Operand {
  Operand(const Kernels& kernels, Dtype type, const std::vector<float>& values)
      : full(values), half(values.size()), is_half(type == Dtype::kBf16) {
    kernels.to_bf16(values.data(), static_cast<int64_t>(values.size()), half.data());
  }
  const void* data() const { return is_half ? static_cast<const void*>(half.data()) : full.data(); }
  std::vector<float> full;
  std::vector<uint16_t> half;
  bool is_half;
};

class MatrixTest : public testing::Test {
 protected:
  template <typename Body>
  void Everywhere(Body body) {
    for (const Kernels* kernels : {&ChooseKernels(), &PortableKernels()}) {
      for (const Dtype type : {Dtype::kF32, Dtype::kBf16}) body(Compute{kernels, &pool_}, type);
    }
  }
  ThreadPool pool_{2};
};

TEST_F(MatrixTest, PartsWithTheirExtras) {
  Everywhere([](const Compute& compute, Dtype type) {
    constexpr int64_t kRank = 16;
    for (const int64_t m : {1, 5, 37, 130}) {
      const int64_t k = 70;
      const std::vector<int64_t> parts = {100, 24, 7};
      const auto x = Values(m * k, 1), u = Values(m * kRank * 3, 2);
      Arena arena;
      PackedMatrix b(&arena, type, parts, k, kRank);
      std::vector<std::vector<float>> w, extra;
      for (size_t p = 0; p < parts.size(); ++p) {
        w.push_back(Values(parts[p] * k, 10 + p));
        extra.push_back(Values(kRank * parts[p], 20 + p));
        b.SetTransposed(compute, static_cast<int64_t>(p), 0, parts[p], w[p].data());
        b.SetExtra(compute, static_cast<int64_t>(p), extra[p].data(), 0.5f);
      }
      const Operand xs(*compute.kernels, type, x), us(*compute.kernels, type, u);
      std::vector<float> start = Values(m * b.n(), 3), out = start;
      Multiply(compute, m, {xs.data(), k}, {us.data(), 3 * kRank}, b,
               {out.data(), Dtype::kF32, b.n(), out.data(), b.n()});
      for (int64_t i = 0; i < m; ++i) {
        int64_t column = 0;
        for (size_t p = 0; p < parts.size(); ++p) {
          for (int64_t c = 0; c < parts[p]; ++c, ++column) {
            auto sum = static_cast<double>(start[static_cast<size_t>(i * b.n() + column)]);
            for (int64_t j = 0; j < k; ++j) {
              sum += static_cast<double>(x[static_cast<size_t>(i * k + j)]) *
                     static_cast<double>(w[p][static_cast<size_t>(c * k + j)]);
            }
            for (int64_t r = 0; r < kRank; ++r) {
              sum += 0.5 *
                     static_cast<double>(
                         u[static_cast<size_t>((i * 3 + static_cast<int64_t>(p)) * kRank + r)]) *
                     static_cast<double>(extra[p][static_cast<size_t>(r * parts[p] + c)]);
            }
            ASSERT_NEAR(out[static_cast<size_t>(i * b.n() + column)], sum, 2e-4)
                << compute.kernels->name << ' ' << i << ' ' << column;
          }
        }
      }
    }
  });
}

// The gradient of the head sums over a whole vocabulary: a single running sum in f32 was wrong by
// 1e-3 there.
TEST_F(MatrixTest, LongSumsKeepTheirDigits) {
  const Compute compute{&ChooseKernels(), &pool_};
  const int64_t k = 262144, n = 16;
  std::vector<float> x(static_cast<size_t>(k)), w = Values(k * n, 5);
  Random random(4);
  for (float& v : x) v = static_cast<float>(random.Uniform());
  for (float& v : w) v = 1.0f + 0.01f * v;  // all of one sign: the sums grow large
  Arena arena;
  PackedMatrix b(&arena, Dtype::kF32, {n}, k);
  b.SetRows(compute, 0, k, w.data());
  std::vector<float> out(static_cast<size_t>(n));
  Multiply(compute, 1, {x.data(), k}, b, {out.data(), Dtype::kF32, n, nullptr, 0});
  for (int64_t c = 0; c < n; ++c) {
    double sum = 0;
    for (int64_t j = 0; j < k; ++j) {
      sum += static_cast<double>(x[static_cast<size_t>(j)]) *
             static_cast<double>(w[static_cast<size_t>(j * n + c)]);
    }
    EXPECT_NEAR(out[static_cast<size_t>(c)] / sum, 1.0, 3e-6);
  }
}

TEST_F(MatrixTest, TransposedProductsAddUp) {
  Everywhere([](const Compute& compute, Dtype type) {
    for (const int64_t t : {1, 2, 131, 300}) {
      const int64_t rank = 32, n = 83;
      const auto s = Values(t * rank, 6), x = Values(t * n, 7);
      const Operand ss(*compute.kernels, type, s), xs(*compute.kernels, type, x);
      std::vector<float> out(static_cast<size_t>(rank * n), 1.0f);
      MultiplyTransposed(compute, type, t, {ss.data(), rank}, rank, {xs.data(), n}, n, out.data());
      for (int64_t r = 0; r < rank; ++r) {
        for (int64_t c = 0; c < n; ++c) {
          double sum = 1;
          for (int64_t i = 0; i < t; ++i) {
            sum += static_cast<double>(s[static_cast<size_t>(i * rank + r)]) *
                   static_cast<double>(x[static_cast<size_t>(i * n + c)]);
          }
          ASSERT_NEAR(out[static_cast<size_t>(r * n + c)], sum, 2e-4);
        }
      }
    }
  });
}

}  // namespace
}  // namespace idiolect::native
