#pragma once
// A decoder that learns: forward and hand-written backward over packed rows. With LoRA adapters on
// its seven projections gradients are for the adapters alone, and the base stays as it is in the
// file, in bf16 or f32; or all weights learn. What learns is f32 and is rounded for the products
// after each step.
//
// Notation: W [outputs, inputs] is frozen, A [rank, inputs] and B [outputs, rank] learn, and
// y = x·Wᵀ + scale·(x·Aᵀ)·Bᵀ. Projections of one input (q, k, v; gate, up) are one group: their As
// are stacked, and B's product is done inside the frozen one, as `rank` more rows of it. Ranks are
// padded with zeros to sixteen, the width of a vector; what is padded stays zero by itself.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/files/lora_files.h"
#include "engine/native/attention.h"
#include "engine/native/rope.h"
#include "engine/native/weights.h"
#include "engine/torch/all_weights.h"

namespace idiolect {

// Samples side by side in one row. Sample s is tokens [starts[s], starts[s + 1]), starts has one
// more entry than there are samples; positions count from 0 in each, and none sees another.
struct PackedRow {
  std::vector<int32_t> tokens;
  std::vector<uint8_t> is_target;  // 1: the model learns to say this token after those before it
  std::vector<int64_t> starts = {0};
  std::vector<size_t> origins = {};  // which of what was packed stand here, by number; samples.h

  int64_t CountTargets() const;  // a sample's first token is never one
};

struct LossSum {
  double loss = 0;  // summed over targets
  int64_t targets = 0;
  int64_t correct = 0;  // the most likely token was the right one

  double Mean() const { return targets > 0 ? loss / static_cast<double>(targets) : 0; }
  double Accuracy() const {
    return targets > 0 ? static_cast<double>(correct) / static_cast<double>(targets) : 0;
  }
  void Add(const LossSum& other);
};

struct LoraOptions {
  int rank = 16;
  double alpha = 32;
  uint64_t seed = 7;                             // of A's first values; B begins with zeros
  int64_t max_tokens = 1024;                     // of one row
  bool rslora = false;                           // the scale is alpha / √rank
  std::vector<native::Projection> targets = {};  // that have an adapter; empty: all
  double dropout = 0;                            // of adapters' inputs, while learning
  double neftune = 0;      // noise on embeddings while learning, ± neftune / √(tokens · hidden)
  bool dora = false;       // outputs have magnitudes that learn, too; not together with dropout
  bool recompute = false;  // activations in backward, instead of keeping them
  // The layers' matrices stay in the file as it packs them, and each layer's are unpacked for the
  // time that it is at work. The file must outlive the model.
  bool base_in_file = false;
  // There is no adapter: the weights themselves learn. Of the above only the row's length, noise on
  // embeddings and recomputation count then.
  bool all_weights = false;

  double Scale() const;
};

// From the sum of log probabilities of each sample's targets to the derivative of the loss by it.
using SampleWeights = std::function<std::vector<double>(const std::vector<double>& logprobs)>;

// Rows of logits that are held at once, for rows of `max_tokens`.
int64_t LogitRows(int64_t vocabulary, int64_t max_tokens);

// Owns all memory of training. Thread-compatible; LibTorch's exceptions (out of memory) pass
// through.
class LoraModel {
 public:
  // `compute` must outlive the model.
  static Result<std::unique_ptr<LoraModel>> Load(const native::Compute& compute,
                                                 const ModelFile& file, native::Dtype type,
                                                 const LoraOptions& options);
  static std::unique_ptr<LoraModel> Random(const native::Compute& compute,
                                           const ModelConfig& config, native::Dtype type,
                                           uint64_t weights_seed, const LoraOptions& options);
  ~LoraModel();

  // Of one row; nothing is kept. No noise.
  LossSum Evaluate(const PackedRow& row);
  // The sum of log probabilities of each sample's targets.
  std::vector<double> SampleLogprobs(const PackedRow& row);
  // The same as Evaluate, with noise, and adds the gradient of scale · (sum of losses) to
  // gradients(). The same seed is the same noise.
  LossSum AccumulateGradients(const PackedRow& row, float scale, uint64_t noise_seed = 0);
  // For losses over whole samples: what `weigh` returns goes into the gradient.
  LossSum AccumulateGradients(const PackedRow& row, const SampleWeights& weigh,
                              uint64_t noise_seed);
  void ZeroGradients();

  // All adapters, or all weights, in one array, and gradients laid out alike. After writing to
  // parameters(), call ParametersChanged().
  int64_t parameter_count() const;
  float* parameters();
  float* gradients();
  void ParametersChanged();
  // Where each weight lies among them; with adapters there is none.
  std::vector<NamedPlace> WeightNames() const;
  // How many of them, from the first, are numbers of matrices, whose decay is weight decay's
  // business.
  int64_t matrix_count() const;

  // In and out in PEFT's terms. SetAdapter fails with kBadInput when a matrix does not fit.
  LoraAdapter Adapter() const;
  LoraAdapter Gradients() const;
  Status SetAdapter(const LoraAdapter& adapter);

  const ModelConfig& config() const;
  // Of weights, activations, parameters and their gradients.
  int64_t bytes() const;

 private:
  class Impl;
  explicit LoraModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace idiolect
