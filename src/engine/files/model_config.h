#pragma once
// One decoder described by data, so that the engine has one implementation for all families. A
// reader exists per file format (GGUF here, config.json in hf_config.h); each fills every field or
// fails, naming the field that it cannot serve. Nothing here loads weights.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/ggml_type.h"
#include "engine/files/gguf.h"

namespace idiolect {

enum class Activation { kSilu, kGeluTanh };

// Which two numbers of a head a rotation turns together.
enum class RopePairs {
  kHalves,       // i and i + rope_dim / 2, as Hugging Face's weights have it
  kInterleaved,  // 2i and 2i + 1: GGUF files of architecture "llama" have q and k rows reordered so
};

// How frequencies are stretched for contexts longer than the first training's.
enum class RopeScaling { kNone, kLinear, kLlama3, kYarn, kLongRope };

// Tensor names are those of GGUF (`token_embd.weight`, `blk.N.attn_q.weight` …). Shapes: attn_q
// [heads * head_dim, hidden], attn_k and attn_v [kv_heads * head_dim, hidden], attn_output
// [hidden, heads * head_dim], ffn_gate and ffn_up [ffn, hidden], ffn_down [hidden, ffn].
struct ModelConfig {
  std::string architecture;  // GGUF's word: "llama", "qwen2", "qwen3", "gemma3", "phi3"
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
  // RMSNorm multiplies by weight + offset: 1 for Gemma's weights in safetensors. GGUF files hold
  // them with 1 already added, so this is 0 for all of those.
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
  // Sliding layers are scaled as the global ones are: in every family but Gemma 3.
  bool rope_scales_sliding = false;
  RopeScaling rope_scaling = RopeScaling::kNone;
  // Position divisor of global layers (linear scaling); 1: none.
  float rope_linear_factor = 1;
  // Per frequency, what it is divided by in global layers; empty: nothing, else rope_dim / 2
  // values.
  std::vector<float> rope_divisors;
  // Cosines and sines are multiplied by it (YaRN and LongRoPE).
  float rope_magnitude = 1;
  // YaRN and LongRoPE as the file says them, for writing another; 0: not said.
  float rope_factor = 0;
  int64_t rope_original_context = 0;
  // LongRoPE's divisors beyond the original context. They are not used: the context ends there.
  std::vector<float> rope_long_divisors;

  // Sliding layers see this many positions, their own included; 0: every layer is global.
  int64_t sliding_window = 0;
  std::vector<bool> sliding;  // one per layer

  bool IsSliding(int64_t layer) const {
    return sliding_window > 0 && sliding[static_cast<size_t>(layer)];
  }
};

// A weight of a model by GGUF's name, whatever file it lies in; `bytes` are borrowed from that.
struct ModelTensor {
  std::string name;
  GgmlType type = GgmlType::kF32;
  std::vector<int64_t> shape;  // rows first
  std::string_view bytes;

  int64_t Count() const;
};

// The families that the engine has, for hints.
inline constexpr std::string_view kSupportedFamilies =
    "Llama 2 and 3 (and Mistral, SmolLM2, TinyLlama), Qwen 2 and 3, Gemma 3, Phi 3 and 4 mini";

// Fails with kBadInput for an architecture or setting that the engine does not have (the message
// says which field, the hint what is supported) and for missing or senseless numbers. What tensors
// tell (biases, a head of its own, the vocabulary) is CheckTensors' to fill.
Result<ModelConfig> ReadGgufConfig(const GgufFile& file);

// The tensors of a GGUF file with those that hold several projections side by side (Phi 3's
// attn_qkv and ffn_up) taken apart. The scaling's own tensors are left out.
Result<std::vector<ModelTensor>> TensorsOfGguf(const GgufFile& file, const ModelConfig& config);

// Fills what tensors tell. Fails with kBadInput when one that the configuration needs is absent or
// of another shape, or one has no place. `what` begins messages; `tokens` is the tokenizer's size,
// or 0.
Status CheckTensors(const std::vector<ModelTensor>& tensors, uint64_t tokens,
                    const std::string& what, ModelConfig* config);

// YaRN: the divisors of all frequencies. `attention_factor` 0: the usual 1 + ln(factor) / 10.
struct YarnSettings {
  double factor = 1;
  int64_t original_context = 0;
  double beta_fast = 32, beta_slow = 1;
  double attention_factor = 0;
};
void SetYarn(const YarnSettings& yarn, ModelConfig* config);

// Llama 3.1: frequencies of long waves are divided by `factor`, those between shade over.
struct Llama3Settings {
  double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
  int64_t original_context = 8192;
};
void SetLlama3(const Llama3Settings& settings, ModelConfig* config);

// For rows [heads * head_dim, …] in interleaved order: where each row of the halves order is found,
// so that halves[i] = interleaved[result[i]].
std::vector<int64_t> RowsForHalves(int64_t heads, int64_t head_dim);
// The other way: interleaved[i] = halves[result[i]].
std::vector<int64_t> RowsForInterleaved(int64_t heads, int64_t head_dim);

}  // namespace idiolect
