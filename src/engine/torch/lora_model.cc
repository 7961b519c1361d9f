#include "engine/torch/lora_model.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/hash.h"
#include "base/random.h"
#include "engine/torch/adapted_linear.h"

namespace idiolect {

using native::AttentionShape;
using native::Compute;
using native::Dtype;
using native::MatrixView;
using native::Projection;
using native::SizeOf;
using native::Span;

namespace {

constexpr int64_t kGrain = 32;
// Floats of logits held at once: the head's product needs enough rows to pay for passing over the
// vocabulary, and must not fill the memory with it.
constexpr int64_t kLogits = int64_t{1} << 24;
// Under a pass's seed: the noise of its embeddings, beside that of its groups.
constexpr uint64_t kEmbeddingNoise = uint64_t{1} << 32;

at::Tensor Empty(int64_t rows, int64_t columns, Dtype type) {
  return at::empty({rows, columns}, type == Dtype::kBf16 ? at::kBFloat16 : at::kFloat);
}
at::Tensor EmptyF32(int64_t count) {
  return at::empty({count}, at::kFloat);
}
float* Floats(const at::Tensor& tensor) {
  return tensor.data_ptr<float>();
}
char* Bytes(const at::Tensor& tensor) {
  return static_cast<char*>(tensor.data_ptr());
}

// Null where there is none.
void* Data(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr() : nullptr;
}
int64_t BytesOf(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<int64_t>(tensor.nbytes()) : 0;
}

struct Place {
  int group, part;
};
// In which group of a layer a projection is, and where in it.
Place PlaceOf(Projection projection) {
  switch (projection) {
    case Projection::kQ:
      return {0, 0};
    case Projection::kK:
      return {0, 1};
    case Projection::kV:
      return {0, 2};
    case Projection::kO:
      return {1, 0};
    case Projection::kGate:
      return {2, 0};
    case Projection::kUp:
      return {2, 1};
    case Projection::kDown:
      break;
  }
  return {3, 0};
}

// What a layer's backward needs of its forward.
struct Saved {
  at::Tensor hidden_in, hidden_mid;  // f32: the residual stream before attention, before the ffn
  at::Tensor inverse_in, inverse_mid, inverse_attention, inverse_ffn;  // 1 / rms per row
  at::Tensor normed_in, normed_mid;
  at::Tensor qkv;      // rotated
  at::Tensor qkv_raw;  // before norm and rotation, when there is a norm
  at::Tensor log_sums, attended;
  at::Tensor attention_sums, ffn_sums;  // f32, before post norms
  at::Tensor gate_up, gated;
  at::Tensor shrunk[4];
  at::Tensor plain[4];  // with DoRA: sums before their gains
};

}  // namespace

int64_t PackedRow::CountTargets() const {
  int64_t count = 0;
  for (size_t s = 0; s + 1 < starts.size(); ++s) {
    for (int64_t i = starts[s] + 1; i < starts[s + 1]; ++i) {
      count += is_target[static_cast<size_t>(i)];
    }
  }
  return count;
}

int64_t LogitRows(int64_t vocabulary, int64_t max_tokens) {
  const int64_t rows = std::clamp<int64_t>(kLogits / vocabulary / 6 * 6, 6, 384);
  return std::min(rows, (max_tokens + 5) / 6 * 6);
}

double LoraOptions::Scale() const {
  return rslora ? alpha / std::sqrt(static_cast<double>(rank)) : alpha / rank;
}

void LossSum::Add(const LossSum& other) {
  loss += other.loss;
  targets += other.targets;
  correct += other.correct;
}

class LoraModel::Impl {
 public:
  Impl(const Compute& compute, Dtype type, const LoraOptions& options)
      : compute_(compute),
        kernels_(*compute.kernels),
        type_(type),
        index_(static_cast<int>(type)),
        size_(SizeOf(type)),
        options_(options),
        padded_rank_(options.all_weights ? 0 : (options.rank + 15) / 16 * 16),
        scale_(static_cast<float>(options.Scale())) {
    noise_.dropout = Dropout(options.dropout);
  }

  int64_t padded_rank() const { return padded_rank_; }
  void KeepInFile(const ModelFile* file) { file_ = file; }

  // Before the weights are loaded: makes what SetFrozen fills.
  void Prepare(const ModelConfig& config) {
    weights_.config = config;
    head_backward_ = native::PackedMatrix(&arena_, type_, {config.hidden}, config.vocabulary);
    weights_.layers.resize(static_cast<size_t>(config.layers));
    backward_.resize(file_ != nullptr ? 4 : 4 * weights_.layers.size());
    // The groups point at the weights of layers, which come later but to the same places.
    for (native::LayerWeights& layer : weights_.layers) MakeGroups(&layer);
    if (!options_.all_weights) return;
    places_ = std::make_unique<WeightPlaces>(config);
    parameters_ = at::empty({places_->count}, at::kFloat);
    gradients_ = at::zeros({places_->count}, at::kFloat);
  }
  native::MatrixVisitor Visitor() {
    return [this](const MatrixView& view) {
      Keep(view);
      if (view.layer == MatrixView::kEmbedding) return;
      if (view.layer == MatrixView::kHead) {
        head_backward_.SetRows(compute_, view.first, view.rows, view.values);
        return;
      }
      const Place place = PlaceOf(view.projection);
      GroupAt(view.layer, place.group).SetBackward(compute_, place.part, view.values);
      GroupAt(view.layer, place.group).Measure(place.part, view.values);
    };
  }
  void Adopt(native::Weights weights) {
    weights_.type = weights.type;
    weights_.arena = std::move(weights.arena);
    weights_.embedding = std::move(weights.embedding);
    weights_.head = std::move(weights.head);
    weights_.final_norm = std::move(weights.final_norm);
    for (size_t i = 0; i < weights_.layers.size(); ++i) {
      weights_.layers[i] = std::move(weights.layers[i]);
    }
    if (places_ != nullptr) {
      TakeVectors(*places_, weights_, Floats(parameters_));
    } else {
      MakeParameters();
      SetMagnitudes();
      ParametersChanged();
    }
    MakeMemory();
  }

  // What to do with a row besides its loss. `weigh` goes before `scale`.
  struct Task {
    bool learn = false;
    float scale = 0;
    const SampleWeights* weigh = nullptr;
    uint64_t noise_seed = 0;
    std::vector<double>* logprobs = nullptr;
  };

