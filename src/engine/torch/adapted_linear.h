#pragma once
// The projections of one input with their adapters: forward, backward, and the adapters' gradients.
// See lora_model.h for the notation.

#include <cstdint>
#include <vector>

#include "engine/native/matrix.h"
#include "engine/torch/noise.h"

namespace idiolect {

// What the groups of a model share: the mask of dropout, and room for an input with its mask on and
// for the adapters' part of its gradient.
struct AdapterNoise {
  Dropout dropout;
  void* dropped = nullptr;    // [rows, the widest input], the model's format
  float* gradient = nullptr;  // the same, f32
};

// Where a group's frozen weights are, for either pass, each with room for the adapter's rank. The
// matrices may belong to it alone, or be used in turn by the same group of every layer.
struct FrozenWeights {
  native::PackedMatrix* forward = nullptr;   // [inputs, outputs], parts side by side
  native::PackedMatrix* backward = nullptr;  // [outputs (+ parts * rank: A), inputs]
};

// With DoRA (Liu et al. 2024) each output o has a magnitude m that learns, too, and the weight's
// row is m · V / ‖V‖ for V = W + scale · B·A; as in PEFT, ‖V‖ counts as a constant in backward. y
// is then gain · (x·Wᵀ + shrunk·Bᵀ) with gain = m / ‖V‖.

class AdaptedLinear {
 public:
  // `frozen` outlives this; what it points at may still be empty. rank 0: nothing here learns. With
  // `drops` both passes need noise. `magnitudes`: DoRA, and which parts learn at all; empty: LoRA.
  AdaptedLinear(native::Arena* arena, FrozenWeights frozen, native::Dtype type, int64_t inputs,
                std::vector<int64_t> outputs, int64_t rank, bool drops,
                std::vector<uint8_t> magnitudes);

  // W of one part, for the products of forward or backward.
  void SetForward(const native::Compute& compute, int64_t part, const float* w) const;
  void SetBackward(const native::Compute& compute, int64_t part, const float* w) const;

  // With DoRA, while the model is loaded: W of one part, for its rows' lengths.
  void Measure(int64_t part, const float* w);

  // Where this group's parameters lie in the model's array: A [parts * rank, inputs], then for each
  // part Bᵀ [rank, outputs], and with DoRA the magnitudes of all parts.
  int64_t ParameterCount() const;
  void Place(int64_t offset) { offset_ = offset; }
  int64_t AOffset(int64_t part) const { return offset_ + part * rank_ * inputs_; }
  int64_t BOffset(int64_t part) const;
  bool has_magnitudes() const { return rank_ > 0 && !magnitudes_.empty(); }
  int64_t MagnitudeOffset(int64_t part) const;
  // What they are where the adapter changes nothing.
  float FrozenLength(int64_t part, int64_t output) const;

  // The matrices of its own; those of the frozen weights then need SetExtras before they are used.
  void ParametersChanged(const native::Compute& compute, const float* parameters, float scale);
  // With DoRA also finds the rows' lengths anew: forward's weights must be there.
  void SetForwardExtras(const native::Compute& compute, const float* parameters, float scale);
  void SetBackwardExtras(const native::Compute& compute, const float* parameters) const;

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return total_; }
  int64_t parts() const { return static_cast<int64_t>(outputs_.size()); }
  int64_t PartOutputs(int64_t part) const { return outputs_[static_cast<size_t>(part)]; }
  int64_t rank() const { return rank_; }
  int64_t ShrunkColumns() const { return parts() * rank_; }
  int64_t bytes() const;  // without the frozen weights

  // shrunk [rows, ShrunkColumns()] = scale · x·Aᵀ, kept for backward; out = x·Wᵀ + shrunk·Bᵀ. With
  // `noise`, the adapters' x loses numbers by the mask of `seed`. With DoRA, `plain` [rows,
  // outputs()] is the sum before its gains, kept for backward.
  void Forward(const native::Compute& compute, int64_t rows, const void* x, void* shrunk,
               native::Target out, void* plain, const AdapterNoise* noise, uint64_t seed) const;
  // The products' first half alone.
  void Shrink(const native::Compute& compute, int64_t rows, const void* x, void* shrunk,
              const AdapterNoise* noise, uint64_t seed) const;
  // From dy [rows, outputs()]: adds the adapters' gradients, and unless dx.data is null writes that
  // of x. `scratch` is like `shrunk`. `plain`, `noise` and `seed` as they were in forward. With
  // DoRA dy is changed.
  void Backward(const native::Compute& compute, int64_t rows, void* dy, const void* x,
                const void* shrunk, void* scratch, float* gradients, native::Target dx,
                const void* plain, const AdapterNoise* noise, uint64_t seed) const;

 private:
  void FindGains(const native::Compute& compute, const float* parameters, float scale);
  const float* RowOf(const native::Compute& compute, const void* values, int64_t i,
                     float* scratch) const;
  void BackwardGains(const native::Compute& compute, int64_t rows, void* dy, const void* plain,
                     float* gradients) const;

  FrozenWeights frozen_;
  native::Dtype type_;
  int64_t inputs_, total_ = 0, rank_;
  int64_t offset_ = 0;
  std::vector<int64_t> outputs_;
  std::vector<uint8_t> magnitudes_;
  std::vector<float> squares_;          // of the frozen rows' lengths; DoRA's, as what follows
  std::vector<float> gains_, inverse_;  // m / ‖V‖ and 1 / ‖V‖
  native::PackedMatrix shrink_;         // [inputs, parts * rank]: scale · Aᵀ
  std::vector<native::PackedMatrix> expand_;  // per part [outputs, rank]: scale · B
  native::PackedMatrix lift_;                 // [parts * rank, inputs]: A, where there is dropout
};

}  // namespace idiolect
