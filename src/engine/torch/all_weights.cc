#include "engine/torch/all_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace idiolect {

using native::Compute;
using native::Dtype;
using native::Projection;

namespace {

// What one thread sums of a row: columns, so that each number has one thread and one order.
constexpr int64_t kColumns = 64;
// Rows whose sums are made apart and then added in their order.
constexpr int64_t kRows = 32;

const char* const kMatrixNames[native::kProjections] = {
    "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"};

// `count` numbers of either format as f32; in `scratch` where they are not that already.
const float* AsFloats(const Compute& compute, Dtype type, const void* from, int64_t count,
                      float* scratch) {
  if (type == Dtype::kF32) return static_cast<const float*>(from);
  compute.kernels->to_f32(static_cast<const uint16_t*>(from), count, scratch);
  return scratch;
}

const char* At(const void* data, Dtype type, int64_t number) {
  return static_cast<const char*>(data) + number * native::SizeOf(type);
}

struct VectorOf {
  const char* name;
  WeightPlace LayerPlaces::*place;
  std::vector<float> native::LayerWeights::*values;
};
constexpr VectorOf kVectors[] = {
    {"attn_norm.weight", &LayerPlaces::attention_norm, &native::LayerWeights::attention_norm},
    {"ffn_norm.weight", &LayerPlaces::ffn_norm, &native::LayerWeights::ffn_norm},
    {"attn_q_norm.weight", &LayerPlaces::q_norm, &native::LayerWeights::q_norm},
    {"attn_k_norm.weight", &LayerPlaces::k_norm, &native::LayerWeights::k_norm},
    {"post_attention_norm.weight", &LayerPlaces::post_attention_norm,
     &native::LayerWeights::post_attention_norm},
    {"post_ffw_norm.weight", &LayerPlaces::post_ffn_norm, &native::LayerWeights::post_ffn_norm},
    {nullptr, &LayerPlaces::qkv_bias, &native::LayerWeights::qkv_bias},
};

}  // namespace

WeightPlaces::WeightPlaces(const ModelConfig& c) : layers(static_cast<size_t>(c.layers)) {
  const auto take = [&](int64_t numbers) {
    const WeightPlace place{count, numbers};
    count += numbers;
    return place;
  };
  embedding = take(c.vocabulary * c.hidden);
  head = c.tied_head ? embedding : take(c.vocabulary * c.hidden);
  for (LayerPlaces& layer : layers) {
    for (int p = 0; p < native::kProjections; ++p) {
      const auto [rows, columns] = ShapeOf(c, static_cast<Projection>(p));
      layer.projections[static_cast<size_t>(p)] = take(rows * columns);
    }
  }
  matrices = count;
  final_norm = take(c.hidden);
  for (LayerPlaces& layer : layers) {
    layer.attention_norm = take(c.hidden);
    layer.ffn_norm = take(c.hidden);
    if (c.qk_norm) layer.q_norm = take(c.head_dim);
    if (c.qk_norm) layer.k_norm = take(c.head_dim);
    if (c.post_attention_norm) layer.post_attention_norm = take(c.hidden);
    if (c.post_ffn_norm) layer.post_ffn_norm = take(c.hidden);
    if (c.qkv_bias) layer.qkv_bias = take((c.heads + 2 * c.kv_heads) * c.head_dim);
  }
}

std::vector<NamedPlace> WeightPlaces::Named(const ModelConfig& c) const {
  std::vector<NamedPlace> named = {{"token_embd.weight", embedding},
                                   {"output_norm.weight", final_norm}};
  if (!c.tied_head) named.push_back({"output.weight", head});
  for (size_t i = 0; i < layers.size(); ++i) {
    const LayerPlaces& layer = layers[i];
    const std::string blk = "blk." + std::to_string(i) + ".";
    for (size_t p = 0; p < layer.projections.size(); ++p) {
      named.push_back({blk + kMatrixNames[p] + ".weight", layer.projections[p]});
    }
    for (const VectorOf& vector : kVectors) {
      const WeightPlace place = layer.*vector.place;
      if (vector.name != nullptr && place.count > 0) named.push_back({blk + vector.name, place});
    }
    int64_t at = layer.qkv_bias.at;
    for (size_t p = 0; layer.qkv_bias.count > 0 && p < 3; ++p) {
      const int64_t rows = ShapeOf(c, static_cast<Projection>(p)).rows;
      named.push_back({blk + kMatrixNames[p] + ".bias", {at, rows}});
      at += rows;
    }
  }
  return named;
}

void TakeVectors(const WeightPlaces& places, const native::Weights& weights, float* values) {
  std::copy(weights.final_norm.begin(), weights.final_norm.end(), values + places.final_norm.at);
  for (size_t i = 0; i < places.layers.size(); ++i) {
    for (const VectorOf& vector : kVectors) {
      const std::vector<float>& from = weights.layers[i].*vector.values;
      std::copy(from.begin(), from.end(), values + (places.layers[i].*vector.place).at);
    }
  }
}

void PutVectors(const WeightPlaces& places, const float* values, native::Weights* weights) {
  const auto put = [&](const WeightPlace& place, std::vector<float>* to) {
    to->assign(values + place.at, values + place.at + place.count);
  };
  put(places.final_norm, &weights->final_norm);
  for (size_t i = 0; i < places.layers.size(); ++i) {
    for (const VectorOf& vector : kVectors) {
      put(places.layers[i].*vector.place, &(weights->layers[i].*vector.values));
    }
  }
}

