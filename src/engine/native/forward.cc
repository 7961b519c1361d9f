#include "engine/native/forward.h"

#include <algorithm>
#include <cstring>

namespace idiolect::native {
namespace {

// Rows that one thread takes at a time in work that is linear in the row.
constexpr int64_t kGrain = 16;

}  // namespace

Forward::Forward(const Compute& compute, const Weights& weights)
    : compute_(compute), weights_(weights), config_(weights.config), rope_(weights.config) {}

void Forward::Run(std::span<const StepPart> parts) {
  Lay(parts);
  Embed();
  for (size_t layer = 0; layer < weights_.layers.size(); ++layer) RunLayer(layer);
  for (const Place& place : places_) place.part->sequence->cache.Advance(place.rows);
  Logits();
}

// Rows of one adapter side by side.
void Forward::Lay(std::span<const StepPart> parts) {
  places_.clear();
  groups_.clear();
  for (const StepPart& part : parts) {
    places_.push_back({&part, 0, static_cast<int64_t>(part.tokens.size())});
  }
  std::stable_sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::less<>()(a.part->sequence->adapter, b.part->sequence->adapter);
  });
  rows_ = 0;
  int64_t longest = 0;
  for (Place& place : places_) {
    Sequence& sequence = *place.part->sequence;
    place.first = rows_;
    rows_ += place.rows;
    if (groups_.empty() || groups_.back().adapter != sequence.adapter) {
      groups_.push_back({sequence.adapter, place.first, 0});
    }
    groups_.back().rows += place.rows;
    sequence.cache.MakeRoom(place.rows);
    longest = std::max(longest, sequence.cache.length() + place.rows);
  }
  rope_.Reserve(longest);
}

void Forward::Embed() {
  const int64_t size = SizeOf(weights_.type);
  const int64_t q = config_.heads * config_.head_dim;
  const int64_t kv = config_.kv_heads * config_.head_dim;
  const int64_t widest = std::max(q + 2 * kv, 2 * config_.ffn);
  hidden_.Reserve(rows_ * config_.hidden * 4);
  normed_.Reserve(rows_ * config_.hidden * size);
  qkv_.Reserve(rows_ * (q + 2 * kv) * size);
  attended_.Reserve(rows_ * q * size);
  sums_.Reserve(rows_ * std::max(config_.hidden, q) * 4);
  gate_up_.Reserve(rows_ * 2 * config_.ffn * size);
  gated_.Reserve(rows_ * config_.ffn * size);
  const bool adapted = groups_.size() > 1 || groups_.front().adapter != nullptr;
  if (adapted) delta_.Reserve(rows_ * widest * 4);

  auto* hidden = hidden_.as<float>();
  for (const Place& place : places_) {
    for (int64_t i = 0; i < place.rows; ++i) {
      float* row = hidden + (place.first + i) * config_.hidden;
      weights_.CopyEmbedding(place.part->tokens[static_cast<size_t>(i)], row);
      if (config_.embedding_scale != 1.0f) {
        for (int64_t c = 0; c < config_.hidden; ++c) row[c] *= config_.embedding_scale;
      }
    }
  }
}

// out = x · w (+ out.add), and what the rows' adapters add to it. Sums are kept in f32 until the
// end, also where `out` is not.
void Forward::Product(size_t layer, ProductKind kind, Rows x, Target out) {
  const auto k = static_cast<size_t>(kind);
  const WeightMatrix w = weights_.Product(layer, kind);
  const int64_t n = w.dense != nullptr ? w.dense->n() : w.quant->n();
  const int64_t size = SizeOf(weights_.type);
  bool started = false, gained = false;
  for (const Group& group : groups_) {
    if (group.adapter == nullptr) continue;
    const AdapterProduct& product = group.adapter->layers[layer][k];
    if (product.parts.empty()) continue;
    gained |= !product.gains.empty();
    if (!started) {
      auto* delta = delta_.as<float>();
      for (int64_t i = 0; i < rows_; ++i) {
        const auto bytes = static_cast<size_t>(n) * 4;
        if (out.add != nullptr) {
          std::memcpy(delta + i * n, out.add + i * out.add_stride, bytes);
        } else {
          std::memset(delta + i * n, 0, bytes);
        }
      }
      out.add = delta;
      out.add_stride = n;
      started = true;
    }
    ranks_.Reserve(group.rows * product.a.n() * size);
    const char* from = static_cast<const char*>(x.data) + group.first * x.stride * size;
    Multiply(compute_, group.rows, {from, x.stride}, product.a,
             {ranks_.data(), weights_.type, product.a.n(), nullptr, 0});
    for (const AdapterProduct::Part& part : product.parts) {
      float* to = delta_.as<float>() + group.first * n + part.column;
      Multiply(compute_, group.rows, {ranks_.data() + part.rank_column * size, product.a.n()},
               part.b, {to, Dtype::kF32, n, to, n});
    }
  }
  if (!gained) {
    MultiplyBy(w, rows_, x, out);
    return;
  }
  // Each adapter's rows on their own, so that a neighbour changes no bit of the others.
  for (const Group& group : groups_) {
    const Rows from{static_cast<const char*>(x.data) + group.first * x.stride * size, x.stride};
    Target to = out;
    to.data = static_cast<char*>(out.data) + group.first * out.stride * SizeOf(out.type);
    to.add = out.add + group.first * out.add_stride;
    const std::vector<float>* gains =
        group.adapter == nullptr ? nullptr : &group.adapter->layers[layer][k].gains;
    if (gains == nullptr || gains->empty()) {
      MultiplyBy(w, group.rows, from, to);
      continue;
    }
    plain_.Reserve(group.rows * n * 4);
    MultiplyBy(w, group.rows, from, {plain_.data(), Dtype::kF32, n, nullptr, 0});
    for (int64_t i = 0; i < group.rows; ++i) {
      float* row = plain_.as<float>() + i * n;
      for (int64_t c = 0; c < n; ++c) {
        row[c] = row[c] * (*gains)[static_cast<size_t>(c)] + to.add[i * to.add_stride + c];
      }
      char* into = static_cast<char*>(to.data) + i * to.stride * SizeOf(to.type);
      if (to.type == Dtype::kF32) {
        std::memcpy(into, row, static_cast<size_t>(n) * sizeof(float));
      } else {
        compute_.kernels->to_bf16(row, n, reinterpret_cast<uint16_t*>(into));
      }
    }
  }
}

