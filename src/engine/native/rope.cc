#include "engine/native/rope.h"

#include <algorithm>
#include <cmath>

namespace idiolect::native {

RopeTables::RopeTables(const ModelConfig& config) : half_(config.rope_dim / 2) {
  global_.magnitude = static_cast<double>(config.rope_magnitude);
  if (config.rope_scales_sliding) local_.magnitude = global_.magnitude;
  for (int64_t i = 0; i < half_; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(config.rope_dim);
    double divisor = static_cast<double>(config.rope_linear_factor);
    if (!config.rope_divisors.empty()) {
      divisor *= static_cast<double>(config.rope_divisors[static_cast<size_t>(i)]);
    }
    const double global = std::pow(static_cast<double>(config.rope_base), exponent);
    const double local = std::pow(static_cast<double>(config.rope_base_local), exponent);
    global_.frequencies.push_back(global / divisor);
    local_.frequencies.push_back(config.rope_scales_sliding ? local / divisor : local);
  }
}

void RopeTables::Reserve(int64_t count) {
  if (count <= count_) return;
  count = std::max(count, 2 * count_);
  Extend(&global_, count);
  Extend(&local_, count);
  count_ = count;
}

void RopeTables::Extend(Table* table, int64_t count) {
  for (int64_t position = count_; position < count; ++position) {
    for (const double frequency : table->frequencies) {
      const double angle = static_cast<double>(position) * frequency;
      table->cosines.push_back(static_cast<float>(table->magnitude * std::cos(angle)));
      table->sines.push_back(static_cast<float>(table->magnitude * std::sin(angle)));
    }
  }
}

}  // namespace idiolect::native
