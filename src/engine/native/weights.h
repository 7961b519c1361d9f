#pragma once
// A base model's frozen weights in memory, packed for products, in one number format. Read from a
// model file of any form and type the readers know. Rows of q and k come out in the halves order of
// Hugging Face's weights, whatever the file has, so that adapters fit other tools.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/lora_files.h"
#include "engine/files/model_file.h"
#include "engine/native/matrix.h"
#include "engine/native/quant_matrix.h"

namespace idiolect::native {

// The seven projections of a layer by Hugging Face's names.
enum class Projection : int { kQ, kK, kV, kO, kGate, kUp, kDown };
constexpr int kProjections = 7;
const char* NameOf(Projection projection);  // "q_proj"
std::optional<Projection> FindProjection(std::string_view name);

// The four products of a layer that projections are joined into.
enum class ProductKind : int { kQkv, kOutput, kGateUp, kDown };
constexpr int kProductKinds = 4;

enum class WeightForm {
  kInFile,    // layers' matrices are left there for ReadProjection, the rest is as kUnpacked
  kUnpacked,  // all in the format of the computation
  kAsStored,  // matrices that the file packs in 4 to 8 bits stay so, where there are kernels for
              // them
};

// A matrix of either form: one of the two is empty.
struct WeightMatrix {
  const PackedMatrix* dense = nullptr;
  const QuantMatrix* quant = nullptr;
};

struct LayerWeights {
  PackedMatrix qkv;  // parts q, k, v
  PackedMatrix output;
  PackedMatrix gate_up;  // parts gate, up
  PackedMatrix down;
  std::array<QuantMatrix, kProductKinds> quant;  // where not empty, instead of the above
  std::vector<float> attention_norm, ffn_norm;
  std::vector<float> q_norm, k_norm;                      // empty unless config.qk_norm
  std::vector<float> post_attention_norm, post_ffn_norm;  // empty unless the family has them
  std::vector<float> qkv_bias;                            // empty: none
};

// Constant once made, hence thread-safe.
struct Weights {
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();  // holds all matrices
  ModelConfig config;
  Dtype type = Dtype::kF32;
  PackedMatrix embedding;                   // b[hidden, vocabulary]
  PackedMatrix head;                        // empty when tied
  QuantMatrix quant_embedding, quant_head;  // where not empty, instead of the above
  std::vector<float> final_norm;
  std::vector<LayerWeights> layers;

  // The unpacked ones, for training.
  const PackedMatrix& Head() const { return config.tied_head ? embedding : head; }
  WeightMatrix HeadMatrix() const;
  WeightMatrix Product(size_t layer, ProductKind kind) const;
  void CopyEmbedding(int32_t token, float* out) const;
  int64_t bytes() const;
};

// Row-major f32 weights by GGUF name, q and k rows already in halves order. What a trainer needs
// besides (packed the other way round) it makes from these while they pass by.
struct MatrixView {
  static constexpr int64_t kHead = -1, kEmbedding = -2;
  // Or one of these, piece by piece from its first row; a tied embedding comes as the head.
  int64_t layer = kHead;
  int64_t first = 0;  // row that the piece begins with
  Projection projection = Projection::kQ;
  int64_t rows = 0, columns = 0;
  float* values = nullptr;  // may be changed: an adapter is merged so
};
using MatrixVisitor = std::function<void(const MatrixView&)>;

// `extra_k`: room for an adapter's rank in every projection. `visit` sees each projection before it
// is packed; it sees none that stays as stored. Fails with kBadInput when a tensor holds numbers
// that are no numbers.
Result<Weights> LoadWeights(const Compute& compute, const ModelFile& file, Dtype type,
                            int64_t extra_k, const MatrixVisitor& visit,
                            WeightForm form = WeightForm::kUnpacked);

// One projection's rows in row-major order, as LoadWeights would pack them.
Status ReadProjection(const Compute& compute, const ModelFile& file, int64_t layer,
                      Projection projection, std::vector<float>* out);

// Adds `adapter` to the weights while they are loaded, before they are rounded to their format.
// Everything must outlive the visitor. Fails with kBadInput when the adapter does not fit the
// model.
Result<MatrixVisitor> MergeVisitor(const Compute& compute, const ModelConfig& config,
                                   const LoraAdapter& adapter);

// Shape of a projection: [rows, columns] as in Hugging Face's weights.
struct MatrixShape {
  int64_t rows = 0, columns = 0;
};
MatrixShape ShapeOf(const ModelConfig& config, Projection projection);

// A model of random weights, for tests: no file, any family's switches.
Weights RandomWeights(const Compute& compute, const ModelConfig& config, Dtype type,
                      int64_t extra_k, uint64_t seed, const MatrixVisitor& visit);

}  // namespace idiolect::native