  LossSum Run(const PackedRow& row, const Task& task) {
    SetRow(row, task);
    const auto layers = static_cast<int64_t>(weights_.layers.size());
    for (int64_t i = 0; i < layers; ++i) ForwardLayer(i, task.learn);
    const Targets targets = TargetsOf(row);
    LossSum sum;
    if (task.weigh == nullptr && task.logprobs == nullptr) {
      sum = Head(targets, task.learn, std::vector<float>(targets.from.size(), task.scale), nullptr);
    } else {
      std::vector<double> logprobs(row.starts.size() - 1);
      sum = Head(targets, false, {}, &logprobs);
      if (task.logprobs != nullptr) *task.logprobs = logprobs;
      if (task.learn) {
        const std::vector<double> weights = (*task.weigh)(logprobs);
        std::vector<float> scales;
        // A loss falls where the log probability grows.
        for (const size_t sample : targets.samples) {
          scales.push_back(static_cast<float>(-weights[sample]));
        }
        Head(targets, true, scales, nullptr);
      }
    }
    if (task.learn && sum.targets > 0) {
      for (int64_t i = layers - 1; i >= 0; --i) {
        // The last layer's are still there.
        if (options_.recompute && i + 1 < layers) ForwardLayer(i, true, Pass::kAgain);
        BackwardLayer(i);
      }
      if (places_ != nullptr) {
        AddEmbeddingGradient(compute_, row.tokens, weights_.config.hidden,
                             weights_.config.embedding_scale, Floats(d_hidden_),
                             Gradient(places_->embedding));
      }
    }
    return sum;
  }

  void ParametersChanged() {
    if (places_ != nullptr) {
      PutWeights();
      return;
    }
    compute_.pool->For(static_cast<int64_t>(groups_.size()), [&](int64_t i) {
      AdaptedLinear& group = groups_[static_cast<size_t>(i)];
      group.ParametersChanged(compute_, Floats(parameters_), scale_);
      if (file_ != nullptr) return;
      group.SetForwardExtras(compute_, Floats(parameters_), scale_);
      group.SetBackwardExtras(compute_, Floats(parameters_));
    });
    forward_layer_ = backward_layer_ = -1;
  }

  LoraAdapter Export(const at::Tensor& values) const {
    LoraAdapter adapter;
    adapter.rank = options_.rank;
    adapter.alpha = options_.alpha;
    adapter.dropout = options_.dropout;
    adapter.use_rslora = options_.rslora;
    adapter.use_dora = options_.dora;
    EachProjection([&](int64_t layer, Projection projection, int64_t a_at, int64_t b_at,
                       int64_t inputs, int64_t outputs) {
      if (!Learns(projection)) return;
      LoraPair pair;
      pair.layer = layer;
      pair.projection = NameOf(projection);
      const float* a = Floats(values) + a_at;
      const float* b = Floats(values) + b_at;
      const int64_t rank = options_.rank;
      pair.a = {rank, inputs, std::vector<float>(a, a + rank * inputs)};
      pair.b = {outputs, rank, std::vector<float>(static_cast<size_t>(outputs * rank))};
      for (int64_t r = 0; r < rank; ++r) {
        for (int64_t o = 0; o < outputs; ++o) {
          pair.b.values[static_cast<size_t>(o * rank + r)] = b[r * outputs + o];
        }
      }
      if (options_.dora) {
        const Place place = PlaceOf(projection);
        const float* m = Floats(values) + GroupAt(layer, place.group).MagnitudeOffset(place.part);
        pair.magnitudes.assign(m, m + outputs);
      }
      adapter.pairs.push_back(std::move(pair));
    });
    return adapter;
  }

  Status Import(const LoraAdapter& adapter) {
    if (adapter.use_dora != options_.dora) {
      return Fail(ErrorKind::kBadInput,
                  "setting the adapter: one has DoRA's magnitudes, the other has not");
    }
    parameters_.zero_();
    SetMagnitudes();
    Status status;
    size_t found = 0;
    EachProjection([&](int64_t layer, Projection projection, int64_t a_at, int64_t b_at,
                       int64_t inputs, int64_t outputs) {
      for (const LoraPair& pair : adapter.pairs) {
        if (pair.layer != layer || pair.projection != NameOf(projection) || !Learns(projection)) {
          continue;
        }
        const int64_t rank = pair.a.rows;
        if (rank != options_.rank || pair.a.columns != inputs || pair.b.rows != outputs ||
            pair.b.columns != rank) {
          status = Fail(ErrorKind::kBadInput, "setting the adapter: " + pair.projection +
                                                  " of layer " + std::to_string(layer) +
                                                  " has another shape than the model's");
          return;
        }
        ++found;
        if (options_.dora) {
          const Place place = PlaceOf(projection);
          std::copy(pair.magnitudes.begin(), pair.magnitudes.end(),
                    Floats(parameters_) + GroupAt(layer, place.group).MagnitudeOffset(place.part));
        }
        std::memcpy(Floats(parameters_) + a_at, pair.a.values.data(),
                    pair.a.values.size() * sizeof(float));
        for (int64_t r = 0; r < rank; ++r) {
          for (int64_t o = 0; o < outputs; ++o) {
            Floats(parameters_)[b_at + r * outputs + o] =
                pair.b.values[static_cast<size_t>(o * rank + r)];
          }
        }
      }
    });
    if (status && found != adapter.pairs.size()) {
      status =
          Fail(ErrorKind::kBadInput, "setting the adapter: it names layers that are not there");
    }
    ParametersChanged();
    return status;
  }

  at::Tensor parameters_, gradients_;
  const ModelConfig& config() const { return weights_.config; }
  const WeightPlaces* places() const { return places_.get(); }

  int64_t bytes() const {
    int64_t total = weights_.bytes() + head_backward_.bytes();
    for (const native::PackedMatrix& matrix : backward_) total += matrix.bytes();
    for (const native::PackedMatrix& matrix : shared_forward_) total += matrix.bytes();
    for (const AdaptedLinear& group : groups_) total += group.bytes();
    std::vector<const Saved*> kept = {saved_.data()};
    for (size_t i = 1; i < saved_.size(); ++i) {
      if (options_.recompute) {
        total += BytesOf(saved_[i].hidden_in);
      } else {
        kept.push_back(&saved_[i]);
      }
    }
    for (const Saved* s : kept) {
      for (const at::Tensor* tensor :
           {&s->hidden_in, &s->hidden_mid, &s->inverse_in, &s->inverse_mid, &s->inverse_attention,
            &s->inverse_ffn, &s->normed_in, &s->normed_mid, &s->qkv, &s->qkv_raw, &s->log_sums,
            &s->attended, &s->attention_sums, &s->ffn_sums, &s->gate_up, &s->gated}) {
        total += BytesOf(*tensor);
      }
      for (const at::Tensor& tensor : s->shrunk) total += BytesOf(tensor);
      for (const at::Tensor& tensor : s->plain) total += BytesOf(tensor);
    }
    for (const at::Tensor* tensor :
         {&parameters_, &gradients_, &hidden_out_, &d_hidden_, &d_sum_, &d_normed_, &d_attended_,
          &d_qkv_, &d_gated_, &d_gate_up_, &d_shrunk_, &logits_, &head_in_, &d_head_in_, &dropped_,
          &d_dropped_}) {
      total += BytesOf(*tensor);
    }
    return total;
  }

