#include "engine/torch/plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace idiolect {
namespace {

struct Defaults {
  int64_t below_samples;
  int epochs;
  double rate;
  int rank;
};

constexpr Defaults kDefaults[] = {
    {200, 6, 1e-3, 8},
    {1000, 4, 8e-4, 16},
    {5000, 3, 5e-4, 16},
    {std::numeric_limits<int64_t>::max(), 2, 3e-4, 32},
};

}  // namespace

TrainOptions ResolveOptions(const TrainOptions& options, int64_t samples) {
  const Defaults* row = kDefaults;
  while (samples >= row->below_samples) ++row;
  TrainOptions resolved = options;
  const bool pairs = options.method == TrainMethod::kPreference;
  if (resolved.epochs == 0) resolved.epochs = pairs ? std::min(row->epochs, 2) : row->epochs;
  if (resolved.learning_rate == 0) {
    resolved.learning_rate =
        row->rate * (pairs ? 0.1 : 1) * (options.full ? 0.1 : 1) * options.learning_rate_factor;
  }
  if (options.full) return resolved;
  if (resolved.rank == 0) resolved.rank = row->rank;
  if (resolved.alpha == 0) resolved.alpha = 2 * resolved.rank;
  return resolved;
}

int64_t CountSteps(const TrainOptions& resolved, int64_t rows) {
  const int64_t per_epoch = (rows + resolved.rows_per_step - 1) / resolved.rows_per_step;
  const int64_t steps = per_epoch * resolved.epochs;
  return resolved.max_steps > 0 ? std::min<int64_t>(steps, resolved.max_steps) : steps;
}

double RateAt(const TrainOptions& resolved, int64_t step, int64_t total) {
  const double warmup = std::ceil(resolved.warmup_share * static_cast<double>(total));
  const auto at = static_cast<double>(step);
  if (at <= warmup) return resolved.learning_rate * at / std::max(1.0, warmup);
  const double left = std::max(1.0, static_cast<double>(total) - warmup);
  switch (resolved.schedule) {
    case Schedule::kConstant:
      return resolved.learning_rate;
    case Schedule::kLinear:
      return resolved.learning_rate * (static_cast<double>(total) - at + 1) / left;
    case Schedule::kCosine:
      break;
  }
  constexpr double kLeast = 0.1;
  constexpr double kPi = 3.14159265358979323846;
  const double share = (at - warmup) / left;
  return resolved.learning_rate * (kLeast + (1 - kLeast) * 0.5 * (1 + std::cos(kPi * share)));
}

}  // namespace idiolect
