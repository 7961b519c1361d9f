#include "engine/torch/adapted_linear.h"

namespace idiolect {

using native::Compute;
using native::Dtype;
using native::PackedMatrix;
using native::SizeOf;
using native::Target;

AdaptedLinear::AdaptedLinear(native::Arena* arena, FrozenWeights frozen, Dtype type, int64_t inputs,
                             std::vector<int64_t> outputs, int64_t rank, bool drops)
    : frozen_(frozen), type_(type), inputs_(inputs), rank_(rank), outputs_(std::move(outputs)) {
  for (const int64_t count : outputs_) {
    total_ += count;
    if (rank_ > 0) expand_.emplace_back(arena, type_, std::vector<int64_t>{rank}, count);
  }
  if (rank_ == 0) return;
  shrink_ = PackedMatrix(arena, type_, {ShrunkColumns()}, inputs);
  if (drops) lift_ = PackedMatrix(arena, type_, {inputs}, ShrunkColumns());
}

void AdaptedLinear::SetForward(const Compute& compute, int64_t part, const float* w) const {
  frozen_.forward->SetTransposed(compute, part, 0, PartOutputs(part), w);
}

void AdaptedLinear::SetBackward(const Compute& compute, int64_t part, const float* w) const {
  int64_t first = 0;
  for (int64_t p = 0; p < part; ++p) first += PartOutputs(p);
  frozen_.backward->SetRows(compute, first, PartOutputs(part), w);
}

void AdaptedLinear::SetForwardExtras(const Compute& compute, const float* parameters) const {
  if (rank_ == 0) return;
  for (int64_t part = 0; part < parts(); ++part) {
    frozen_.forward->SetExtra(compute, part, parameters + BOffset(part), 1.0f);
  }
}

void AdaptedLinear::SetBackwardExtras(const Compute& compute, const float* parameters) const {
  if (rank_ > 0) frozen_.backward->SetExtra(compute, parameters + AOffset(0));
}

int64_t AdaptedLinear::ParameterCount() const {
  return (parts() * inputs_ + total_) * rank_;
}

int64_t AdaptedLinear::BOffset(int64_t part) const {
  int64_t at = offset_ + parts() * rank_ * inputs_;
  for (int64_t p = 0; p < part; ++p) at += PartOutputs(p) * rank_;
  return at;
}

int64_t AdaptedLinear::bytes() const {
  int64_t total = shrink_.bytes() + lift_.bytes();
  for (const PackedMatrix& matrix : expand_) total += matrix.bytes();
  return total;
}

void AdaptedLinear::ParametersChanged(const Compute& compute, const float* parameters,
                                      float scale) {
  if (rank_ == 0) return;
  const float* a = parameters + AOffset(0);
  const int64_t count = ShrunkColumns() * inputs_;
  std::vector<float> scaled(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) scaled[static_cast<size_t>(i)] = a[i] * scale;
  shrink_.SetTransposed(compute, 0, 0, ShrunkColumns(), scaled.data());
  if (lift_.n() > 0) lift_.SetRows(compute, 0, ShrunkColumns(), a);
  for (int64_t part = 0; part < parts(); ++part) {
    const float* b = parameters + BOffset(part);
    const int64_t size = PartOutputs(part) * rank_;
    scaled.resize(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) scaled[static_cast<size_t>(i)] = b[i] * scale;
    expand_[static_cast<size_t>(part)].SetTransposed(compute, 0, 0, rank_, scaled.data());
  }
}

void AdaptedLinear::Shrink(const Compute& compute, int64_t rows, const void* x, void* shrunk,
                           const AdapterNoise* noise, uint64_t seed) const {
  if (rank_ == 0) return;
  const void* seen = x;
  if (noise != nullptr && noise->dropout.on()) {
    noise->dropout.Apply(compute, seed, type_, rows, inputs_, x, noise->dropped);
    seen = noise->dropped;
  }
  Multiply(compute, rows, {seen, inputs_}, shrink_, {shrunk, type_, ShrunkColumns(), nullptr, 0});
}

void AdaptedLinear::Forward(const Compute& compute, int64_t rows, const void* x, void* shrunk,
                            Target out, const AdapterNoise* noise, uint64_t seed) const {
  Shrink(compute, rows, x, shrunk, noise, seed);
  const native::Rows extra = rank_ == 0 ? native::Rows{} : native::Rows{shrunk, ShrunkColumns()};
  Multiply(compute, rows, {x, inputs_}, extra, *frozen_.forward, out);
}

void AdaptedLinear::Backward(const Compute& compute, int64_t rows, const void* dy, const void* x,
                             const void* shrunk, void* scratch, float* gradients, Target dx,
                             const AdapterNoise* noise, uint64_t seed) const {
  if (rank_ == 0) {
    if (dx.data != nullptr) Multiply(compute, rows, {dy, total_}, *frozen_.backward, dx);
    return;
  }
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
  const bool drops = noise != nullptr && noise->dropout.on();
  const void* seen = x;
  if (drops) {
    noise->dropout.Apply(compute, seed, type_, rows, inputs_, x, noise->dropped);
    seen = noise->dropped;
  }
  MultiplyTransposed(compute, type_, rows, {scratch, columns}, columns, {seen, inputs_}, inputs_,
                     gradients + AOffset(0));
  if (dx.data == nullptr) return;
  if (!drops) {
    Multiply(compute, rows, {dy, total_}, {scratch, columns}, *frozen_.backward, dx);
    return;
  }
  Multiply(compute, rows, {scratch, columns}, lift_,
           {noise->gradient, Dtype::kF32, inputs_, nullptr, 0});
  noise->dropout.Apply(compute, seed, Dtype::kF32, rows, inputs_, noise->gradient, noise->gradient);
  dx.add = noise->gradient;
  dx.add_stride = inputs_;
  Multiply(compute, rows, {dy, total_}, *frozen_.backward, dx);
}

}  // namespace idiolect
