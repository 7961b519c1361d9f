#include "engine/torch/optimizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace idiolect {
namespace {

// Also the unit in which the norm is summed, so that it does not depend on the threads.
constexpr int64_t kPiece = 1 << 16;

}  // namespace

AdamW::AdamW(const native::Compute& compute, int64_t count, double weight_decay, int64_t decaying)
    : compute_(compute), count_(count), decaying_(decaying), weight_decay_(weight_decay) {}

void AdamW::Restore(int64_t steps, std::vector<float> first_moment,
                    std::vector<float> second_moment) {
  steps_ = steps;
  first_ = std::move(first_moment);
  second_ = std::move(second_moment);
}

double AdamW::Step(double rate, double clip_norm, const float* gradients, float* parameters) {
  Made(&first_);
  Made(&second_);
  std::vector<double> squares(static_cast<size_t>((count_ + kPiece - 1) / kPiece));
  compute_.Ranges(count_, kPiece, [&](int64_t first, int64_t last) {
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
  const auto t = static_cast<double>(steps_);
  step.correction1 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta1), t));
  step.correction2 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta2), t));
  if (clip_norm > 0)
    step.gradient_scale = static_cast<float>(std::min(1.0, clip_norm / (norm + 1e-6)));
  const auto move = [&](int64_t first, int64_t last, double weight_decay) {
    native::AdamStep with = step;
    with.weight_decay = static_cast<float>(weight_decay);
    compute_.kernels->adam(with, gradients + first, last - first, parameters + first,
                           first_.data() + first, second_.data() + first);
  };
  compute_.Ranges(count_, kPiece, [&](int64_t first, int64_t last) {
    const int64_t middle = std::clamp(decaying_, first, last);
    if (first < middle) move(first, middle, weight_decay_);
    if (middle < last) move(middle, last, 0);
  });
  return norm;
}

}  // namespace idiolect
