// Tokenizer::FromGguf: the tokenizer of a GGUF file's metadata as a TokenizerSpec.

#include <cmath>
#include <limits>

#include "engine/files/quoted.h"
#include "engine/files/tokenizer.h"
#include "engine/files/tokenizer_spec.h"

namespace idiolect {
namespace {

constexpr size_t kMostTokens = size_t{1} << 24;

class SpecReader {
 public:
  explicit SpecReader(const GgufFile& file) : file_(file) {}

  Result<TokenizerSpec> Run() {
    const auto model = file_.Text("tokenizer.ggml.model");
    if (!model) return Bad("it has no tokenizer.ggml.model", "give a language model's file");
    if (*model == "gpt2") {
      spec_.kind = TokenizerKind::kByteLevel;
    } else if (*model == "llama") {
      spec_.kind = TokenizerKind::kSentencePiece;
    } else if (*model == "t5") {
      spec_.kind = TokenizerKind::kUnigram;
    } else {
      return Bad("tokenizer.ggml.model is " + Quoted(*model) + ", which is not supported",
                 "supported are \"gpt2\" (byte-level BPE), \"llama\" (SentencePiece BPE) and "
                 "\"t5\" (unigram)");
    }
    RETURN_IF_ERROR(ReadTokens());
    const bool byte_level = spec_.kind == TokenizerKind::kByteLevel;
    if (byte_level) {
      RETURN_IF_ERROR(ReadMerges());
    } else {
      RETURN_IF_ERROR(ReadScores());
    }
    if (spec_.kind == TokenizerKind::kUnigram) ReadNormalizer();
    spec_.bos = file_.Integer("tokenizer.ggml.bos_token_id");
    spec_.eos = file_.Integer("tokenizer.ggml.eos_token_id");
    spec_.padding = file_.Integer("tokenizer.ggml.padding_token_id");
    spec_.unknown = file_.Integer("tokenizer.ggml.unknown_token_id");
    for (const char* key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
      if (const auto id = file_.Integer(key)) spec_.more_ends.push_back(*id);
    }
    spec_.add_space_prefix =
        file_.Flag("tokenizer.ggml.add_space_prefix").value_or(!byte_level) && !byte_level;
    const bool bos_by_default = !byte_level || spec_.pre_tokenizer == PreTokenizer::kLlama3;
    spec_.add_bos = file_.Flag("tokenizer.ggml.add_bos_token").value_or(bos_by_default);
    if (file_.Text("general.architecture") == "phi3") FindStrippingTokens();
    return std::move(spec_);
  }

 private:
  // GGUF does not say which tokens take the white space after them; of Phi 3 it
  // is known: all control tokens but these.
  void FindStrippingTokens() {
    for (size_t i = 0; i < spec_.texts.size(); ++i) {
      const std::string_view text = spec_.texts[i];
      const bool plain = text == "<unk>" || text == "<s>" || text == "<|endoftext|>";
      if ((spec_.kinds[i] == TokenKind::kControl && !plain) || text == "</s>") {
        spec_.strip_right.push_back(static_cast<int32_t>(i));
      }
    }
  }

  tl::unexpected<Error> Bad(const std::string& what, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, "reading model file " + file_.name() + ": " + what,
                std::move(hint));
  }

  Status ReadTokens() {
    auto texts = file_.Texts("tokenizer.ggml.tokens");
    if (!texts || texts->empty()) return Bad("tokenizer.ggml.tokens is missing");
    if (texts->size() > kMostTokens) return Bad("tokenizer.ggml.tokens is too long");
    spec_.texts = std::move(*texts);
    spec_.kinds.assign(spec_.texts.size(), TokenKind::kNormal);
    const auto kinds = file_.Integers("tokenizer.ggml.token_type");
    if (!kinds) {
      if (spec_.kind == TokenizerKind::kByteLevel) return {};
      return Bad("tokenizer.ggml.token_type is missing");
    }
    if (kinds->size() != spec_.texts.size()) {
      return Bad("tokenizer.ggml.token_type is not as long as tokenizer.ggml.tokens");
    }
    for (size_t i = 0; i < kinds->size(); ++i) {
      const int64_t kind = (*kinds)[i];
      if (kind < 0 || kind > 6) {
        return Bad("tokenizer.ggml.token_type holds " + std::to_string(kind) +
                   ", which is no kind of token");
      }
      if (kind != 0) spec_.kinds[i] = static_cast<TokenKind>(kind);  // 0: undefined, so normal
    }
    return {};
  }

  void ReadNormalizer() {
    const auto map = file_.Integers("tokenizer.ggml.precompiled_charsmap");
    if (map) {
      for (const int64_t byte : *map) spec_.charsmap += static_cast<char>(byte & 0xff);
    }
    if (file_.Flag("tokenizer.ggml.remove_extra_whitespaces").value_or(false)) {
      spec_.strip_left = spec_.strip_right_end = spec_.join_spaces = true;
      spec_.strip_spaces_alone = true;
    }
  }

  Status ReadScores() {
    auto scores = file_.Reals("tokenizer.ggml.scores");
    if (!scores || scores->size() != spec_.texts.size()) {
      return Bad("tokenizer.ggml.scores is missing or not as long as tokenizer.ggml.tokens");
    }
    spec_.scores = std::move(*scores);
    return {};
  }

  Status ReadMerges() {
    const auto pre = file_.Text("tokenizer.ggml.pre");
    const auto kind = FindPreTokenizer(pre.value_or(""));
    if (!kind) {
      return Bad(pre ? "tokenizer.ggml.pre is " + Quoted(*pre) + ", which is not supported"
                     : "it has no tokenizer.ggml.pre, so how to split words is unknown",
                 "supported are \"gpt-2\", \"smollm\", \"llama-bpe\", \"qwen2\", \"gpt-4o\" and "
                 "\"tekken\"; convert the model again with a current llama.cpp");
    }
    spec_.pre_tokenizer = *kind;
    spec_.ignore_merges = *kind == PreTokenizer::kLlama3 || *kind == PreTokenizer::kTekken;
    spec_.normalize_nfc = *kind == PreTokenizer::kQwen2;
    const auto merges = file_.Texts("tokenizer.ggml.merges");
    if (!merges) return Bad("tokenizer.ggml.merges is missing");
    spec_.merges.reserve(merges->size());
    for (const std::string_view merge : *merges) {
      const size_t space = merge.find(' ', 1);
      if (space == std::string_view::npos) {
        return Bad("tokenizer.ggml.merges holds a merge of one token");
      }
      spec_.merges.push_back({merge.substr(0, space), merge.substr(space + 1)});
    }
    return {};
  }

  const GgufFile& file_;
  TokenizerSpec spec_;
};

}  // namespace

Result<OwnedTokenizerSpec> SpecOfGguf(const GgufFile& file) {
  OwnedTokenizerSpec owned;
  ASSIGN_OR_RETURN(owned.spec, SpecReader(file).Run());
  return owned;
}

Result<Tokenizer> Tokenizer::FromGguf(const GgufFile& file) {
  ASSIGN_OR_RETURN(const OwnedTokenizerSpec owned, SpecOfGguf(file));
  return FromSpec(owned.spec, "reading model file " + file.name());
}

}  // namespace idiolect