 private:
  enum class Pass { kFirst, kAgain };

  float* Gradient(const WeightPlace& place) const { return Floats(gradients_) + place.at; }
  const WeightPlace& PlaceOfWeight(int64_t layer, Projection projection) const {
    return places_->layers[static_cast<size_t>(layer)].projections[static_cast<size_t>(projection)];
  }

  // A matrix that passes by while the model is loaded, where all weights learn.
  void Keep(const MatrixView& view) {
    if (places_ == nullptr) return;
    const WeightPlace& place = view.layer == MatrixView::kHead ? places_->head
                               : view.layer == MatrixView::kEmbedding
                                   ? places_->embedding
                                   : PlaceOfWeight(view.layer, view.projection);
    std::copy(view.values, view.values + view.rows * view.columns,
              Floats(parameters_) + place.at + view.first * view.columns);
  }

  // The weights as they are after a step, into what products use.
  void PutWeights() {
    const ModelConfig& c = weights_.config;
    const float* values = Floats(parameters_);
    weights_.embedding.SetTransposed(compute_, 0, 0, c.vocabulary, values + places_->embedding.at);
    if (!c.tied_head) {
      weights_.head.SetTransposed(compute_, 0, 0, c.vocabulary, values + places_->head.at);
    }
    head_backward_.SetRows(compute_, 0, c.vocabulary, values + places_->head.at);
    for (int64_t layer = 0; layer < c.layers; ++layer) {
      for (int p = 0; p < native::kProjections; ++p) {
        const auto projection = static_cast<Projection>(p);
        const Place place = PlaceOf(projection);
        const float* w = values + PlaceOfWeight(layer, projection).at;
        GroupAt(layer, place.group).SetForward(compute_, place.part, w);
        GroupAt(layer, place.group).SetBackward(compute_, place.part, w);
      }
    }
    PutVectors(*places_, values, &weights_);
  }

  bool Learns(Projection projection) const {
    const auto& targets = options_.targets;
    return targets.empty() ||
           std::find(targets.begin(), targets.end(), projection) != targets.end();
  }
  bool GroupLearns(int group) const {
    for (int p = 0; p < native::kProjections; ++p) {
      const auto projection = static_cast<Projection>(p);
      if (PlaceOf(projection).group == group && Learns(projection)) return true;
    }
    return false;
  }

  AdaptedLinear& GroupAt(int64_t layer, int group) {
    return groups_[static_cast<size_t>(layer * 4 + group)];
  }
  const AdaptedLinear& GroupAt(int64_t layer, int group) const {
    return groups_[static_cast<size_t>(layer * 4 + group)];
  }

  void MakeGroups(native::LayerWeights* layer) {
    const ModelConfig& c = weights_.config;
    const int64_t q = c.heads * c.head_dim;
    const int64_t kv = c.kv_heads * c.head_dim;
    auto add = [&](native::PackedMatrix* forward, int64_t inputs, std::vector<int64_t> outputs) {
      const auto group = groups_.size() % 4;
      const int64_t rank = GroupLearns(static_cast<int>(group)) ? padded_rank_ : 0;
      native::PackedMatrix* backward = &backward_[file_ != nullptr ? group : groups_.size()];
      if (backward->n() == 0) {
        const int64_t total = std::accumulate(outputs.begin(), outputs.end(), int64_t{0});
        const auto parts = static_cast<int64_t>(outputs.size());
        *backward = native::PackedMatrix(&arena_, type_, {inputs}, total, parts * rank);
      }
      if (file_ != nullptr) {
        forward = &shared_forward_[group];
        if (forward->n() == 0) {
          *forward = native::PackedMatrix(&arena_, type_, outputs, inputs, padded_rank_);
        }
      }
      std::vector<uint8_t> magnitudes;
      for (int p = 0; options_.dora && p < native::kProjections; ++p) {
        const auto projection = static_cast<Projection>(p);
        if (PlaceOf(projection).group != static_cast<int>(group)) continue;
        magnitudes.push_back(Learns(projection) ? 1 : 0);
      }
      groups_.emplace_back(&arena_, FrozenWeights{forward, backward}, type_, inputs,
                           std::move(outputs), rank, noise_.dropout.on(), std::move(magnitudes));
    };
    add(&layer->qkv, c.hidden, {q, kv, kv});
    add(&layer->output, q, {c.hidden});
    add(&layer->gate_up, c.hidden, {c.ffn, c.ffn});
    add(&layer->down, c.ffn, {c.hidden});
  }

  template <typename Body>
  void EachProjection(Body body) const {
    for (int64_t layer = 0; layer < weights_.config.layers; ++layer) {
      for (int p = 0; p < native::kProjections; ++p) {
        const auto projection = static_cast<Projection>(p);
        const Place place = PlaceOf(projection);
        const AdaptedLinear& group = GroupAt(layer, place.group);
        body(layer, projection, group.AOffset(place.part), group.BOffset(place.part),
             group.inputs(), group.PartOutputs(place.part));
      }
    }
  }

  // A: uniform in ±1/√inputs, each tensor from its own seed, as Kaiming's rule with PEFT's a = √5.
  // Where a group has projections that do not learn, both of their factors are zero, and so are
  // their gradients.
  void MakeParameters() {
    int64_t count = 0;
    for (AdaptedLinear& group : groups_) {
      group.Place(count);
      count += group.ParameterCount();
    }
    parameters_ = at::zeros({count}, at::kFloat);
    gradients_ = at::zeros({count}, at::kFloat);
    EachProjection([&](int64_t layer, Projection projection, int64_t a_at, int64_t, int64_t inputs,
                       int64_t) {
      if (!Learns(projection)) return;
      idiolect::Random random(Hash64(std::to_string(layer) + NameOf(projection), options_.seed));
      const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
      for (int64_t i = 0; i < options_.rank * inputs; ++i) {
        Floats(parameters_)[a_at + i] = static_cast<float>((random.Uniform() * 2 - 1) * bound);
      }
    });
  }

