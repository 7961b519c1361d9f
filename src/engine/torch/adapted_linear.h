#pragma once
// The projections of one input with their adapters: forward, backward, and the adapters' gradients.
// See lora_model.h for the notation.

#include <cstdint>
#include <vector>

#include "engine/native/matrix.h"

namespace idiolect {

class AdaptedLinear {
 public:
  // `forward` is where the frozen weights will be, with extra_k = the padded rank; it outlives
  // this. It may still be empty.
  AdaptedLinear(native::Arena* arena, native::PackedMatrix* forward, native::Dtype type,
                int64_t inputs, std::vector<int64_t> outputs, int64_t rank);

  // While the model is loaded: W of one part, for the products of backward.
  void SetFrozen(const native::Compute& compute, int64_t part, const float* w);

  // Where this group's parameters lie in the model's array: A [parts * rank, inputs], then for each
  // part Bᵀ [rank, outputs].
  int64_t ParameterCount() const;
  void Place(int64_t offset) { offset_ = offset; }
  int64_t AOffset(int64_t part) const { return offset_ + part * rank_ * inputs_; }
  int64_t BOffset(int64_t part) const;

  void ParametersChanged(const native::Compute& compute, const float* parameters, float scale);

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return total_; }
  int64_t parts() const { return static_cast<int64_t>(outputs_.size()); }
  int64_t PartOutputs(int64_t part) const { return outputs_[static_cast<size_t>(part)]; }
  int64_t rank() const { return rank_; }
  int64_t ShrunkColumns() const { return parts() * rank_; }

  // shrunk [rows, ShrunkColumns()] = scale · x·Aᵀ, kept for backward; out = x·Wᵀ + shrunk·Bᵀ.
  void Forward(const native::Compute& compute, int64_t rows, const void* x, void* shrunk,
               native::Target out) const;
  // From dy [rows, outputs()]: adds the adapters' gradients, and unless dx.data is null writes that
  // of x. `scratch` is like `shrunk`.
  void Backward(const native::Compute& compute, int64_t rows, const void* dy, const void* x,
                const void* shrunk, void* scratch, float* gradients, native::Target dx) const;

 private:
  native::PackedMatrix* forward_;
  native::Dtype type_;
  int64_t inputs_, total_ = 0, rank_;
  int64_t offset_ = 0;
  std::vector<int64_t> outputs_;
  native::PackedMatrix backward_;             // [outputs (+ parts * rank: A), inputs]
  native::PackedMatrix shrink_;               // [inputs, parts * rank]: scale · Aᵀ
  std::vector<native::PackedMatrix> expand_;  // per part [outputs, rank]: scale · B
};

}  // namespace idiolect