void Forward::MultiplyBy(WeightMatrix w, int64_t rows, Rows x, Target out) {
  if (w.dense != nullptr) {
    Multiply(compute_, rows, x, *w.dense, out);
    return;
  }
  quantised_.Set(compute_, weights_.type, rows, x, w.quant->k());
  Multiply(compute_, rows, quantised_, *w.quant, out);
}

// hidden += x · w, normalised before the sum where the family says so.
void Forward::AddProduct(size_t layer, ProductKind kind, Rows x,
                         const std::vector<float>& post_norm) {
  const int64_t n = config_.hidden;
  auto* hidden = hidden_.as<float>();
  if (post_norm.empty()) {
    Product(layer, kind, x, {hidden, Dtype::kF32, n, hidden, n});
    return;
  }
  auto* sums = sums_.as<float>();
  Product(layer, kind, x, {sums, Dtype::kF32, n, nullptr, 0});
  compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      compute_.kernels->rms_norm_add(sums + i * n, post_norm.data(), hidden + i * n, n,
                                     config_.norm_epsilon, hidden + i * n);
    }
  });
}

void Forward::Normalise(const std::vector<float>& weight) {
  const auto t = static_cast<int>(weights_.type);
  const int64_t n = config_.hidden;
  compute_.Ranges(rows_, kGrain, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      compute_.kernels->rms_norm[t](hidden_.as<float>() + i * n, weight.data(), n,
                                    config_.norm_epsilon,
                                    normed_.data() + i * n * SizeOf(weights_.type));
    }
  });
}

void Forward::RunLayer(size_t index) {
  const LayerWeights& layer = weights_.layers[index];
  const Kernels& kernels = *compute_.kernels;
  const Dtype type = weights_.type;
  const auto t = static_cast<int>(type);
  const int64_t size = SizeOf(type);
  const int64_t n = config_.hidden;
  const int64_t q = config_.heads * config_.head_dim;
  const int64_t stride = q + 2 * config_.kv_heads * config_.head_dim;

  Normalise(layer.attention_norm);
  Product(index, ProductKind::kQkv, {normed_.data(), n}, {qkv_.data(), type, stride, nullptr, 0});
  Attend(index);
  AddProduct(index, ProductKind::kOutput, {attended_.data(), q}, layer.post_attention_norm);

  Normalise(layer.ffn_norm);
  const int64_t ffn = config_.ffn;
  Product(index, ProductKind::kGateUp, {normed_.data(), n},
          {gate_up_.data(), type, 2 * ffn, nullptr, 0});
  const Gate gate = config_.activation == Activation::kSilu ? Gate::kSilu : Gate::kGeluTanh;
  compute_.Ranges(rows_, 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const char* row = gate_up_.data() + i * 2 * ffn * size;
      kernels.gated[t](gate, row, row + ffn * size, ffn, gated_.data() + i * ffn * size);
    }
  });
  AddProduct(index, ProductKind::kDown, {gated_.data(), ffn}, layer.post_ffn_norm);
}

