#include "engine/torch/optimizer.h"

#include <cmath>

namespace idiolect {
namespace {

// Also the unit in which the norm is summed, so that it does not depend on the threads.
constexpr int64_t kPiece = 1 << 16;

}  // namespace

AdamW::AdamW(const native::Compute& compute, int64_t count, double weight_decay)
    : compute_(compute),
      weight_decay_(weight_decay),
      first_(static_cast<size_t>(count)),
      second_(static_cast<size_t>(count)) {}

double AdamW::Step(double rate, double clip_norm, const float* gradients, float* parameters) {
  const auto count = static_cast<int64_t>(first_.size());
  std::vector<double> squares(static_cast<size_t>((count + kPiece - 1) / kPiece));
  compute_.Ranges(count, kPiece, [&](int64_t first, int64_t last) {
    squares[static_cast<size_t>(first / kPiece)] =
        compute_.kernels->sum_squares(gradients + first, last - first);
  });
  double sum = 0;
  for (const double square : squares) sum += square;
  const double norm = std::sqrt(sum);
  if (!std::isfinite(norm)) return norm;

  ++steps_;
  native::AdamStep step;
  step.rate = static_cast<float>(rate);
  step.weight_decay = static_cast<float>(weight_decay_);
  const auto t = static_cast<double>(steps_);
  step.correction1 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta1), t));
  step.correction2 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta2), t));
  if (clip_norm > 0)
    step.gradient_scale = static_cast<float>(std::min(1.0, clip_norm / (norm + 1e-6)));
  compute_.Ranges(count, kPiece, [&](int64_t first, int64_t last) {
    compute_.kernels->adam(step, gradients + first, last - first, parameters + first,
                           first_.data() + first, second_.data() + first);
  });
  return norm;
}

}  // namespace idiolect
