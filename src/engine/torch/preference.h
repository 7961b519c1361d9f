#pragma once
// Direct preference optimisation (Rafailov et al. 2023): from log probabilities of whole answers to
// a loss and to what each answer's log probability is worth in its gradient.
//
// For a pair, h = beta · ((chosen − rejected) − (chosen − rejected by the reference)); the loss is
// −log σ(h). The reference is the base model without its adapter.

#include <vector>

#include "engine/torch/lora_model.h"

namespace idiolect {

struct PreferenceSum {
  LossSum loss;       // over pairs; `correct` counts those whose chosen answer gained more
  double margin = 0;  // sum of h

  void Add(const PreferenceSum& other);
  double MeanMargin() const {
    return loss.targets > 0 ? margin / static_cast<double>(loss.targets) : 0;
  }
};

// `logprobs` and `reference` alternate: chosen, rejected. Adds to `sum`, and returns the derivative
// of scale · (sum of losses) by each log probability.
std::vector<double> PreferenceWeights(const std::vector<double>& logprobs,
                                      const std::vector<double>& reference, double beta,
                                      double scale, PreferenceSum* sum);

}  // namespace idiolect