void AddMatrixGradient(const Compute& compute, Dtype type, int64_t rows, native::Rows dy,
                       int64_t outputs, native::Rows x, int64_t inputs, float* gradient) {
  constexpr int64_t kTogether = 16;  // outputs that MultiplyTransposed takes
  constexpr int64_t kSlice = 2048;   // of a vocabulary, so that its copy stays small
  const int64_t whole = outputs / kTogether * kTogether;
  for (int64_t first = 0; first < whole; first += kSlice) {
    MultiplyTransposed(compute, type, rows, {At(dy.data, type, first), dy.stride},
                       std::min(kSlice, whole - first), x, inputs, gradient + first * inputs);
  }
  const int64_t left = outputs - whole;
  if (left == 0) return;
  const int64_t size = native::SizeOf(type);
  std::vector<char> padded(static_cast<size_t>(rows * kTogether * size));
  for (int64_t i = 0; i < rows; ++i) {
    std::memcpy(padded.data() + i * kTogether * size, At(dy.data, type, i * dy.stride + whole),
                static_cast<size_t>(left * size));
  }
  std::vector<float> sums(static_cast<size_t>(kTogether * inputs));
  MultiplyTransposed(compute, type, rows, {padded.data(), kTogether}, kTogether, x, inputs,
                     sums.data());
  compute.kernels->add_scaled[0](1.0f, sums.data(), left * inputs, gradient + whole * inputs);
}

void AddNormGradient(const Compute& compute, int64_t rows, int64_t n, const float* dy,
                     const float* x, const int64_t* x_rows, const float* inverse_rms,
                     float* gradient) {
  compute.Ranges(n, kColumns, [&](int64_t first, int64_t last) {
    double sums[kColumns] = {};
    for (int64_t i = 0; i < rows; ++i) {
      const float* from = x + (x_rows == nullptr ? i : x_rows[i]) * n;
      for (int64_t c = first; c < last; ++c) {
        sums[c - first] += static_cast<double>(dy[i * n + c] * from[c] * inverse_rms[i]);
      }
    }
    for (int64_t c = first; c < last; ++c) gradient[c] += static_cast<float>(sums[c - first]);
  });
}

void AddHeadNormGradient(const Compute& compute, int64_t rows, const HeadNorm& norm,
                         float* gradient) {
  const int64_t dim = norm.dim;
  const int64_t pieces = (rows + kRows - 1) / kRows;
  std::vector<double> sums(static_cast<size_t>(pieces * dim));
  compute.Ranges(rows, kRows, [&](int64_t first, int64_t last) {
    double* sum = sums.data() + first / kRows * dim;
    std::vector<float> x_scratch(static_cast<size_t>(dim)), turned(static_cast<size_t>(dim));
    for (int64_t i = first; i < last; ++i) {
      for (int64_t h = 0; h < norm.heads; ++h) {
        const int64_t at = i * norm.stride + h * dim;
        const float* x =
            AsFloats(compute, norm.type, At(norm.x, norm.type, at), dim, x_scratch.data());
        const float* dy =
            AsFloats(compute, norm.type, At(norm.dy, norm.type, at), dim, turned.data());
        if (dy != turned.data()) std::copy(dy, dy + dim, turned.data());
        // Turned back: without a weight that is all that this does.
        compute.kernels->head_rotate_backward[0](
            turned.data(), nullptr, nullptr, norm.epsilon, norm.cosines[static_cast<size_t>(i)],
            norm.sines[static_cast<size_t>(i)], norm.half, dim);
        const double inverse =
            1 / std::sqrt(compute.kernels->sum_squares(x, dim) / static_cast<double>(dim) +
                          static_cast<double>(norm.epsilon));
        for (int64_t c = 0; c < dim; ++c) {
          sum[c] += static_cast<double>(turned[static_cast<size_t>(c)] * x[c]) * inverse;
        }
      }
    }
  });
  for (int64_t piece = 0; piece < pieces; ++piece) {
    for (int64_t c = 0; c < dim; ++c) {
      gradient[c] += static_cast<float>(sums[static_cast<size_t>(piece * dim + c)]);
    }
  }
}

void AddBiasGradient(const Compute& compute, Dtype type, int64_t rows, int64_t n, const void* dy,
                     float* gradient) {
  compute.Ranges(n, kColumns, [&](int64_t first, int64_t last) {
    double sums[kColumns] = {};
    float scratch[kColumns];
    for (int64_t i = 0; i < rows; ++i) {
      const float* row =
          AsFloats(compute, type, At(dy, type, i * n + first), last - first, scratch);
      for (int64_t c = 0; c < last - first; ++c) sums[c] += static_cast<double>(row[c]);
    }
    for (int64_t c = first; c < last; ++c) gradient[c] += static_cast<float>(sums[c - first]);
  });
}

void AddEmbeddingGradient(const Compute& compute, const std::vector<int32_t>& tokens, int64_t n,
                          float scale, const float* dx, float* gradient) {
  compute.Ranges(n, kColumns, [&](int64_t first, int64_t last) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      compute.kernels->add_scaled[0](scale, dx + static_cast<int64_t>(i) * n + first, last - first,
                                     gradient + tokens[i] * n + first);
    }
  });
}

}  // namespace idiolect
