#pragma once
// For tests and fuzz seeds: writes small GGUF files in memory, and the bytes of small models and
// tokenizers. Not part of the program.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/files/ggml_type.h"

namespace idiolect {

class GgufBuilder {
 public:
  void Text(std::string_view key, std::string_view value) {
    Pair(key, 8);
    String(value, &pairs_);
  }
  void Integer(std::string_view key, uint32_t value) {
    Pair(key, 4);
    Raw(value, &pairs_);
  }
  void Real(std::string_view key, float value) {
    Pair(key, 6);
    Raw(value, &pairs_);
  }
  void Flag(std::string_view key, bool value) {
    Pair(key, 7);
    Raw(static_cast<uint8_t>(value), &pairs_);
  }
  void Texts(std::string_view key, const std::vector<std::string>& values) {
    Array(key, 8, values.size());
    for (const std::string& value : values) String(value, &pairs_);
  }
  void Integers(std::string_view key, const std::vector<int32_t>& values) {
    Array(key, 5, values.size());
    for (const int32_t value : values) Raw(value, &pairs_);
  }
  void Reals(std::string_view key, const std::vector<float>& values) {
    Array(key, 6, values.size());
    for (const float value : values) Raw(value, &pairs_);
  }
  // `shape` in PyTorch's order.
  void Tensor(std::string_view name, GgmlType type, const std::vector<int64_t>& shape,
              std::string_view bytes) {
    String(name, &infos_);
    Raw(static_cast<uint32_t>(shape.size()), &infos_);
    for (size_t i = shape.size(); i-- > 0;) Raw(shape[i], &infos_);
    Raw(static_cast<uint32_t>(type), &infos_);
    Raw(static_cast<uint64_t>(data_.size()), &infos_);
    data_ += bytes;
    data_.resize((data_.size() + 31) / 32 * 32);
    ++tensor_count_;
  }
  void Floats(std::string_view name, const std::vector<int64_t>& shape,
              const std::vector<float>& values) {
    Tensor(name, GgmlType::kF32, shape,
           {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  // A tensor of zeros.
  void Zeros(std::string_view name, const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    Floats(name, shape, std::vector<float>(static_cast<size_t>(count)));
  }

  std::string Build() const {
    std::string file = "GGUF";
    Raw(uint32_t{3}, &file);
    Raw(tensor_count_, &file);
    Raw(pair_count_, &file);
    file += pairs_ + infos_;
    file.resize((file.size() + 31) / 32 * 32);
    return file + data_;
  }

 private:
  template <typename T>
  static void Raw(T value, std::string* out) {
    out->append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void String(std::string_view text, std::string* out) {
    Raw(static_cast<uint64_t>(text.size()), out);
    *out += text;
  }
  void Pair(std::string_view key, uint32_t type) {
    String(key, &pairs_);
    Raw(type, &pairs_);
    ++pair_count_;
  }
  void Array(std::string_view key, uint32_t element_type, size_t count) {
    Pair(key, 9);
    Raw(element_type, &pairs_);
    Raw(static_cast<uint64_t>(count), &pairs_);
  }

  uint64_t tensor_count_ = 0, pair_count_ = 0;
  std::string pairs_, infos_, data_;
};

// How GPT-2 spells a byte. Written the other way round than the reader under test.
inline std::string SpellByte(int byte) {
  int code = byte;
  if (!((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174)) {
    code = 256;
    for (int other = 0; other < byte; ++other) {
      code += !((other >= 33 && other <= 126) || (other >= 161 && other <= 172) || other >= 174);
    }
  }
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

inline std::string SpellBytes(std::string_view bytes) {
  std::string spelled;
  for (const char c : bytes) spelled += SpellByte(static_cast<unsigned char>(c));
  return spelled;
}

// A byte-level tokenizer: ids 0 … 255 are the bytes; then one token per merge; then the control
// tokens "<|endoftext|>", "<|im_start|>", "<|im_end|>". Merges are pairs of plain texts.
inline void AddByteLevelTokenizer(GgufBuilder* file, std::string_view pre,
                                  const std::vector<std::pair<std::string, std::string>>& merges,
                                  const std::vector<std::string>& controls = {
                                      "<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
  std::vector<std::string> tokens, spelled;
  std::vector<int32_t> kinds;
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(SpellByte(byte));
  for (const auto& [left, right] : merges) {
    tokens.push_back(SpellBytes(left + right));
    spelled.push_back(SpellBytes(left) + " " + SpellBytes(right));
  }
  kinds.assign(tokens.size(), 1);
  tokens.insert(tokens.end(), controls.begin(), controls.end());
  kinds.resize(tokens.size(), 3);
  file->Text("tokenizer.ggml.model", "gpt2");
  file->Text("tokenizer.ggml.pre", pre);
  file->Texts("tokenizer.ggml.tokens", tokens);
  file->Integers("tokenizer.ggml.token_type", kinds);
  file->Texts("tokenizer.ggml.merges", spelled);
  const auto last = static_cast<uint32_t>(tokens.size() - 1);
  file->Integer("tokenizer.ggml.bos_token_id", last);
  file->Integer("tokenizer.ggml.eos_token_id", last);
}

struct TestPiece {
  std::string text;
  float score = 0;
  int32_t kind = 1;
};

// A SentencePiece tokenizer: <unk>, <bos>, <eos>, <start_of_turn>, <end_of_turn>, 256 bytes, then
// `pieces`, the first of which has id 261.
inline void AddSentencePieceTokenizer(GgufBuilder* file, const std::vector<TestPiece>& pieces) {
  std::vector<std::string> tokens = {"<unk>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"};
  std::vector<float> scores(5, -1000);
  std::vector<int32_t> kinds = {2, 3, 3, 3, 3};
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(std::string("<0x") + kDigits[byte / 16] + kDigits[byte % 16] + ">");
    scores.push_back(-1000);
    kinds.push_back(6);
  }
  for (const TestPiece& piece : pieces) {
    tokens.push_back(piece.text);
    scores.push_back(piece.score);
    kinds.push_back(piece.kind);
  }
  file->Text("tokenizer.ggml.model", "llama");
  file->Texts("tokenizer.ggml.tokens", tokens);
  file->Reals("tokenizer.ggml.scores", scores);
  file->Integers("tokenizer.ggml.token_type", kinds);
  file->Integer("tokenizer.ggml.unknown_token_id", 0);
  file->Integer("tokenizer.ggml.bos_token_id", 1);
  file->Integer("tokenizer.ggml.eos_token_id", 2);
  file->Flag("tokenizer.ggml.add_space_prefix", false);
}

// A model of two layers: heads of 4, one kv head, hidden 8, ffn 12, 259 tokens or as many as given.
inline void AddTinyModel(GgufBuilder* file, const std::string& architecture, int64_t vocabulary) {
  const std::string a = architecture + ".";
  file->Text("general.architecture", architecture);
  file->Integer(a + "block_count", 2);
  file->Integer(a + "embedding_length", 8);
  file->Integer(a + "feed_forward_length", 12);
  file->Integer(a + "attention.head_count", 2);
  file->Integer(a + "attention.head_count_kv", 1);
  file->Integer(a + "context_length", 64);
  file->Real(a + "attention.layer_norm_rms_epsilon", 1e-6f);
  file->Zeros("token_embd.weight", {vocabulary, 8});
  file->Zeros("output_norm.weight", {8});
  for (const std::string blk : {"blk.0.", "blk.1."}) {
    file->Zeros(blk + "attn_norm.weight", {8});
    file->Zeros(blk + "attn_q.weight", {8, 8});
    file->Zeros(blk + "attn_k.weight", {4, 8});
    file->Zeros(blk + "attn_v.weight", {4, 8});
    file->Zeros(blk + "attn_output.weight", {8, 8});
    file->Zeros(blk + "ffn_norm.weight", {8});
    file->Zeros(blk + "ffn_gate.weight", {12, 8});
    file->Zeros(blk + "ffn_up.weight", {12, 8});
    file->Zeros(blk + "ffn_down.weight", {8, 12});
    if (architecture == "gemma3") {
      file->Zeros(blk + "attn_q_norm.weight", {4});
      file->Zeros(blk + "attn_k_norm.weight", {4});
      file->Zeros(blk + "post_attention_norm.weight", {8});
      file->Zeros(blk + "post_ffw_norm.weight", {8});
    }
  }
}

}  // namespace idiolect
