#include "engine/torch/preference.h"

#include <algorithm>
#include <cmath>

namespace idiolect {

void PreferenceSum::Add(const PreferenceSum& other) {
  loss.Add(other.loss);
  margin += other.margin;
}

std::vector<double> PreferenceWeights(const std::vector<double>& logprobs,
                                      const std::vector<double>& reference, double beta,
                                      double scale, PreferenceSum* sum) {
  std::vector<double> weights(logprobs.size());
  for (size_t i = 0; i + 1 < logprobs.size(); i += 2) {
    const double h = beta * ((logprobs[i] - logprobs[i + 1]) - (reference[i] - reference[i + 1]));
    // −log σ(h) without overflow on either side.
    sum->loss.loss += std::max(0.0, -h) + std::log1p(std::exp(-std::fabs(h)));
    sum->loss.targets += 1;
    sum->loss.correct += h > 0 ? 1 : 0;
    sum->margin += h;
    const double wrong = 1 / (1 + std::exp(h));  // σ(−h)
    weights[i] = -scale * beta * wrong;
    weights[i + 1] = scale * beta * wrong;
  }
  return weights;
}

}  // namespace idiolect
