#pragma once
// All weights of a decoder as one array of f32, for training that changes each of them: where each
// lies in it, how it gets there and back into what products use, and the gradients that adapters
// have no need of. Values are those that the decoder computes with: norms with their family's
// offset added, rows of q and k in the halves order.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/native/matrix.h"
#include "engine/native/weights.h"

namespace idiolect {

struct WeightPlace {
  int64_t at = 0;
  int64_t count = 0;  // 0: the model has none
};

struct LayerPlaces {
  std::array<WeightPlace, native::kProjections> projections;
  WeightPlace attention_norm, ffn_norm, q_norm, k_norm, post_attention_norm, post_ffn_norm;
  WeightPlace qkv_bias;  // q's, k's and v's
};

struct NamedPlace {
  std::string name;  // GGUF's
  WeightPlace place;
};

struct WeightPlaces {
  explicit WeightPlaces(const ModelConfig& config);

  WeightPlace embedding, head;  // the same where the head is tied
  WeightPlace final_norm;
  std::vector<LayerPlaces> layers;
  int64_t matrices = 0;  // numbers of the matrices, which lie first
  int64_t count = 0;     // of all

  // Each weight once, by the name that it has in a model file.
  std::vector<NamedPlace> Named(const ModelConfig& config) const;
};

// Norms and biases; matrices pass by while they are loaded.
void TakeVectors(const WeightPlaces& places, const native::Weights& weights, float* values);
void PutVectors(const WeightPlaces& places, const float* values, native::Weights* weights);

// All of these add, and each number is summed in one order, whatever the threads.

// gradient[outputs, inputs] += dyᵀ · x.
void AddMatrixGradient(const native::Compute& compute, native::Dtype type, int64_t rows,
                       native::Rows dy, int64_t outputs, native::Rows x, int64_t inputs,
                       float* gradient);
// Of RMSNorm's weight: `dy` is the gradient of its result, row i of it belongs to row x_rows[i] of
// x, or to row i when that is null.
void AddNormGradient(const native::Compute& compute, int64_t rows, int64_t n, const float* dy,
                     const float* x, const int64_t* x_rows, const float* inverse_rms,
                     float* gradient);
// Of the weight that all of a row's `heads` heads are normalised with, before they are turned: `x`
// and the gradient `dy` of what was turned begin at the first of them, in rows `stride` numbers
// long.
struct HeadNorm {
  native::Dtype type = native::Dtype::kF32;
  const void* x = nullptr;
  const void* dy = nullptr;
  int64_t stride = 0;
  int64_t heads = 0, dim = 0;
  float epsilon = 0;
  int64_t half = 0;                               // of the numbers that are turned
  std::vector<const float*> cosines, sines = {};  // by row
};
void AddHeadNormGradient(const native::Compute& compute, int64_t rows, const HeadNorm& norm,
                         float* gradient);
// gradient[n] += the sum of dy's rows.
void AddBiasGradient(const native::Compute& compute, native::Dtype type, int64_t rows, int64_t n,
                     const void* dy, float* gradient);
// Each token's row of the embedding gets scale · the gradient of where it stood.
void AddEmbeddingGradient(const native::Compute& compute, const std::vector<int32_t>& tokens,
                          int64_t n, float scale, const float* dx, float* gradient);

}  // namespace idiolect
