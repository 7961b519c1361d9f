#pragma once
// One decoder described by data, so that the engine has one implementation for all families. A
// reader exists per file format; each fills every field or fails, naming the field that it cannot
// serve. Nothing here loads weights.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/gguf.h"

namespace idiolect {

enum class Activation { kSilu, kGeluTanh };

// Which two numbers of a head a rotation turns together.
enum class RopePairs {
  kHalves,       // i and i + rope_dim / 2, as Hugging Face's weights have it
  kInterleaved,  // 2i and 2i + 1: GGUF files of architecture "llama" have q and k rows reordered so
};

// Tensor names are those of GGUF (`token_embd.weight`, `blk.N.attn_q.weight` …). Shapes: attn_q
// [heads * head_dim, hidden], attn_k and attn_v [kv_heads * head_dim, hidden], attn_output
// [hidden, heads * head_dim], ffn_gate and ffn_up [ffn, hidden], ffn_down [hidden, ffn].
struct ModelConfig {
  std::string architecture;  // "llama", "qwen2", "qwen3", "gemma3"
  std::string name;          // general.name, may be empty

  int64_t layers = 0;
  int64_t hidden = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t ffn = 0;
  int64_t vocabulary = 0;  // rows of the embedding
  int64_t context_length = 0;

  float norm_epsilon = 1e-5f;
  // RMSNorm multiplies by weight + offset. GGUF files hold Gemma's weights with 1 already added, so
  // this is 0 for all of them.
  float norm_weight_offset = 0;
  bool qk_norm = false;              // attn_q_norm, attn_k_norm: RMSNorm over each head before RoPE
  bool post_attention_norm = false;  // post_attention_norm: on attention's output before the sum
  bool post_ffn_norm = false;        // post_ffw_norm: on the feed-forward's output before the sum
  bool qkv_bias = false;             // attn_{q,k,v}.bias

  Activation activation = Activation::kSilu;
  float embedding_scale = 1;  // multiplies token embeddings (Gemma: the root of hidden)
  float attention_scale = 0;  // multiplies q·k
  bool tied_head = true;      // no output.weight: logits use token_embd

  RopePairs rope_pairs = RopePairs::kHalves;
  int64_t rope_dim = 0;          // how many numbers of a head are rotated, usually all
  float rope_base = 1e4f;        // of global layers
  float rope_base_local = 1e4f;  // of sliding layers
  // Position divisor of global layers (linear scaling); 1: none.
  float rope_linear_factor = 1;
  // Per frequency, what its inverse frequency is divided by in global layers (Llama 3.1's scaling);
  // empty: none, else rope_dim / 2 values.
  std::vector<float> rope_divisors;

  // Sliding layers see this many positions, their own included; 0: every layer is global.
  int64_t sliding_window = 0;
  std::vector<bool> sliding;  // one per layer

  bool IsSliding(int64_t layer) const {
    return sliding_window > 0 && sliding[static_cast<size_t>(layer)];
  }
};

// Fails with kBadInput for an architecture or setting that the engine does not have (the message
// says which field, the hint what is supported), for missing or senseless numbers, and when a
// tensor that the configuration needs is absent or of another shape.
Result<ModelConfig> ReadModelConfig(const GgufFile& file);

// For rows [heads * head_dim, …] in interleaved order: where each row of the halves order is found,
// so that halves[i] = interleaved[result[i]].
std::vector<int64_t> RowsForHalves(int64_t heads, int64_t head_dim);

// All parameters of the file's tensors.
int64_t CountParameters(const GgufFile& file);

}  // namespace idiolect
