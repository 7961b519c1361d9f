#pragma once
// For tests: a small model of random weights in Hugging Face's form, of any family. Not part of the
// program.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "engine/files/safetensors.h"
#include "engine/files/test_gguf.h"
#include "engine/files/tokenizer_export.h"

namespace idiolect {

inline const std::vector<std::string>& TestFamilies() {
  static const std::vector<std::string> kFamilies = {"llama", "mistral",     "qwen2",
                                                     "qwen3", "gemma3_text", "phi3"};
  return kFamilies;
}

// config.json of such a model. Widths are multiples of 32, so that all types can hold it.
inline nlohmann::ordered_json TestFolderConfig(const std::string& model_type) {
  nlohmann::ordered_json json = {
      {"model_type", model_type}, {"hidden_size", 64},        {"intermediate_size", 96},
      {"num_hidden_layers", 2},   {"num_attention_heads", 4}, {"num_key_value_heads", 2},
      {"head_dim", 16},           {"vocab_size", 272},        {"max_position_embeddings", 256},
      {"rms_norm_eps", 1e-5},     {"rope_theta", 10000.0},    {"tie_word_embeddings", true},
  };
  if (model_type == "llama") {
    json["tie_word_embeddings"] = false;
    json["rope_scaling"] = {{"rope_type", "llama3"},
                            {"factor", 8.0},
                            {"low_freq_factor", 1.0},
                            {"high_freq_factor", 4.0},
                            {"original_max_position_embeddings", 64}};
  } else if (model_type == "mistral") {
    json["sliding_window"] = 9;
  } else if (model_type == "qwen2") {
    json["rope_scaling"] = {
        {"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 64}};
  } else if (model_type == "gemma3_text") {
    json["sliding_window"] = 7;
    json["query_pre_attn_scalar"] = 16;
    json["layer_types"] = {"sliding_attention", "full_attention"};
  } else if (model_type == "phi3") {
    json["partial_rotary_factor"] = 0.75;
    json["tie_word_embeddings"] = false;
  }
  return json;
}

struct TestTensor {
  std::string name;
  std::vector<int64_t> shape;
};
inline std::vector<TestTensor> TestFolderTensors(const nlohmann::ordered_json& config) {
  const std::string type = config["model_type"];
  const int64_t hidden = config["hidden_size"], ffn = config["intermediate_size"];
  const int64_t dim = config["head_dim"], q = dim * config["num_attention_heads"].get<int64_t>();
  const int64_t kv = dim * config["num_key_value_heads"].get<int64_t>();
  const int64_t vocabulary = config["vocab_size"];
  std::vector<TestTensor> tensors = {{"model.embed_tokens.weight", {vocabulary, hidden}},
                                     {"model.norm.weight", {hidden}}};
  if (!config["tie_word_embeddings"].get<bool>()) {
    tensors.push_back({"lm_head.weight", {vocabulary, hidden}});
  }
  for (int64_t i = 0; i < config["num_hidden_layers"].get<int64_t>(); ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    tensors.push_back({at + "input_layernorm.weight", {hidden}});
    tensors.push_back({at + "post_attention_layernorm.weight", {hidden}});
    if (type == "phi3") {
      tensors.push_back({at + "self_attn.qkv_proj.weight", {q + 2 * kv, hidden}});
      tensors.push_back({at + "mlp.gate_up_proj.weight", {2 * ffn, hidden}});
    } else {
      tensors.push_back({at + "self_attn.q_proj.weight", {q, hidden}});
      tensors.push_back({at + "self_attn.k_proj.weight", {kv, hidden}});
      tensors.push_back({at + "self_attn.v_proj.weight", {kv, hidden}});
      tensors.push_back({at + "mlp.gate_proj.weight", {ffn, hidden}});
      tensors.push_back({at + "mlp.up_proj.weight", {ffn, hidden}});
    }
    tensors.push_back({at + "self_attn.o_proj.weight", {hidden, q}});
    tensors.push_back({at + "mlp.down_proj.weight", {hidden, ffn}});
    if (type == "qwen2") {
      tensors.push_back({at + "self_attn.q_proj.bias", {q}});
      tensors.push_back({at + "self_attn.k_proj.bias", {kv}});
      tensors.push_back({at + "self_attn.v_proj.bias", {kv}});
    }
    if (type == "qwen3" || type == "gemma3_text") {
      tensors.push_back({at + "self_attn.q_norm.weight", {dim}});
      tensors.push_back({at + "self_attn.k_norm.weight", {dim}});
    }
    if (type == "gemma3_text") {
      tensors.push_back({at + "pre_feedforward_layernorm.weight", {hidden}});
      tensors.push_back({at + "post_feedforward_layernorm.weight", {hidden}});
    }
  }
  return tensors;
}

// A byte-level tokenizer of 256 bytes, a merge and ChatML's markers, as tokenizer.json.
inline std::string TestTokenizerJson() {
  std::vector<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) texts.push_back(SpellByte(byte));
  texts.push_back("th");
  texts.push_back("<|endoftext|>");
  texts.push_back("<|im_start|>");
  texts.push_back("<|im_end|>");
  TokenizerSpec spec;
  spec.texts.assign(texts.begin(), texts.end());
  spec.kinds.assign(texts.size(), TokenKind::kNormal);
  for (size_t id = 257; id < texts.size(); ++id) spec.kinds[id] = TokenKind::kControl;
  spec.merges.push_back({texts['t'], texts['h']});
  spec.pre_tokenizer = PreTokenizer::kQwen2;
  spec.normalize_nfc = true;
  return TokenizerJsonOf(spec);
}

inline void WriteTestWeights(const std::filesystem::path& file,
                             const std::vector<TestTensor>& tensors, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<float>> values(tensors.size());
  std::vector<SafeTensor> written;
  for (size_t i = 0; i < tensors.size(); ++i) {
    int64_t count = 1;
    for (const int64_t extent : tensors[i].shape) count *= extent;
    const bool norm = tensors[i].name.find("norm") != std::string::npos;
    for (int64_t k = 0; k < count; ++k) {
      const auto x = static_cast<float>(random.Uniform() * 2 - 1);
      values[i].push_back(norm ? 1 + 0.3f * x : 0.2f * x);
    }
    written.push_back({tensors[i].name, "F32", tensors[i].shape, BytesOf(values[i])});
  }
  if (!WriteSafetensors(file, written)) std::abort();
}

inline void WriteTestFolder(const std::filesystem::path& folder, const std::string& model_type) {
  const auto config = TestFolderConfig(model_type);
  if (!MakeFolders(folder)) std::abort();
  WriteTestWeights(folder / "model.safetensors", TestFolderTensors(config), 3);
  const nlohmann::json tokenizer = {{"eos_token", "<|im_end|>"},
                                    {"bos_token", "<|endoftext|>"},
                                    {"chat_template",
                                     "{% for message in messages %}{{'<|im_start|>' + "
                                     "message['role'] + '\\n' + message['content'] + "
                                     "'<|im_end|>' + '\\n'}}{% endfor %}{% if "
                                     "add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
                                     "{% endif %}"}};
  if (!PublishFile(folder / "config.json", config.dump()) ||
      !PublishFile(folder / "tokenizer.json", TestTokenizerJson()) ||
      !PublishFile(folder / "tokenizer_config.json", tokenizer.dump())) {
    std::abort();
  }
}

}  // namespace idiolect
