#include "engine/native/rope.h"

#include <algorithm>
#include <cmath>

namespace idiolect::native {

RopeTables::RopeTables(const ModelConfig& config) : half_(config.rope_dim / 2) {
  for (int64_t i = 0; i < half_; ++i) {
    const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(config.rope_dim);
    double global = std::pow(static_cast<double>(config.rope_base), exponent);
    if (!config.rope_divisors.empty()) {
      global /= static_cast<double>(config.rope_divisors[static_cast<size_t>(i)]);
    }
    global_.frequencies.push_back(global / static_cast<double>(config.rope_linear_factor));
    local_.frequencies.push_back(std::pow(static_cast<double>(config.rope_base_local), exponent));
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
      table->cosines.push_back(static_cast<float>(std::cos(angle)));
      table->sines.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

}  // namespace idiolect::native
