#pragma once
// Text to token ids and back, for the tokenizers of the supported model families: byte-level BPE
// (GPT-2, Llama 3, Qwen, SmolLM), SentencePiece-style BPE with byte fallback (Llama 2, Gemma) and
// SentencePiece's unigram models. Any bytes are accepted. What it refuses: WordPiece models.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/gguf.h"

namespace idiolect {

struct TokenizerSpec;

// What the text of a control token (such as "<|im_end|>") inside the input means.
enum class Specials {
  kAsText,  // characters like any others: for everything that people wrote
  kParse,   // the token itself: for templates
};

enum class ControlTokens { kHide, kShow };

// Constant after loading: thread-safe. Holds its own copy of the vocabulary.
class Tokenizer {
 public:
  // Fails with kBadInput, naming the metadata key, when the file has no tokenizer, one of a kind
  // not supported, or one that contradicts itself.
  static Result<Tokenizer> FromGguf(const GgufFile& file);
  // From a description that some reader made (tokenizer_spec.h). `what` begins error messages.
  static Result<Tokenizer> FromSpec(const TokenizerSpec& spec, const std::string& what);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Never adds BOS or EOS. Vocabularies that put a space before a text (Llama 2) get it at the
  // beginning and after a control token.
  std::vector<int32_t> Encode(std::string_view text, Specials specials) const;
  // Appends to `out`, as Encode does.
  void EncodeTo(std::string_view text, Specials specials, std::vector<int32_t>* out) const;

  // The joined bytes of all tokens: may end inside a code point when the ids do. Ids outside the
  // vocabulary give nothing.
  std::string Decode(std::span<const int32_t> ids,
                     ControlTokens controls = ControlTokens::kShow) const;
  // The bytes that one token stands for; of a control token, its name. Valid while this lives.
  std::string_view TokenBytes(int32_t id) const;

  // By exact content, control tokens included: "<|im_end|>".
  std::optional<int32_t> FindToken(std::string_view text) const;
  bool IsControl(int32_t id) const;
  // The first control or user-defined token at or after `from` in a template's
  // own text.
  struct SpecialMatch {
    size_t begin = 0, length = 0;
    int32_t id = -1;
  };
  std::optional<SpecialMatch> FindSpecial(std::string_view text, size_t from) const;
  // White space after this token is part of it (Phi 3).
  bool StripsRight(int32_t id) const;
  // Whether Encode puts a space before a text at the beginning and after a
  // control token.
  bool add_space_prefix() const;

  int32_t size() const;  // ids are 0 … size - 1
  std::optional<int32_t> bos() const;
  std::optional<int32_t> eos() const;
  std::optional<int32_t> padding() const;
  bool add_bos() const;  // whether plain text for this model starts with BOS
  // Every token that ends a generation: eos, and those of the known end-of-turn names. Sorted.
  const std::vector<int32_t>& end_tokens() const;
  bool IsEnd(int32_t id) const;

 private:
  struct Data;
  explicit Tokenizer(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace idiolect
