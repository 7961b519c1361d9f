#include "engine/native/weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <map>

#include "base/random.h"
#include "engine/files/dequantize.h"

namespace idiolect::native {
namespace {

const char* const kNames[kProjections] = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                          "gate_proj", "up_proj", "down_proj"};
const char* const kGgufNames[kProjections] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                              "ffn_gate", "ffn_up", "ffn_down"};

// Where weights come from: a file, or a generator in tests.
class Source {
 public:
  virtual ~Source() = default;
  virtual Status Read(const std::string& name, int64_t first, int64_t count, float* out) = 0;
  // The tensor, when its bytes can be multiplied as they are; else null.
  virtual const ModelTensor* Packed(const std::string&) const { return nullptr; }
};

class FileSource : public Source {
 public:
  FileSource(const Compute& compute, const ModelFile& file) : compute_(compute), file_(file) {}

  const ModelTensor* Packed(const std::string& name) const override {
    const ModelTensor* tensor = file_.FindTensor(name);
    return tensor != nullptr && QuantKindOf(tensor->type).packed ? tensor : nullptr;
  }

  // Values [first, first + count) of a tensor, both whole rows.
  Status Read(const std::string& name, int64_t first, int64_t count, float* out) override {
    const ModelTensor* tensor = file_.FindTensor(name);
    if (tensor == nullptr) {
      return Fail(ErrorKind::kBadInput,
                  "reading " + file_.name() + ": tensor " + name + " is absent");
    }
    const GgmlTypeInfo& info = InfoOf(tensor->type);
    const int64_t row = tensor->shape.back();
    const int64_t rows = count / row;
    const int64_t row_bytes = row / info.block_values * info.block_bytes;
    const std::string_view bytes = tensor->bytes.substr(
        static_cast<size_t>(first / row * row_bytes), static_cast<size_t>(rows * row_bytes));
    std::atomic<bool> failed{false}, unsound{false};
    compute_.Ranges(rows, std::max<int64_t>(1, 65536 / row), [&](int64_t from, int64_t to) {
      const Status done = Dequantize(tensor->type,
                                     bytes.substr(static_cast<size_t>(from * row_bytes),
                                                  static_cast<size_t>((to - from) * row_bytes)),
                                     out + from * row, (to - from) * row);
      if (!done) failed = true;
      for (int64_t i = from * row; i < to * row; ++i) {
        if (!std::isfinite(out[i])) unsound = true;
      }
    });
    if (failed || unsound) {
      return Fail(ErrorKind::kBadInput,
                  "reading " + file_.name() + ": tensor " + name +
                      (failed ? " cannot be unpacked" : " holds values that are no numbers"),
                  "the file is damaged: fetch it again");
    }
    return {};
  }

 private:
  const Compute& compute_;
  const ModelFile& file_;
};

class RandomSource : public Source {
 public:
  explicit RandomSource(uint64_t seed) : random_(seed) {}
  Status Read(const std::string& name, int64_t, int64_t count, float* out) override {
    const bool norm = name.find("norm") != std::string::npos;
    for (int64_t i = 0; i < count; ++i) {
      const float x = static_cast<float>(random_.Uniform() * 2 - 1);
      out[i] = norm ? 1.0f + 0.3f * x : 0.25f * x;
    }
    return {};
  }

 private:
  Random random_;
};

class Loader {
 public:
  Loader(const Compute& compute, Source& source, const MatrixVisitor& visit, bool reorder,
         WeightForm form)
      : compute_(compute), source_(source), visit_(visit), reorder_(reorder), form_(form) {}

  Status Load(int64_t extra_k, Weights* weights) {
    const ModelConfig& config = weights->config;
    const Dtype type = weights->type;
    Arena* arena = weights->arena.get();
    ASSIGN_OR_RETURN(weights->quant_embedding,
                     LoadStored(config, arena, {{"token_embd", config.vocabulary}}, config.hidden));
    if (weights->quant_embedding.empty()) {
      weights->embedding = PackedMatrix(arena, type, {config.vocabulary}, config.hidden);
      RETURN_IF_ERROR(LoadVocabulary("token_embd.weight", config, &weights->embedding));
    }
    if (!config.tied_head) {
      ASSIGN_OR_RETURN(weights->quant_head,
                       LoadStored(config, arena, {{"output", config.vocabulary}}, config.hidden));
      if (weights->quant_head.empty()) {
        weights->head = PackedMatrix(arena, type, {config.vocabulary}, config.hidden);
        RETURN_IF_ERROR(LoadVocabulary("output.weight", config, &weights->head));
      }
    }
    RETURN_IF_ERROR(LoadVector("output_norm.weight", config.hidden, config.norm_weight_offset,
                               &weights->final_norm));
    weights->layers.resize(static_cast<size_t>(config.layers));
    for (int64_t i = 0; i < config.layers; ++i) {
      RETURN_IF_ERROR(LoadLayer(i, extra_k, config, type, weights->arena.get(),
                                &weights->layers[static_cast<size_t>(i)]));
    }
    return {};
  }

