#include "engine/native/decoder.h"

#include <algorithm>
#include <cstring>

#include "engine/native/attention.h"

namespace idiolect::native {
namespace {

// Rows that one thread takes at a time in work that is linear in the row.
constexpr int64_t kGrain = 16;

}  // namespace

Decoder::Decoder(const Compute& compute, const Weights& weights)
    : compute_(compute),
      weights_(weights),
      config_(weights.config),
      rope_(weights.config),
      caches_(weights.layers.size()) {}

void Decoder::Reserve(int64_t length) {
  rope_.Reserve(length);
  if (length <= capacity_) return;
  const int64_t row = config_.kv_heads * config_.head_dim * SizeOf(weights_.type);
  const int64_t capacity = std::max<int64_t>({256, length, 2 * capacity_});
  for (Cache& cache : caches_) {
    for (Buffer* buffer : {&cache.keys, &cache.values}) {
      Buffer larger(capacity * row);
      if (length_ > 0) {
        std::memcpy(larger.data(), buffer->data(), static_cast<size_t>(length_ * row));
      }
      *buffer = std::move(larger);
    }
  }
  capacity_ = capacity;
}

void Decoder::Run(std::span<const int32_t> tokens, float* logits) {
  Forward(tokens);
  Logits(static_cast<int64_t>(tokens.size()) - 1, 1, logits);
}

void Decoder::RunAll(std::span<const int32_t> tokens, float* logits) {
  Forward(tokens);
  Logits(0, static_cast<int64_t>(tokens.size()), logits);
}

void Decoder::Forward(std::span<const int32_t> tokens) {
  const auto rows = static_cast<int64_t>(tokens.size());
  const int64_t size = SizeOf(weights_.type);
  const int64_t q = config_.heads * config_.head_dim;
  const int64_t kv = config_.kv_heads * config_.head_dim;
  Reserve(length_ + rows);
  hidden_.Reserve(rows * config_.hidden * 4);
  normed_.Reserve(rows * config_.hidden * size);
  qkv_.Reserve(rows * (q + 2 * kv) * size);
  attended_.Reserve(rows * q * size);
  sums_.Reserve(std::max(rows * config_.hidden, q) * 4);
  gate_up_.Reserve(rows * 2 * config_.ffn * size);
  gated_.Reserve(rows * config_.ffn * size);

  auto* hidden = hidden_.as<float>();
  for (int64_t i = 0; i < rows; ++i) {
    float* row = hidden + i * config_.hidden;
    weights_.embedding.CopyColumn(tokens[static_cast<size_t>(i)], row);
    if (config_.embedding_scale != 1.0f) {
      for (int64_t c = 0; c < config_.hidden; ++c) row[c] *= config_.embedding_scale;
    }
  }
  for (size_t layer = 0; layer < caches_.size(); ++layer) RunLayer(layer, rows);
  length_ += rows;
}

void Decoder::RunLayer(size_t index, int64_t rows) {
  const LayerWeights& layer = weights_.layers[index];
  const Kernels& kernels = *compute_.kernels;
  const Dtype type = weights_.type;
  const auto t = static_cast<int>(type);
  const int64_t size = SizeOf(type);
  const int64_t n = config_.hidden;
  const int64_t dim = config_.head_dim;
  const int64_t q = config_.heads * dim;
  const int64_t kv = config_.kv_heads * dim;
  const int64_t stride = q + 2 * kv;
  const float epsilon = config_.norm_epsilon;
  const bool sliding = config_.IsSliding(static_cast<int64_t>(index));
  auto* hidden = hidden_.as<float>();
  Cache& cache = caches_[index];

  auto normalise = [&](const std::vector<float>& weight) {
    compute_.Ranges(rows, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        kernels.rms_norm[t](hidden + i * n, weight.data(), n, epsilon,
                            normed_.data() + i * n * size);
      }
    });
  };
  // hidden += x · w, normalised before the sum where the family says so.
  auto add_product = [&](const Buffer& x, int64_t k, const PackedMatrix& w,
                         const std::vector<float>& post_norm) {
    if (post_norm.empty()) {
      Multiply(compute_, rows, {x.data(), k}, w, {hidden, Dtype::kF32, n, hidden, n});
      return;
    }
    auto* sums = sums_.as<float>();
    Multiply(compute_, rows, {x.data(), k}, w, {sums, Dtype::kF32, n, nullptr, 0});
    compute_.Ranges(rows, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        kernels.rms_norm_add(sums + i * n, post_norm.data(), hidden + i * n, n, epsilon,
                             hidden + i * n);
      }
    });
  };

  normalise(layer.attention_norm);
  Multiply(compute_, rows, {normed_.data(), n}, layer.qkv, {qkv_.data(), type, stride, nullptr, 0});
  compute_.Ranges(rows, kGrain, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      char* row = qkv_.data() + i * stride * size;
      if (!layer.qkv_bias.empty()) kernels.add_row[t](layer.qkv_bias.data(), stride, row);
      const int64_t position = length_ + i;
      for (int64_t h = 0; h < config_.heads + config_.kv_heads; ++h) {
        const std::vector<float>& norm = h < config_.heads ? layer.q_norm : layer.k_norm;
        char* head = row + h * dim * size;
        kernels.head_rotate[t](head, norm.empty() ? nullptr : norm.data(), epsilon,
                               rope_.Cosines(sliding, position), rope_.Sines(sliding, position),
                               rope_.half(), dim, head);
      }
      const auto bytes = static_cast<size_t>(kv * size);
      std::memcpy(cache.keys.data() + position * kv * size, row + q * size, bytes);
      std::memcpy(cache.values.data() + position * kv * size, row + (q + kv) * size, bytes);
    }
  });

  const AttentionShape shape{config_.heads, config_.kv_heads, dim, config_.attention_scale,
                             sliding ? config_.sliding_window : 0};
  const Rows keys{cache.keys.data(), kv}, values{cache.values.data(), kv};
  const int64_t seen = length_ + rows;
  if (rows == 1) {
    auto* sums = sums_.as<float>();
    AttendOne(compute_, type, shape, qkv_.data(), keys, values, seen, sums);
    if (type == Dtype::kF32) {
      std::memcpy(attended_.data(), sums, static_cast<size_t>(q) * 4);
    } else {
      kernels.to_bf16(sums, q, attended_.as<uint16_t>());
    }
  } else {
    const std::vector<Span> spans = {{0, rows, 0, seen}};
    Attention(compute_, {type, shape, &spans, rows, {qkv_.data(), stride}, keys, values},
              attended_.data(), q, nullptr);
  }
  add_product(attended_, q, layer.output, layer.post_attention_norm);

  normalise(layer.ffn_norm);
  const int64_t ffn = config_.ffn;
  Multiply(compute_, rows, {normed_.data(), n}, layer.gate_up,
           {gate_up_.data(), type, 2 * ffn, nullptr, 0});
  const Gate gate = config_.activation == Activation::kSilu ? Gate::kSilu : Gate::kGeluTanh;
  compute_.Ranges(rows, 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const char* row = gate_up_.data() + i * 2 * ffn * size;
      kernels.gated[t](gate, row, row + ffn * size, ffn, gated_.data() + i * ffn * size);
    }
  });
  add_product(gated_, ffn, layer.down, layer.post_ffn_norm);
}

void Decoder::Logits(int64_t first_row, int64_t rows, float* logits) {
  const int64_t n = config_.hidden;
  for (int64_t i = 0; i < rows; ++i) {
    compute_.kernels->rms_norm[static_cast<int>(weights_.type)](
        hidden_.as<float>() + (first_row + i) * n, weights_.final_norm.data(), n,
        config_.norm_epsilon, normed_.data() + i * n * SizeOf(weights_.type));
  }
  Multiply(compute_, rows, {normed_.data(), n}, weights_.Head(),
           {logits, Dtype::kF32, config_.vocabulary, nullptr, 0});
}

}  // namespace idiolect::native