  // Where the adapter changes nothing, neither must its magnitudes.
  void SetMagnitudes() {
    if (!options_.dora) return;
    EachProjection(
        [&](int64_t layer, Projection projection, int64_t, int64_t, int64_t, int64_t outputs) {
          const Place place = PlaceOf(projection);
          const AdaptedLinear& group = GroupAt(layer, place.group);
          if (!group.has_magnitudes()) return;
          float* m = Floats(parameters_) + group.MagnitudeOffset(place.part);
          for (int64_t o = 0; o < outputs; ++o) m[o] = group.FrozenLength(place.part, o);
        });
  }

  // Taken once: fresh pages at every step would cost more than the arithmetic they are for.
  void MakeMemory() {
    const ModelConfig& c = weights_.config;
    const int64_t t = options_.max_tokens;
    const int64_t q = c.heads * c.head_dim;
    const int64_t qkv = q + 2 * c.kv_heads * c.head_dim;
    for (size_t i = 0; i < weights_.layers.size(); ++i) {
      Saved saved;
      if (options_.recompute && i > 0) saved = saved_.front();  // the same memory
      saved.hidden_in = Empty(t, c.hidden, Dtype::kF32);
      if (options_.recompute && i > 0) {
        saved_.push_back(std::move(saved));
        continue;
      }
      saved.hidden_mid = Empty(t, c.hidden, Dtype::kF32);
      saved.inverse_in = EmptyF32(t);
      saved.inverse_mid = EmptyF32(t);
      saved.normed_in = Empty(t, c.hidden, type_);
      saved.normed_mid = Empty(t, c.hidden, type_);
      saved.qkv = Empty(t, qkv, type_);
      if (c.qk_norm) saved.qkv_raw = Empty(t, qkv, type_);
      saved.log_sums = EmptyF32(t * c.heads);
      saved.attended = Empty(t, q, type_);
      if (c.post_attention_norm) {
        saved.attention_sums = Empty(t, c.hidden, Dtype::kF32);
        saved.inverse_attention = EmptyF32(t);
      }
      if (c.post_ffn_norm) {
        saved.ffn_sums = Empty(t, c.hidden, Dtype::kF32);
        saved.inverse_ffn = EmptyF32(t);
      }
      saved.gate_up = Empty(t, 2 * c.ffn, type_);
      saved.gated = Empty(t, c.ffn, type_);
      for (int g = 0; g < 4; ++g) {
        const AdaptedLinear& group = GroupAt(static_cast<int64_t>(i), g);
        saved.shrunk[g] = Empty(t, group.ShrunkColumns(), type_);
        if (group.has_magnitudes()) saved.plain[g] = Empty(t, group.outputs(), type_);
      }
      saved_.push_back(std::move(saved));
    }
    hidden_out_ = Empty(t, c.hidden, Dtype::kF32);
    d_hidden_ = Empty(t, c.hidden, Dtype::kF32);
    d_sum_ = Empty(t, c.hidden, type_);
    d_normed_ = Empty(t, c.hidden, Dtype::kF32);
    d_attended_ = Empty(t, q, type_);
    d_qkv_ = Empty(t, qkv, type_);
    d_gated_ = Empty(t, c.ffn, type_);
    d_gate_up_ = Empty(t, 2 * c.ffn, type_);
    d_shrunk_ = Empty(t, 3 * padded_rank_, type_);
    chunk_ = LogitRows(c.vocabulary, t);
    logits_ = Empty(chunk_, c.vocabulary, Dtype::kF32);
    head_in_ = Empty(chunk_, c.hidden, type_);
    d_head_in_ = Empty(chunk_, c.hidden, Dtype::kF32);
    if (noise_.dropout.on()) {
      const int64_t widest = std::max({c.hidden, q, c.ffn});
      dropped_ = Empty(t, widest, type_);
      d_dropped_ = Empty(t, widest, Dtype::kF32);
      noise_.dropped = Bytes(dropped_);
      noise_.gradient = Floats(d_dropped_);
    }
    rope_ = std::make_unique<native::RopeTables>(c);
    rope_->Reserve(t);
  }

