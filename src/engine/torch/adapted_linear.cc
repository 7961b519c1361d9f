#include "engine/torch/adapted_linear.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace idiolect {

using native::Compute;
using native::Dtype;
using native::PackedMatrix;
using native::SizeOf;
using native::Target;

AdaptedLinear::AdaptedLinear(native::Arena* arena, FrozenWeights frozen, Dtype type, int64_t inputs,
                             std::vector<int64_t> outputs, int64_t rank, bool drops,
                             std::vector<uint8_t> magnitudes)
    : frozen_(frozen),
      type_(type),
      inputs_(inputs),
      rank_(rank),
      outputs_(std::move(outputs)),
      magnitudes_(std::move(magnitudes)) {
  for (const int64_t count : outputs_) {
    total_ += count;
    if (rank_ > 0) expand_.emplace_back(arena, type_, std::vector<int64_t>{rank}, count);
  }
  if (has_magnitudes()) {
    squares_.resize(static_cast<size_t>(total_));
    gains_.resize(squares_.size());
    inverse_.resize(squares_.size());
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

void AdaptedLinear::Measure(int64_t part, const float* w) {
  if (!has_magnitudes()) return;
  int64_t first = 0;
  for (int64_t p = 0; p < part; ++p) first += PartOutputs(p);
  for (int64_t o = 0; o < PartOutputs(part); ++o) {
    double sum = 0;
    for (int64_t i = 0; i < inputs_; ++i) {
      const auto value = static_cast<double>(w[o * inputs_ + i]);
      sum += value * value;
    }
    squares_[static_cast<size_t>(first + o)] = static_cast<float>(sum);
  }
}

float AdaptedLinear::FrozenLength(int64_t part, int64_t output) const {
  int64_t first = 0;
  for (int64_t p = 0; p < part; ++p) first += PartOutputs(p);
  return std::sqrt(squares_[static_cast<size_t>(first + output)]);
}

int64_t AdaptedLinear::MagnitudeOffset(int64_t part) const {
  int64_t at = BOffset(parts());
  for (int64_t p = 0; p < part; ++p) at += PartOutputs(p);
  return at;
}

void AdaptedLinear::SetForwardExtras(const Compute& compute, const float* parameters, float scale) {
  if (rank_ == 0) return;
  for (int64_t part = 0; part < parts(); ++part) {
    frozen_.forward->SetExtra(compute, part, parameters + BOffset(part), 1.0f);
  }
  if (has_magnitudes()) FindGains(compute, parameters, scale);
}

// ‖W + scale · B·A‖² = ‖W‖² + 2 · scale · B·(A·Wᵀ) + scale² · B·(A·Aᵀ)·Bᵀ, row by row, so that V
// itself is never made.
void AdaptedLinear::FindGains(const Compute& compute, const float* parameters, float scale) {
  const float* a = parameters + AOffset(0);
  const int64_t columns = ShrunkColumns();
  const int64_t size = SizeOf(type_);
  std::vector<char> rounded(static_cast<size_t>(columns * inputs_ * size));
  if (type_ == Dtype::kF32) {
    std::memcpy(rounded.data(), a, rounded.size());
  } else {
    compute.kernels->to_bf16(a, columns * inputs_, reinterpret_cast<uint16_t*>(rounded.data()));
  }
  std::vector<float> aw(static_cast<size_t>(columns * total_));
  Multiply(compute, columns, {rounded.data(), inputs_}, *frozen_.forward,
           {aw.data(), Dtype::kF32, total_, nullptr, 0});
  int64_t first = 0;
  for (int64_t part = 0; part < parts(); ++part) {
    const float* own = a + part * rank_ * inputs_;
    std::vector<float> aa(static_cast<size_t>(rank_ * rank_));
    for (int64_t r = 0; r < rank_; ++r) {
      for (int64_t s = 0; s <= r; ++s) {
        const float dot = compute.kernels->dot[0](own + r * inputs_, own + s * inputs_, inputs_);
        aa[static_cast<size_t>(r * rank_ + s)] = aa[static_cast<size_t>(s * rank_ + r)] = dot;
      }
    }
    const float* b = parameters + BOffset(part);
    const float* m = parameters + MagnitudeOffset(part);
    const int64_t outputs = PartOutputs(part);
    compute.Ranges(outputs, 64, [&](int64_t from, int64_t to) {
      for (int64_t o = from; o < to; ++o) {
        double once = 0, twice = 0;
        for (int64_t r = 0; r < rank_; ++r) {
          const auto b_r = static_cast<double>(b[r * outputs + o]);
          if (b_r == 0) continue;
          once += b_r * static_cast<double>(
                            aw[static_cast<size_t>((part * rank_ + r) * total_ + first + o)]);
          for (int64_t s = 0; s < rank_; ++s) {
            twice += b_r * static_cast<double>(b[s * outputs + o]) *
                     static_cast<double>(aa[static_cast<size_t>(r * rank_ + s)]);
          }
        }
        const auto at = static_cast<size_t>(first + o);
        if (magnitudes_[static_cast<size_t>(part)] == 0) {
          gains_[at] = 1;
          inverse_[at] = 0;  // no gradient
          continue;
        }
        const auto factor = static_cast<double>(scale);
        const double square =
            static_cast<double>(squares_[at]) + 2 * factor * once + factor * factor * twice;
        inverse_[at] = static_cast<float>(1 / std::sqrt(std::max(square, 1e-30)));
        gains_[at] = m[o] * inverse_[at];
      }
    });
    first += outputs;
  }
}

void AdaptedLinear::SetBackwardExtras(const Compute& compute, const float* parameters) const {
  if (rank_ > 0) frozen_.backward->SetExtra(compute, parameters + AOffset(0));
}

int64_t AdaptedLinear::ParameterCount() const {
  return (parts() * inputs_ + total_) * rank_ + (has_magnitudes() ? total_ : 0);
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
                            Target out, void* plain, const AdapterNoise* noise,
                            uint64_t seed) const {
  Shrink(compute, rows, x, shrunk, noise, seed);
  const native::Rows extra = rank_ == 0 ? native::Rows{} : native::Rows{shrunk, ShrunkColumns()};
  if (!has_magnitudes()) {
    Multiply(compute, rows, {x, inputs_}, extra, *frozen_.forward, out);
    return;
  }
  Multiply(compute, rows, {x, inputs_}, extra, *frozen_.forward,
           {plain, type_, total_, nullptr, 0});
  compute.Ranges(rows, 32, [&](int64_t first, int64_t last) {
    std::vector<float> row(static_cast<size_t>(total_));
    for (int64_t i = first; i < last; ++i) {
      const float* z = RowOf(compute, plain, i, row.data());
      for (int64_t o = 0; o < total_; ++o) {
        const float before = out.add == nullptr ? 0.0f : out.add[i * out.add_stride + o];
        row[static_cast<size_t>(o)] = before + gains_[static_cast<size_t>(o)] * z[o];
      }
      char* to = static_cast<char*>(out.data) + i * out.stride * SizeOf(out.type);
      if (out.type == Dtype::kF32) {
        std::memcpy(to, row.data(), row.size() * sizeof(float));
      } else {
        compute.kernels->to_bf16(row.data(), total_, reinterpret_cast<uint16_t*>(to));
      }
    }
  });
}

// Row i of [rows, outputs()] as f32; in `scratch`, which holds one, where it is not that already.
const float* AdaptedLinear::RowOf(const Compute& compute, const void* values, int64_t i,
                                  float* scratch) const {
  const char* from = static_cast<const char*>(values) + i * total_ * SizeOf(type_);
  if (type_ == Dtype::kF32) return reinterpret_cast<const float*>(from);
  compute.kernels->to_f32(reinterpret_cast<const uint16_t*>(from), total_, scratch);
  return scratch;
}

// dm = Σ dy · plain / ‖V‖, and dy becomes the gradient of `plain`.
void AdaptedLinear::BackwardGains(const Compute& compute, int64_t rows, void* dy, const void* plain,
                                  float* gradients) const {
  // In pieces of columns, so that a column is summed by one thread and in one order.
  constexpr int64_t kColumns = 64;
  compute.Ranges(total_, kColumns, [&](int64_t first, int64_t last) {
    float d[kColumns], z[kColumns];
    double sums[kColumns] = {};
    const int64_t count = last - first;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t at = (i * total_ + first) * SizeOf(type_);
      char* dy_at = static_cast<char*>(dy) + at;
      const char* plain_at = static_cast<const char*>(plain) + at;
      if (type_ == Dtype::kF32) {
        std::memcpy(d, dy_at, static_cast<size_t>(count) * sizeof(float));
        std::memcpy(z, plain_at, static_cast<size_t>(count) * sizeof(float));
      } else {
        compute.kernels->to_f32(reinterpret_cast<const uint16_t*>(dy_at), count, d);
        compute.kernels->to_f32(reinterpret_cast<const uint16_t*>(plain_at), count, z);
      }
      for (int64_t c = 0; c < count; ++c) {
        sums[c] += static_cast<double>(d[c]) * static_cast<double>(z[c]);
        d[c] *= gains_[static_cast<size_t>(first + c)];
      }
      if (type_ == Dtype::kF32) {
        std::memcpy(dy_at, d, static_cast<size_t>(count) * sizeof(float));
      } else {
        compute.kernels->to_bf16(d, count, reinterpret_cast<uint16_t*>(dy_at));
      }
    }
    float* dm = gradients + MagnitudeOffset(0) + first;
    for (int64_t c = 0; c < count; ++c) {
      dm[c] += static_cast<float>(sums[c] *
                                  static_cast<double>(inverse_[static_cast<size_t>(first + c)]));
    }
  });
}

void AdaptedLinear::Backward(const Compute& compute, int64_t rows, void* dy, const void* x,
                             const void* shrunk, void* scratch, float* gradients, Target dx,
                             const void* plain, const AdapterNoise* noise, uint64_t seed) const {
  if (has_magnitudes()) BackwardGains(compute, rows, dy, plain, gradients);
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