 private:
  struct Named {
    std::string name;
    int64_t rows;
  };
  // The tensors side by side, when all of them can be multiplied as they are; else empty.
  Result<QuantMatrix> LoadStored(const ModelConfig& config, Arena* arena,
                                 const std::vector<Named>& names, int64_t k) {
    if (form_ != WeightForm::kAsStored || k % 32 != 0) return QuantMatrix();
    std::vector<QuantMatrix::Part> parts;
    std::vector<std::vector<int64_t>> orders(names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      const ModelTensor* tensor = source_.Packed(names[i].name + ".weight");
      if (tensor == nullptr) return QuantMatrix();
      const bool turned = names[i].name.ends_with("attn_q") || names[i].name.ends_with("attn_k");
      if (reorder_ && turned) {
        orders[i] = RowsForHalves(names[i].rows / config.head_dim, config.head_dim);
      }
      parts.push_back(
          {tensor->type, names[i].rows, tensor->bytes, orders[i].empty() ? nullptr : &orders[i]});
    }
    QuantMatrix matrix(compute_, arena, parts, k);
    if (!matrix.sound()) {
      return Fail(ErrorKind::kBadInput,
                  "reading the model: tensor " + names[0].name +
                      ".weight or one joined to it holds values that are no numbers",
                  "the file is damaged: fetch it again");
    }
    return matrix;
  }

  // By pieces: in f32 a whole embedding may be larger than everything else together.
  Status LoadVocabulary(const std::string& name, const ModelConfig& config, PackedMatrix* matrix) {
    constexpr int64_t kRows = 4096;
    std::vector<float> values(static_cast<size_t>(kRows * config.hidden));
    for (int64_t row = 0; row < config.vocabulary; row += kRows) {
      const int64_t count = std::min(kRows, config.vocabulary - row);
      RETURN_IF_ERROR(
          source_.Read(name, row * config.hidden, count * config.hidden, values.data()));
      const bool is_head = config.tied_head || name == "output.weight";
      if (visit_) {
        visit_({is_head ? MatrixView::kHead : MatrixView::kEmbedding, row, Projection::kQ, count,
                config.hidden, values.data()});
      }
      matrix->SetTransposed(compute_, 0, row, count, values.data());
    }
    return {};
  }

  Status LoadVector(const std::string& name, int64_t count, float offset, std::vector<float>* out) {
    out->resize(static_cast<size_t>(count));
    RETURN_IF_ERROR(source_.Read(name, 0, count, out->data()));
    for (float& value : *out) value += offset;
    return {};
  }

  Status LoadProjection(int64_t layer, Projection projection, const ModelConfig& config,
                        int64_t part, PackedMatrix* matrix) {
    const auto [rows, columns] = ShapeOf(config, projection);
    std::vector<float> values;
    RETURN_IF_ERROR(ReadRows(layer, projection, config, &values));
    if (visit_) visit_({layer, 0, projection, rows, columns, values.data()});
    matrix->SetTransposed(compute_, part, 0, rows, values.data());
    return {};
  }

 public:
  Status ReadRows(int64_t layer, Projection projection, const ModelConfig& config,
                  std::vector<float>* out) {
    const auto [rows, columns] = ShapeOf(config, projection);
    std::vector<float>& values = *out;
    values.resize(static_cast<size_t>(rows * columns));
    RETURN_IF_ERROR(source_.Read(
        "blk." + std::to_string(layer) + "." + kGgufNames[static_cast<int>(projection)] + ".weight",
        0, rows * columns, values.data()));
    if (reorder_ && (projection == Projection::kQ || projection == Projection::kK)) {
      const std::vector<int64_t> order = RowsForHalves(rows / config.head_dim, config.head_dim);
      std::vector<float> ordered(values.size());
      for (int64_t r = 0; r < rows; ++r) {
        std::memcpy(ordered.data() + r * columns,
                    values.data() + order[static_cast<size_t>(r)] * columns,
                    static_cast<size_t>(columns) * sizeof(float));
      }
      values = std::move(ordered);
    }
    return {};
  }