  void SetRow(const PackedRow& row, const Task& task) {
    noise_seed_ = task.noise_seed;
    with_noise_ = task.learn;
    rows_ = static_cast<int64_t>(row.tokens.size());
    spans_.clear();
    positions_.resize(static_cast<size_t>(rows_));
    for (size_t s = 0; s + 1 < row.starts.size(); ++s) {
      const int64_t first = row.starts[s];
      const int64_t count = row.starts[s + 1] - first;
      if (count == 0) continue;
      spans_.push_back({first, count, first, count});
      for (int64_t i = 0; i < count; ++i) positions_[static_cast<size_t>(first + i)] = i;
    }
    const ModelConfig& c = weights_.config;
    float* hidden = Floats(saved_[0].hidden_in);
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        float* to = hidden + i * c.hidden;
        weights_.embedding.CopyColumn(row.tokens[static_cast<size_t>(i)], to);
        for (int64_t n = 0; n < c.hidden; ++n) to[n] *= c.embedding_scale;
      }
    });
    if (!with_noise_ || options_.neftune <= 0) return;
    for (const Span& span : spans_) {
      const auto most = static_cast<float>(options_.neftune /
                                           std::sqrt(static_cast<double>(span.queries * c.hidden)));
      compute_.Ranges(span.queries, kGrain, [&](int64_t first, int64_t last) {
        for (int64_t i = span.query + first; i < span.query + last; ++i) {
          AddNoise(SeedFor(noise_seed_, kEmbeddingNoise + static_cast<uint64_t>(i)), most, c.hidden,
                   hidden + i * c.hidden);
        }
      });
    }
  }

  const AdapterNoise* Noise() const {
    return with_noise_ && noise_.dropout.on() ? &noise_ : nullptr;
  }
  uint64_t NoiseSeed(int64_t layer, int group) const {
    return SeedFor(noise_seed_, static_cast<uint64_t>(layer * 4 + group));
  }

  // Without learning, two layers' memory is used in turn and stays in the cache.
  size_t SlotOf(int64_t layer, bool learn) const {
    return static_cast<size_t>(learn ? layer : layer % 2);
  }
  at::Tensor& OutputOf(int64_t layer, bool learn) {
    if (layer + 1 == weights_.config.layers) return hidden_out_;
    return saved_[SlotOf(layer + 1, learn) % saved_.size()].hidden_in;
  }

  void Normalise(const at::Tensor& hidden, const std::vector<float>& weight,
                 const at::Tensor& inverse, const at::Tensor& out) {
    const int64_t n = weights_.config.hidden;
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        Floats(inverse)[i] =
            kernels_.rms_norm[index_](Floats(hidden) + i * n, weight.data(), n,
                                      weights_.config.norm_epsilon, Bytes(out) + i * n * size_);
      }
    });
  }

  // out = hidden + x·W…, normalised before the sum where the family does so.
  void AddProjection(int64_t layer, int number, const at::Tensor& x, const at::Tensor& shrunk,
                     const at::Tensor& hidden, const std::vector<float>& post_norm,
                     const at::Tensor& sums, const at::Tensor& inverse, const at::Tensor& plain,
                     const at::Tensor& out) {
    const int64_t n = weights_.config.hidden;
    const AdaptedLinear& group = GroupAt(layer, number);
    const uint64_t seed = NoiseSeed(layer, number);
    if (post_norm.empty()) {
      group.Forward(compute_, rows_, Bytes(x), Bytes(shrunk),
                    {Floats(out), Dtype::kF32, n, Floats(hidden), n}, Data(plain), Noise(), seed);
      return;
    }
    group.Forward(compute_, rows_, Bytes(x), Bytes(shrunk),
                  {Floats(sums), Dtype::kF32, n, nullptr, 0}, Data(plain), Noise(), seed);
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        Floats(inverse)[i] =
            kernels_.rms_norm_add(Floats(sums) + i * n, post_norm.data(), Floats(hidden) + i * n, n,
                                  weights_.config.norm_epsilon, Floats(out) + i * n);
      }
    });
  }

  AttentionShape ShapeOfLayer(int64_t layer) const {
    const ModelConfig& c = weights_.config;
    return {c.heads, c.kv_heads, c.head_dim, c.attention_scale,
            c.IsSliding(layer) ? c.sliding_window : 0};
  }
  native::AttentionInput AttentionOf(int64_t layer, const Saved& saved) const {
    const ModelConfig& c = weights_.config;
    const int64_t q = c.heads * c.head_dim;
    const int64_t kv = c.kv_heads * c.head_dim;
    const char* qkv = Bytes(saved.qkv);
    const int64_t stride = q + 2 * kv;
    return {type_,
            ShapeOfLayer(layer),
            &spans_,
            rows_,
            {qkv, stride},
            {qkv + q * size_, stride},
            {qkv + (q + kv) * size_, stride}};
  }

  // Again: for backward alone, which does not need the layer's result.
  void ForwardLayer(int64_t layer, bool learn, Pass pass = Pass::kFirst) {
    const ModelConfig& c = weights_.config;
    const native::LayerWeights& w = weights_.layers[static_cast<size_t>(layer)];
    Saved& s = saved_[SlotOf(layer, learn)];
    Unpack(layer, Direction::kForward);
    const int64_t heads = c.heads + c.kv_heads;
    const int64_t dim = c.head_dim;
    const int64_t qkv = GroupAt(layer, 0).outputs();

    Normalise(s.hidden_in, w.attention_norm, s.inverse_in, s.normed_in);
    const at::Tensor& raw = c.qk_norm ? s.qkv_raw : s.qkv;
    GroupAt(layer, 0).Forward(compute_, rows_, Bytes(s.normed_in), Bytes(s.shrunk[0]),
                              {Bytes(raw), type_, qkv, nullptr, 0}, Data(s.plain[0]), Noise(),
                              NoiseSeed(layer, 0));
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        char* from = Bytes(raw) + i * qkv * size_;
        char* to = Bytes(s.qkv) + i * qkv * size_;
        if (!w.qkv_bias.empty()) kernels_.add_row[index_](w.qkv_bias.data(), qkv, from);
        const int64_t position = positions_[static_cast<size_t>(i)];
        for (int64_t h = 0; h < heads; ++h) {
          const std::vector<float>& norm = h < c.heads ? w.q_norm : w.k_norm;
          kernels_.head_rotate[index_](from + h * dim * size_, norm.empty() ? nullptr : norm.data(),
                                       c.norm_epsilon, rope_->Cosines(c.IsSliding(layer), position),
                                       rope_->Sines(c.IsSliding(layer), position), rope_->half(),
                                       dim, to + h * dim * size_);
        }
        if (from != to) {
          const auto done = static_cast<size_t>(heads * dim * size_);
          std::memcpy(to + done, from + done, static_cast<size_t>(qkv * size_) - done);
        }
      }
    });
    Attention(compute_, AttentionOf(layer, s), Bytes(s.attended), c.heads * dim,
              learn ? Floats(s.log_sums) : nullptr);
    AddProjection(layer, 1, s.attended, s.shrunk[1], s.hidden_in, w.post_attention_norm,
                  s.attention_sums, s.inverse_attention, s.plain[1], s.hidden_mid);

    Normalise(s.hidden_mid, w.ffn_norm, s.inverse_mid, s.normed_mid);
    const int64_t ffn = c.ffn;
    GroupAt(layer, 2).Forward(compute_, rows_, Bytes(s.normed_mid), Bytes(s.shrunk[2]),
                              {Bytes(s.gate_up), type_, 2 * ffn, nullptr, 0}, Data(s.plain[2]),
                              Noise(), NoiseSeed(layer, 2));
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const char* row = Bytes(s.gate_up) + i * 2 * ffn * size_;
        kernels_.gated[index_](GateKind(), row, row + ffn * size_, ffn,
                               Bytes(s.gated) + i * ffn * size_);
      }
    });
    if (pass == Pass::kAgain && w.post_ffn_norm.empty() && !options_.dora) {
      GroupAt(layer, 3).Shrink(compute_, rows_, Bytes(s.gated), Bytes(s.shrunk[3]), Noise(),
                               NoiseSeed(layer, 3));
      return;
    }
    // By then nobody reads hidden_out_ any more.
    AddProjection(layer, 3, s.gated, s.shrunk[3], s.hidden_mid, w.post_ffn_norm, s.ffn_sums,
                  s.inverse_ffn, s.plain[3],
                  pass == Pass::kFirst ? OutputOf(layer, learn) : hidden_out_);
  }

  // Puts a layer's matrices where all layers' are used in turn. A file whose matrices could be read
  // when it was loaded can be read again.
  enum class Direction { kForward, kBackward };
  void Unpack(int64_t layer, Direction direction) {
    int64_t& there = direction == Direction::kForward ? forward_layer_ : backward_layer_;
    if (file_ == nullptr || there == layer) return;
    for (int p = 0; p < native::kProjections; ++p) {
      const auto projection = static_cast<Projection>(p);
      const Place place = PlaceOf(projection);
      (void)ReadProjection(compute_, *file_, layer, projection, &unpacked_);
      AdaptedLinear& group = GroupAt(layer, place.group);
      if (direction == Direction::kForward) {
        group.SetForward(compute_, place.part, unpacked_.data());
      } else {
        group.SetBackward(compute_, place.part, unpacked_.data());
      }
    }
    for (int group = 0; group < 4; ++group) {
      if (direction == Direction::kForward) {
        GroupAt(layer, group).SetForwardExtras(compute_, Floats(parameters_), scale_);
      } else {
        GroupAt(layer, group).SetBackwardExtras(compute_, Floats(parameters_));
      }
    }
    there = layer;
  }

 public:
  // Reads every matrix that stays in the file once, so that a damaged one is found now.
  Status CheckFile() {
    for (int64_t layer = 0; file_ != nullptr && layer < weights_.config.layers; ++layer) {
      for (int p = 0; p < native::kProjections; ++p) {
        const auto projection = static_cast<Projection>(p);
        RETURN_IF_ERROR(ReadProjection(compute_, *file_, layer, projection, &unpacked_));
        const Place place = PlaceOf(projection);
        GroupAt(layer, place.group).Measure(place.part, unpacked_.data());
      }
    }
    SetMagnitudes();
    return {};
  }

 private:
  native::Gate GateKind() const {
    return weights_.config.activation == Activation::kSilu ? native::Gate::kSilu
                                                           : native::Gate::kGeluTanh;
  }

  // What is to be predicted, place by place.
  struct Targets {
    std::vector<int64_t> from;    // rows whose next token is a target
    std::vector<int32_t> tokens;  // that token
    std::vector<size_t> samples;  // whose it is
  };
  Targets TargetsOf(const PackedRow& row) const {
    Targets targets;
    for (size_t s = 0; s + 1 < row.starts.size(); ++s) {
      for (int64_t i = row.starts[s] + 1; i < row.starts[s + 1]; ++i) {
        if (row.is_target[static_cast<size_t>(i)] == 0) continue;
        targets.from.push_back(i - 1);
        targets.tokens.push_back(row.tokens[static_cast<size_t>(i)]);
        targets.samples.push_back(s);
      }
    }
    return targets;
  }

  // The loss over targets, chunk by chunk; with `learn`, d_hidden_ is its gradient, each target's
  // times its scale. Adds to `logprobs` of samples when that is given.
  LossSum Head(const Targets& wanted, bool learn, const std::vector<float>& scales,
               std::vector<double>* logprobs) {
    const ModelConfig& c = weights_.config;
    const int64_t n = c.hidden;
    const std::vector<int64_t>& from = wanted.from;
    const auto count = static_cast<int64_t>(from.size());
    LossSum sum;
    sum.targets = count;
    if (learn) {
      std::memset(Floats(d_hidden_), 0, static_cast<size_t>(rows_ * n) * sizeof(float));
    }
    std::vector<float> inverse(static_cast<size_t>(chunk_));
    std::vector<native::RowLoss> losses(static_cast<size_t>(chunk_));
    for (int64_t start = 0; start < count; start += chunk_) {
      const int64_t rows = std::min(chunk_, count - start);
      auto source = [&](int64_t i) { return from[static_cast<size_t>(start + i)] * n; };
      compute_.Ranges(rows, kGrain, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          inverse[static_cast<size_t>(i)] =
              kernels_.rms_norm[index_](Floats(hidden_out_) + source(i), weights_.final_norm.data(),
                                        n, c.norm_epsilon, Bytes(head_in_) + i * n * size_);
        }
      });
      Multiply(compute_, rows, {Bytes(head_in_), n}, weights_.Head(),
               {Floats(logits_), Dtype::kF32, c.vocabulary, nullptr, 0});
      compute_.pool->For(rows, [&](int64_t i) {
        float* logits = Floats(logits_) + i * c.vocabulary;
        const auto at = static_cast<size_t>(start + i);
        const int32_t target = wanted.tokens[at];
        native::RowLoss& loss = losses[static_cast<size_t>(i)];
        if (learn) {
          // In place: a bf16 gradient takes the first half of its row.
          loss = kernels_.cross_entropy[index_](logits, c.vocabulary, target, scales[at], logits);
        } else {
          loss.loss = kernels_.cross_entropy_only(logits, c.vocabulary, target, &loss.correct);
        }
      });
      for (int64_t i = 0; i < rows; ++i) {
        sum.loss += static_cast<double>(losses[static_cast<size_t>(i)].loss);
        sum.correct += losses[static_cast<size_t>(i)].correct ? 1 : 0;
        if (logprobs != nullptr) {
          (*logprobs)[wanted.samples[static_cast<size_t>(start + i)]] -=
              static_cast<double>(losses[static_cast<size_t>(i)].loss);
        }
      }
      if (!learn) continue;
      const native::Rows d_logits{Floats(logits_), c.vocabulary * 4 / size_};
      Multiply(compute_, rows, d_logits, head_backward_,
               {Floats(d_head_in_), Dtype::kF32, n, nullptr, 0});
      if (places_ != nullptr) {
        AddMatrixGradient(compute_, type_, rows, d_logits, c.vocabulary, {Bytes(head_in_), n}, n,
                          Gradient(places_->head));
        AddNormGradient(compute_, rows, n, Floats(d_head_in_), Floats(hidden_out_),
                        from.data() + start, inverse.data(), Gradient(places_->final_norm));
      }
      compute_.Ranges(rows, kGrain, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          kernels_.rms_norm_backward_add(
              Floats(d_head_in_) + i * n, Floats(hidden_out_) + source(i),
              weights_.final_norm.data(), inverse[static_cast<size_t>(i)], n,
              Floats(d_hidden_) + source(i));
        }
      });
    }
    return sum;
  }

  // d_hidden_ → d_sum_, through the post norm if there is one. `learned`: where that lies among the
  // weights that learn, or null.
  void IntoSum(const std::vector<float>& post_norm, const at::Tensor& sums,
               const at::Tensor& inverse, const WeightPlace* learned) {
    const int64_t n = weights_.config.hidden;
    if (learned != nullptr && !post_norm.empty()) {
      AddNormGradient(compute_, rows_, n, Floats(d_hidden_), Floats(sums), nullptr, Floats(inverse),
                      Gradient(*learned));
    }
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const float* from = Floats(d_hidden_) + i * n;
        char* to = Bytes(d_sum_) + i * n * size_;
        if (!post_norm.empty()) {
          kernels_.rms_norm_backward[index_](from, Floats(sums) + i * n, post_norm.data(),
                                             Floats(inverse)[i], n, to);
        } else if (type_ == Dtype::kF32) {
          std::memcpy(to, from, static_cast<size_t>(n) * sizeof(float));
        } else {
          kernels_.to_bf16(from, n, reinterpret_cast<uint16_t*>(to));
        }
      }
    });
  }

  void NormaliseBackward(const at::Tensor& hidden, const std::vector<float>& weight,
                         const at::Tensor& inverse, const WeightPlace* learned) {
    const int64_t n = weights_.config.hidden;
    if (learned != nullptr) {
      AddNormGradient(compute_, rows_, n, Floats(d_normed_), Floats(hidden), nullptr,
                      Floats(inverse), Gradient(*learned));
    }
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        kernels_.rms_norm_backward_add(Floats(d_normed_) + i * n, Floats(hidden) + i * n,
                                       weight.data(), Floats(inverse)[i], n,
                                       Floats(d_hidden_) + i * n);
      }
    });
  }

  // The gradients of a group's matrices, where those learn.
  void AddGroupGradient(int64_t layer, int number, const at::Tensor& dy, const at::Tensor& x) {
    const AdaptedLinear& group = GroupAt(layer, number);
    int64_t first = 0;
    for (int p = 0; p < native::kProjections; ++p) {  // the parts of a group are in this order
      const auto projection = static_cast<Projection>(p);
      const Place place = PlaceOf(projection);
      if (place.group != number) continue;
      const int64_t outputs = group.PartOutputs(place.part);
      AddMatrixGradient(compute_, type_, rows_, {Bytes(dy) + first * size_, group.outputs()},
                        outputs, {Bytes(x), group.inputs()}, group.inputs(),
                        Gradient(PlaceOfWeight(layer, projection)));
      first += outputs;
    }
  }

  // Of the norms on heads of q and k, from d_qkv_ before it is turned back.
  void AddHeadNormGradients(int64_t layer, const Saved& s) {
    const ModelConfig& c = weights_.config;
    HeadNorm norm;
    norm.type = type_;
    norm.stride = GroupAt(layer, 0).outputs();
    norm.dim = c.head_dim;
    norm.epsilon = c.norm_epsilon;
    norm.half = rope_->half();
    for (int64_t i = 0; i < rows_; ++i) {
      const int64_t position = positions_[static_cast<size_t>(i)];
      norm.cosines.push_back(rope_->Cosines(c.IsSliding(layer), position));
      norm.sines.push_back(rope_->Sines(c.IsSliding(layer), position));
    }
    const LayerPlaces& places = places_->layers[static_cast<size_t>(layer)];
    norm.x = Bytes(s.qkv_raw);
    norm.dy = Bytes(d_qkv_);
    norm.heads = c.heads;
    AddHeadNormGradient(compute_, rows_, norm, Gradient(places.q_norm));
    norm.x = Bytes(s.qkv_raw) + c.heads * c.head_dim * size_;
    norm.dy = Bytes(d_qkv_) + c.heads * c.head_dim * size_;
    norm.heads = c.kv_heads;
    AddHeadNormGradient(compute_, rows_, norm, Gradient(places.k_norm));
  }

  void BackwardLayer(int64_t layer) {
    const ModelConfig& c = weights_.config;
    const native::LayerWeights& w = weights_.layers[static_cast<size_t>(layer)];
    const Saved& s = saved_[static_cast<size_t>(layer)];
    Unpack(layer, Direction::kBackward);
    const int64_t n = c.hidden;
    const int64_t dim = c.head_dim;
    const int64_t q = c.heads * dim;
    const int64_t kv = c.kv_heads * dim;
    const int64_t qkv = q + 2 * kv;
    const int64_t ffn = c.ffn;
    auto backward = [&](int group, const at::Tensor& dy, const at::Tensor& x, native::Target dx) {
      GroupAt(layer, group)
          .Backward(compute_, rows_, Bytes(dy), Bytes(x), Bytes(s.shrunk[group]), Bytes(d_shrunk_),
                    Floats(gradients_), dx, Data(s.plain[group]), Noise(), NoiseSeed(layer, group));
      if (places_ != nullptr) AddGroupGradient(layer, group, dy, x);
    };
    // Null where there are adapters.
    const auto learned = [&](WeightPlace LayerPlaces::*of) {
      return places_ == nullptr ? nullptr : &(places_->layers[static_cast<size_t>(layer)].*of);
    };

    IntoSum(w.post_ffn_norm, s.ffn_sums, s.inverse_ffn, learned(&LayerPlaces::post_ffn_norm));
    backward(3, d_sum_, s.gated, {Bytes(d_gated_), type_, ffn, nullptr, 0});
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const char* row = Bytes(s.gate_up) + i * 2 * ffn * size_;
        char* to = Bytes(d_gate_up_) + i * 2 * ffn * size_;
        kernels_.gated_backward[index_](GateKind(), row, row + ffn * size_,
                                        Bytes(d_gated_) + i * ffn * size_, ffn, to,
                                        to + ffn * size_);
      }
    });
    backward(2, d_gate_up_, s.normed_mid, {Floats(d_normed_), Dtype::kF32, n, nullptr, 0});
    NormaliseBackward(s.hidden_mid, w.ffn_norm, s.inverse_mid, learned(&LayerPlaces::ffn_norm));

    IntoSum(w.post_attention_norm, s.attention_sums, s.inverse_attention,
            learned(&LayerPlaces::post_attention_norm));
    backward(1, d_sum_, s.attended, {Bytes(d_attended_), type_, q, nullptr, 0});
    native::AttentionGradient gradient;
    gradient.out = {Bytes(s.attended), q};
    gradient.d_out = {Bytes(d_attended_), q};
    gradient.log_sums = Floats(s.log_sums);
    gradient.dq = Bytes(d_qkv_);
    gradient.dk = Bytes(d_qkv_) + q * size_;
    gradient.dv = Bytes(d_qkv_) + (q + kv) * size_;
    gradient.stride = qkv;
    AttentionBackward(compute_, AttentionOf(layer, s), gradient);
    if (places_ != nullptr && c.qk_norm) AddHeadNormGradients(layer, s);
    compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const int64_t position = positions_[static_cast<size_t>(i)];
        for (int64_t h = 0; h < c.heads + c.kv_heads; ++h) {
          const std::vector<float>& norm = h < c.heads ? w.q_norm : w.k_norm;
          const int64_t at = (i * qkv + h * dim) * size_;
          kernels_.head_rotate_backward[index_](
              Bytes(d_qkv_) + at, c.qk_norm ? Bytes(s.qkv_raw) + at : nullptr,
              norm.empty() ? nullptr : norm.data(), c.norm_epsilon,
              rope_->Cosines(c.IsSliding(layer), position),
              rope_->Sines(c.IsSliding(layer), position), rope_->half(), dim);
        }
      }
    });
    if (const WeightPlace* bias = learned(&LayerPlaces::qkv_bias); bias && bias->count > 0) {
      AddBiasGradient(compute_, type_, rows_, qkv, Bytes(d_qkv_), Gradient(*bias));
    }
    // Below the first layer adapters have nothing to learn.
    const bool below = layer > 0 || places_ != nullptr;
    backward(0, d_qkv_, s.normed_in,
             {below ? Floats(d_normed_) : nullptr, Dtype::kF32, n, nullptr, 0});
    if (below) {
      NormaliseBackward(s.hidden_in, w.attention_norm, s.inverse_in,
                        learned(&LayerPlaces::attention_norm));
    }
  }

  const Compute& compute_;
  const native::Kernels& kernels_;
  const Dtype type_;
  const int index_;
  const int64_t size_;
  const LoraOptions options_;
  const int64_t padded_rank_;
  const float scale_;

  native::Arena arena_;
  native::Weights weights_;
  native::PackedMatrix head_backward_;          // [vocabulary, hidden]
  std::vector<AdaptedLinear> groups_;           // four a layer
  std::vector<native::PackedMatrix> backward_;  // four a layer, or four
  const ModelFile* file_ = nullptr;             // null: all matrices are in memory
  std::unique_ptr<WeightPlaces> places_;        // null: adapters learn, not the weights
  native::PackedMatrix shared_forward_[4];
  int64_t forward_layer_ = -1, backward_layer_ = -1;  // whose matrices are there
  std::vector<float> unpacked_;
  AdapterNoise noise_;
  uint64_t noise_seed_ = 0;  // of the row at hand
  bool with_noise_ = false;
  std::unique_ptr<native::RopeTables> rope_;

  int64_t rows_ = 0;
  std::vector<Span> spans_;
  std::vector<int64_t> positions_;
  std::vector<Saved> saved_;
  at::Tensor hidden_out_, d_hidden_, d_sum_, d_normed_, d_attended_, d_qkv_, d_gated_, d_gate_up_,
      d_shrunk_;
  int64_t chunk_ = 0;
  at::Tensor logits_, head_in_, d_head_in_;
  at::Tensor dropped_, d_dropped_;  // where there is dropout
};

