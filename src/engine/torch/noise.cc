#include "engine/torch/noise.h"

#include <cmath>
#include <vector>

#include "base/random.h"

namespace idiolect {

uint64_t SeedFor(uint64_t seed, uint64_t what) {
  return Random(Random(seed).Next() ^ what).Next();
}

Dropout::Dropout(double share) : dropped_(static_cast<uint32_t>(std::lround(share * 65536))) {
  if (dropped_ > 0) scale_ = 65536.0f / static_cast<float>(65536 - dropped_);
}

void Dropout::Apply(const native::Compute& compute, uint64_t seed, native::Dtype type, int64_t rows,
                    int64_t columns, const void* x, void* out) const {
  constexpr int64_t kGrain = 32;
  const int64_t size = native::SizeOf(type);
  compute.Ranges(rows, kGrain, [&](int64_t first, int64_t last) {
    std::vector<float> row(static_cast<size_t>(columns));
    for (int64_t i = first; i < last; ++i) {
      const char* from = static_cast<const char*>(x) + i * columns * size;
      char* to = static_cast<char*>(out) + i * columns * size;
      const bool narrow = type == native::Dtype::kBf16;
      const float* values = reinterpret_cast<const float*>(from);
      if (narrow) {
        compute.kernels->to_f32(reinterpret_cast<const uint16_t*>(from), columns, row.data());
        values = row.data();
      }
      float* kept = narrow ? row.data() : reinterpret_cast<float*>(to);
      // Sixteen bits decide about one number.
      Random random(SeedFor(seed, static_cast<uint64_t>(i)));
      for (int64_t c = 0; c < columns; c += 4) {
        uint64_t bits = random.Next();
        for (int64_t k = c; k < c + 4 && k < columns; ++k, bits >>= 16) {
          kept[k] = (bits & 0xffff) < dropped_ ? 0.0f : values[k] * scale_;
        }
      }
      if (narrow) {
        compute.kernels->to_bf16(row.data(), columns, reinterpret_cast<uint16_t*>(to));
      }
    }
  });
}

void AddNoise(uint64_t seed, float most, int64_t n, float* x) {
  Random random(seed);
  for (int64_t i = 0; i < n; ++i) {
    x[i] += static_cast<float>(random.Uniform() * 2 - 1) * most;
  }
}

}  // namespace idiolect