 private:
  Status LoadLayer(int64_t i, int64_t extra_k, const ModelConfig& config, Dtype type, Arena* arena,
                   LayerWeights* layer) {
    const int64_t q = config.heads * config.head_dim;
    const int64_t kv = config.kv_heads * config.head_dim;
    const std::string prefix = "blk." + std::to_string(i) + ".";
    struct Joined {
      ProductKind kind;
      PackedMatrix* dense;
      std::vector<Projection> projections;
    };
    const std::vector<Joined> products = {
        {ProductKind::kQkv, &layer->qkv, {Projection::kQ, Projection::kK, Projection::kV}},
        {ProductKind::kOutput, &layer->output, {Projection::kO}},
        {ProductKind::kGateUp, &layer->gate_up, {Projection::kGate, Projection::kUp}},
        {ProductKind::kDown, &layer->down, {Projection::kDown}}};
    for (const Joined& product : products) {
      if (form_ == WeightForm::kInFile) break;
      std::vector<Named> names;
      std::vector<int64_t> columns;
      for (const Projection projection : product.projections) {
        columns.push_back(ShapeOf(config, projection).rows);
        names.push_back({prefix + kGgufNames[static_cast<int>(projection)], columns.back()});
      }
      const int64_t k = ShapeOf(config, product.projections[0]).columns;
      QuantMatrix& stored = layer->quant[static_cast<size_t>(product.kind)];
      ASSIGN_OR_RETURN(stored, LoadStored(config, arena, names, k));
      if (!stored.empty()) continue;
      *product.dense = PackedMatrix(arena, type, columns, k, extra_k);
      for (size_t part = 0; part < columns.size(); ++part) {
        RETURN_IF_ERROR(LoadProjection(i, product.projections[part], config,
                                       static_cast<int64_t>(part), product.dense));
      }
    }

    const float offset = config.norm_weight_offset;
    auto norm = [&](const char* name, int64_t count, std::vector<float>* out) {
      return LoadVector(prefix + name + ".weight", count, offset, out);
    };
    RETURN_IF_ERROR(norm("attn_norm", config.hidden, &layer->attention_norm));
    RETURN_IF_ERROR(norm("ffn_norm", config.hidden, &layer->ffn_norm));
    if (config.qk_norm) {
      RETURN_IF_ERROR(norm("attn_q_norm", config.head_dim, &layer->q_norm));
      RETURN_IF_ERROR(norm("attn_k_norm", config.head_dim, &layer->k_norm));
    }
    if (config.post_attention_norm) {
      RETURN_IF_ERROR(norm("post_attention_norm", config.hidden, &layer->post_attention_norm));
    }
    if (config.post_ffn_norm) {
      RETURN_IF_ERROR(norm("post_ffw_norm", config.hidden, &layer->post_ffn_norm));
    }
    if (config.qkv_bias) RETURN_IF_ERROR(LoadBias(prefix, q, kv, config, &layer->qkv_bias));
    return {};
  }

  Status LoadBias(const std::string& prefix, int64_t q, int64_t kv, const ModelConfig& config,
                  std::vector<float>* out) {
    for (const auto& [name, count] : {std::pair{"attn_q", q}, {"attn_k", kv}, {"attn_v", kv}}) {
      std::vector<float> part;
      RETURN_IF_ERROR(LoadVector(prefix + name + ".bias", count, 0, &part));
      if (reorder_ && std::string_view(name) != "attn_v") {
        const std::vector<int64_t> order = RowsForHalves(count / config.head_dim, config.head_dim);
        for (const int64_t from : order) out->push_back(part[static_cast<size_t>(from)]);
      } else {
        out->insert(out->end(), part.begin(), part.end());
      }
    }
    return {};
  }

  const Compute& compute_;
  Source& source_;
  const MatrixVisitor& visit_;
  const bool reorder_;
  const WeightForm form_;
};

}  // namespace

const char* NameOf(Projection projection) {
  return kNames[static_cast<int>(projection)];
}

MatrixShape ShapeOf(const ModelConfig& config, Projection projection) {
  const int64_t q = config.heads * config.head_dim;
  const int64_t kv = config.kv_heads * config.head_dim;
  switch (projection) {
    case Projection::kQ:
      return {q, config.hidden};
    case Projection::kK:
    case Projection::kV:
      return {kv, config.hidden};
    case Projection::kO:
      return {config.hidden, q};
    case Projection::kGate:
    case Projection::kUp:
      return {config.ffn, config.hidden};
    case Projection::kDown:
      break;
  }
  return {config.hidden, config.ffn};
}

