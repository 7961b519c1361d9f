#pragma once
// For tests: a GGUF file of a small random model that training can really be run on, in a blink.
// Its tokens are bytes and ChatML's markers. Not part of the program.

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "engine/files/test_gguf.h"

namespace idiolect {

// Matrices of layers in f32 or Q4_0.
inline void WriteTrainableModel(const std::filesystem::path& path,
                                GgmlType matrices = GgmlType::kF32) {
  constexpr int64_t kHidden = 32, kFfn = 64, kHeads = 4, kKvHeads = 2, kDim = 8, kLayers = 2;
  GgufBuilder file;
  file.Text("general.architecture", "llama");
  file.Integer("llama.block_count", kLayers);
  file.Integer("llama.embedding_length", kHidden);
  file.Integer("llama.feed_forward_length", kFfn);
  file.Integer("llama.attention.head_count", kHeads);
  file.Integer("llama.attention.head_count_kv", kKvHeads);
  file.Integer("llama.context_length", 512);
  file.Real("llama.attention.layer_norm_rms_epsilon", 1e-6f);
  AddByteLevelTokenizer(&file, "gpt-2", {});
  constexpr int64_t kVocabulary = 259;
  Random random(17);
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) {
    if (matrices == GgmlType::kQ4_0 && shape.size() == 2 && name != "token_embd.weight") {
      // A block: a half-precision scale, and two codes a byte.
      std::string bytes;
      for (int64_t block = 0; block < shape[0] * shape[1] / 32; ++block) {
        bytes += std::string("\x00\x2A", 2);  // 0.047
        for (int i = 0; i < 16; ++i) bytes += static_cast<char>(random.Below(256));
      }
      file.Tensor(name, matrices, shape, bytes);
      return;
    }
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    std::vector<float> values(static_cast<size_t>(count));
    const double most = shape.size() == 1 ? 0 : std::sqrt(3.0 / static_cast<double>(shape.back()));
    for (float& value : values) {
      value = static_cast<float>((shape.size() == 1 ? 1 : 0) + (random.Uniform() * 2 - 1) * most);
    }
    file.Floats(name, shape, values);
  };
  add("token_embd.weight", {kVocabulary, kHidden});
  add("output_norm.weight", {kHidden});
  for (int64_t layer = 0; layer < kLayers; ++layer) {
    const std::string blk = "blk." + std::to_string(layer) + ".";
    add(blk + "attn_norm.weight", {kHidden});
    add(blk + "attn_q.weight", {kHeads * kDim, kHidden});
    add(blk + "attn_k.weight", {kKvHeads * kDim, kHidden});
    add(blk + "attn_v.weight", {kKvHeads * kDim, kHidden});
    add(blk + "attn_output.weight", {kHidden, kHeads * kDim});
    add(blk + "ffn_norm.weight", {kHidden});
    add(blk + "ffn_gate.weight", {kFfn, kHidden});
    add(blk + "ffn_up.weight", {kFfn, kHidden});
    add(blk + "ffn_down.weight", {kHidden, kFfn});
  }
  std::ofstream(path, std::ios::binary) << file.Build();
}

}  // namespace idiolect