// Positions into q and k, the new keys and values into the caches, then attention over them.
void Forward::Attend(size_t index) {
  const LayerWeights& layer = weights_.layers[index];
  const Kernels& kernels = *compute_.kernels;
  const Dtype type = weights_.type;
  const auto t = static_cast<int>(type);
  const int64_t size = SizeOf(type);
  const int64_t dim = config_.head_dim;
  const int64_t q = config_.heads * dim;
  const int64_t kv = config_.kv_heads * dim;
  const int64_t stride = q + 2 * kv;
  const bool sliding = config_.IsSliding(static_cast<int64_t>(index));

  auto enter = [&](KvCache& cache, int64_t position, char* row) {
    if (!layer.qkv_bias.empty()) kernels.add_row[t](layer.qkv_bias.data(), stride, row);
    for (int64_t h = 0; h < config_.heads + config_.kv_heads; ++h) {
      const std::vector<float>& norm = h < config_.heads ? layer.q_norm : layer.k_norm;
      char* head = row + h * dim * size;
      kernels.head_rotate[t](head, norm.empty() ? nullptr : norm.data(), config_.norm_epsilon,
                             rope_.Cosines(sliding, position), rope_.Sines(sliding, position),
                             rope_.half(), dim, head);
    }
    const auto bytes = static_cast<size_t>(kv * size);
    std::memcpy(cache.Key(index, position), row + q * size, bytes);
    std::memcpy(cache.Value(index, position), row + (q + kv) * size, bytes);
  };
  for (const Place& place : places_) {
    KvCache& cache = place.part->sequence->cache;
    compute_.Ranges(place.rows, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        enter(cache, cache.length() + i, qkv_.data() + (place.first + i) * stride * size);
      }
    });
  }

  const AttentionShape shape{config_.heads, config_.kv_heads, dim, config_.attention_scale,
                             sliding ? config_.sliding_window : 0};
  auto* sums = sums_.as<float>();
  std::vector<OneQuery> singles;
  for (const Place& place : places_) {
    const KvCache& cache = place.part->sequence->cache;
    const Rows keys = cache.Keys(index), values = cache.Values(index);
    const int64_t seen = cache.length() + place.rows - cache.First(index);
    const char* queries = qkv_.data() + place.first * stride * size;
    if (place.rows == 1) {
      singles.push_back({queries, keys, values, seen, sums + place.first * q});
      continue;
    }
    const std::vector<Span> spans = {{0, place.rows, 0, seen}};
    Attention(compute_, {type, shape, &spans, place.rows, {queries, stride}, keys, values},
              attended_.data() + place.first * q * size, q, nullptr);
  }
  if (singles.empty()) return;
  AttendEach(compute_, type, shape, singles);
  for (const Place& place : places_) {
    if (place.rows != 1) continue;
    char* to = attended_.data() + place.first * q * size;
    if (type == Dtype::kF32) {
      std::memcpy(to, sums + place.first * q, static_cast<size_t>(q) * 4);
    } else {
      kernels.to_bf16(sums + place.first * q, q, reinterpret_cast<uint16_t*>(to));
    }
  }
}

// Rows whose logits are wanted, normalised side by side, through the head together where they go to
// different places.
void Forward::Logits() {
  const int64_t n = config_.hidden;
  const int64_t vocabulary = config_.vocabulary;
  const int64_t size = SizeOf(weights_.type);
  const auto normalise = [&](int64_t row, int64_t to) {
    compute_.kernels->rms_norm[static_cast<int>(weights_.type)](
        hidden_.as<float>() + row * n, weights_.final_norm.data(), n, config_.norm_epsilon,
        normed_.data() + to * n * size);
  };
  std::vector<float*> lasts;
  for (const Place& place : places_) {
    if (place.part->all_logits == nullptr) continue;
    for (int64_t i = 0; i < place.rows; ++i) normalise(place.first + i, i);
    MultiplyBy(weights_.HeadMatrix(), place.rows, {normed_.data(), n},
               {place.part->all_logits, Dtype::kF32, vocabulary, nullptr, 0});
  }
  for (const Place& place : places_) {
    if (place.part->logits == nullptr) continue;
    normalise(place.first + place.rows - 1, static_cast<int64_t>(lasts.size()));
    lasts.push_back(place.part->logits);
  }
  if (lasts.empty()) return;
  if (lasts.size() == 1) {
    MultiplyBy(weights_.HeadMatrix(), 1, {normed_.data(), n},
               {lasts.front(), Dtype::kF32, vocabulary, nullptr, 0});
    return;
  }
  const auto count = static_cast<int64_t>(lasts.size());
  logits_.Reserve(count * vocabulary * 4);
  MultiplyBy(weights_.HeadMatrix(), count, {normed_.data(), n},
             {logits_.data(), Dtype::kF32, vocabulary, nullptr, 0});
  for (size_t i = 0; i < lasts.size(); ++i) {
    std::memcpy(lasts[i], logits_.as<float>() + static_cast<int64_t>(i) * vocabulary,
                static_cast<size_t>(vocabulary) * 4);
  }
}

}  // namespace idiolect::native