int64_t Weights::bytes() const {
  int64_t total = embedding.bytes() + head.bytes() + quant_embedding.bytes() + quant_head.bytes();
  for (const LayerWeights& layer : layers) {
    total += layer.qkv.bytes() + layer.output.bytes() + layer.gate_up.bytes() + layer.down.bytes();
    for (const QuantMatrix& matrix : layer.quant) total += matrix.bytes();
  }
  return total;
}

WeightMatrix Weights::HeadMatrix() const {
  const QuantMatrix& quant = config.tied_head ? quant_embedding : quant_head;
  if (!quant.empty()) return {nullptr, &quant};
  return {&Head(), nullptr};
}

WeightMatrix Weights::Product(size_t layer, ProductKind kind) const {
  const LayerWeights& of = layers[layer];
  const QuantMatrix& quant = of.quant[static_cast<size_t>(kind)];
  if (!quant.empty()) return {nullptr, &quant};
  switch (kind) {
    case ProductKind::kQkv:
      return {&of.qkv, nullptr};
    case ProductKind::kOutput:
      return {&of.output, nullptr};
    case ProductKind::kGateUp:
      return {&of.gate_up, nullptr};
    case ProductKind::kDown:
      break;
  }
  return {&of.down, nullptr};
}

void Weights::CopyEmbedding(int32_t token, float* out) const {
  if (quant_embedding.empty()) {
    embedding.CopyColumn(token, out);
  } else {
    quant_embedding.CopyColumn(token, out);
  }
}

Result<Weights> LoadWeights(const Compute& compute, const ModelFile& file, Dtype type,
                            int64_t extra_k, const MatrixVisitor& visit, WeightForm form) {
  Weights weights;
  weights.config = file.config();
  weights.type = type;
  FileSource source(compute, file);
  const bool reorder = weights.config.rope_pairs == RopePairs::kInterleaved;
  RETURN_IF_ERROR(Loader(compute, source, visit, reorder, form).Load(extra_k, &weights));
  return weights;
}

Status ReadProjection(const Compute& compute, const ModelFile& file, int64_t layer,
                      Projection projection, std::vector<float>* out) {
  const ModelConfig& config = file.config();
  FileSource source(compute, file);
  const MatrixVisitor nobody;
  const bool reorder = config.rope_pairs == RopePairs::kInterleaved;
  return Loader(compute, source, nobody, reorder, WeightForm::kInFile)
      .ReadRows(layer, projection, config, out);
}

Weights RandomWeights(const Compute& compute, const ModelConfig& config, Dtype type,
                      int64_t extra_k, uint64_t seed, const MatrixVisitor& visit) {
  Weights weights;
  weights.config = config;
  weights.type = type;
  RandomSource source(seed);
  // A random source cannot fail.
  (void)Loader(compute, source, visit, false, WeightForm::kUnpacked).Load(extra_k, &weights);
  return weights;
}

std::optional<Projection> FindProjection(std::string_view name) {
  const auto* found = std::find(kNames, kNames + kProjections, name);
  if (found == kNames + kProjections) return std::nullopt;
  return static_cast<Projection>(found - kNames);
}

Result<MatrixVisitor> MergeVisitor(const Compute& compute, const ModelConfig& config,
                                   const LoraAdapter& adapter) {
  RETURN_IF_ERROR(CheckAdapterFits(config, adapter));
  std::map<std::pair<int64_t, std::string>, const LoraPair*> pairs;
  for (const LoraPair& pair : adapter.pairs) pairs[{pair.layer, pair.projection}] = &pair;
  const auto scale = static_cast<float>(adapter.Scale());
  return MatrixVisitor([&compute, pairs = std::move(pairs), scale](const MatrixView& view) {
    if (view.layer < 0) return;
    const auto found = pairs.find({view.layer, NameOf(view.projection)});
    if (found == pairs.end()) return;
    const LoraPair& pair = *found->second;
    const int64_t rank = pair.a.rows;
    compute.Ranges(view.rows, 64, [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        for (int64_t r = 0; r < rank; ++r) {
          compute.kernels->add_scaled[0](scale * pair.b.values[static_cast<size_t>(row * rank + r)],
                                         pair.a.values.data() + r * view.columns, view.columns,
                                         view.values + row * view.columns);
        }
        if (pair.magnitudes.empty()) continue;
        float* values = view.values + row * view.columns;
        const auto gain =
            static_cast<float>(static_cast<double>(pair.magnitudes[static_cast<size_t>(row)]) /
                               std::sqrt(compute.kernels->sum_squares(values, view.columns)));
        for (int64_t i = 0; i < view.columns; ++i) values[i] *= gain;
      }
    });
  });
}

}  // namespace idiolect::native