LoraModel::LoraModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoraModel::~LoraModel() = default;

Result<std::unique_ptr<LoraModel>> LoraModel::Load(const Compute& compute, const ModelFile& file,
                                                   Dtype type, const LoraOptions& options) {
  auto impl = std::make_unique<Impl>(compute, type, options);
  if (options.base_in_file) impl->KeepInFile(&file);
  impl->Prepare(file.config());
  ASSIGN_OR_RETURN(native::Weights weights,
                   native::LoadWeights(compute, file, type, impl->padded_rank(), impl->Visitor(),
                                       options.base_in_file ? native::WeightForm::kInFile
                                                            : native::WeightForm::kUnpacked));
  impl->Adopt(std::move(weights));
  RETURN_IF_ERROR(impl->CheckFile());
  return std::unique_ptr<LoraModel>(new LoraModel(std::move(impl)));
}

std::unique_ptr<LoraModel> LoraModel::Random(const Compute& compute, const ModelConfig& config,
                                             Dtype type, uint64_t weights_seed,
                                             const LoraOptions& options) {
  auto impl = std::make_unique<Impl>(compute, type, options);
  impl->Prepare(config);
  impl->Adopt(native::RandomWeights(compute, config, type, impl->padded_rank(), weights_seed,
                                    impl->Visitor()));
  return std::unique_ptr<LoraModel>(new LoraModel(std::move(impl)));
}

