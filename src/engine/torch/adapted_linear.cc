#include "engine/torch/adapted_linear.h"

namespace idiolect {

using native::Compute;
using native::Dtype;
using native::PackedMatrix;
using native::SizeOf;
using native::Target;

AdaptedLinear::AdaptedLinear(native::Arena* arena, PackedMatrix* forward, Dtype type,
                             int64_t inputs, std::vector<int64_t> outputs, int64_t rank)
    : forward_(forward), type_(type), inputs_(inputs), rank_(rank), outputs_(std::move(outputs)) {
  for (const int64_t count : outputs_) {
    total_ += count;
    expand_.emplace_back(arena, type_, std::vector<int64_t>{rank}, count);
  }
  backward_ = PackedMatrix(arena, type_, {inputs}, total_, ShrunkColumns());
  shrink_ = PackedMatrix(arena, type_, {ShrunkColumns()}, inputs);
}

void AdaptedLinear::SetFrozen(const Compute& compute, int64_t part, const float* w) {
  int64_t first = 0;
  for (int64_t p = 0; p < part; ++p) first += PartOutputs(p);
  backward_.SetRows(compute, first, PartOutputs(part), w);
}

int64_t AdaptedLinear::ParameterCount() const {
  return (parts() * inputs_ + total_) * rank_;
}

int64_t AdaptedLinear::BOffset(int64_t part) const {
  int64_t at = offset_ + parts() * rank_ * inputs_;
  for (int64_t p = 0; p < part; ++p) at += PartOutputs(p) * rank_;
  return at;
}

void AdaptedLinear::ParametersChanged(const Compute& compute, const float* parameters,
                                      float scale) {
  const float* a = parameters + AOffset(0);
  const int64_t count = ShrunkColumns() * inputs_;
  std::vector<float> scaled(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) scaled[static_cast<size_t>(i)] = a[i] * scale;
  shrink_.SetTransposed(compute, 0, 0, ShrunkColumns(), scaled.data());
  backward_.SetExtra(compute, a);
  for (int64_t part = 0; part < parts(); ++part) {
    const float* b = parameters + BOffset(part);
    forward_->SetExtra(compute, part, b, 1.0f);
    const int64_t size = PartOutputs(part) * rank_;
    scaled.resize(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) scaled[static_cast<size_t>(i)] = b[i] * scale;
    expand_[static_cast<size_t>(part)].SetTransposed(compute, 0, 0, rank_, scaled.data());
  }
}

void AdaptedLinear::Forward(const Compute& compute, int64_t rows, const void* x, void* shrunk,
                            Target out) const {
  const int64_t columns = ShrunkColumns();
  Multiply(compute, rows, {x, inputs_}, shrink_, {shrunk, type_, columns, nullptr, 0});
  Multiply(compute, rows, {x, inputs_}, {shrunk, columns}, *forward_, out);
}

void AdaptedLinear::Backward(const Compute& compute, int64_t rows, const void* dy, const void* x,
                             const void* shrunk, void* scratch, float* gradients, Target dx) const {
  const int64_t size = SizeOf(type_);
  const int64_t columns = ShrunkColumns();
  const auto* dy_bytes = static_cast<const char*>(dy);
  int64_t first = 0;
  for (int64_t part = 0; part < parts(); ++part) {
    const native::Rows dy_part{dy_bytes + first * size, total_};
    Multiply(compute, rows, dy_part, expand_[static_cast<size_t>(part)],
             {static_cast<char*>(scratch) + part * rank_ * size, type_, columns, nullptr, 0});
    MultiplyTransposed(compute, type_, rows,
                       {static_cast<const char*>(shrunk) + part * rank_ * size, columns}, rank_,
                       dy_part, PartOutputs(part), gradients + BOffset(part));
    first += PartOutputs(part);
  }
  MultiplyTransposed(compute, type_, rows, {scratch, columns}, columns, {x, inputs_}, inputs_,
                     gradients + AOffset(0));
  if (dx.data != nullptr) {
    Multiply(compute, rows, {dy, total_}, {scratch, columns}, backward_, dx);
  }
}

}  // namespace idiolect