LossSum LoraModel::Evaluate(const PackedRow& row) {
  return impl_->Run(row, {});
}
std::vector<double> LoraModel::SampleLogprobs(const PackedRow& row) {
  std::vector<double> logprobs;
  Impl::Task task;
  task.logprobs = &logprobs;
  impl_->Run(row, task);
  return logprobs;
}
LossSum LoraModel::AccumulateGradients(const PackedRow& row, float scale, uint64_t noise_seed) {
  Impl::Task task;
  task.learn = true;
  task.scale = scale;
  task.noise_seed = noise_seed;
  return impl_->Run(row, task);
}
LossSum LoraModel::AccumulateGradients(const PackedRow& row, const SampleWeights& weigh,
                                       uint64_t noise_seed) {
  Impl::Task task;
  task.learn = true;
  task.weigh = &weigh;
  task.noise_seed = noise_seed;
  return impl_->Run(row, task);
}
void LoraModel::ZeroGradients() {
  impl_->gradients_.zero_();
}
int64_t LoraModel::parameter_count() const {
  return impl_->parameters_.numel();
}
float* LoraModel::parameters() {
  return impl_->parameters_.data_ptr<float>();
}
float* LoraModel::gradients() {
  return impl_->gradients_.data_ptr<float>();
}
void LoraModel::ParametersChanged() {
  impl_->ParametersChanged();
}
std::vector<NamedPlace> LoraModel::WeightNames() const {
  return impl_->places() == nullptr ? std::vector<NamedPlace>()
                                    : impl_->places()->Named(impl_->config());
}
int64_t LoraModel::matrix_count() const {
  return impl_->places() == nullptr ? parameter_count() : impl_->places()->matrices;
}
LoraAdapter LoraModel::Adapter() const {
  return impl_->Export(impl_->parameters_);
}
LoraAdapter LoraModel::Gradients() const {
  return impl_->Export(impl_->gradients_);
}
Status LoraModel::SetAdapter(const LoraAdapter& adapter) {
  return impl_->Import(adapter);
}
int64_t LoraModel::bytes() const {
  return impl_->bytes();
}
const ModelConfig& LoraModel::config() const {
  return impl_->config();
}

}  // namespace idiolect
