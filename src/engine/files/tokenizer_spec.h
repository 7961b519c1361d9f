#pragma once
// A tokenizer as its file describes it, before the tables are built: what the readers of GGUF
// metadata and of tokenizer.json have in common.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/gguf.h"
#include "engine/files/pretokenize.h"

namespace idiolect {

// Numbers as in GGUF's tokenizer.ggml.token_type.
enum class TokenKind : uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

enum class TokenizerKind {
  kByteLevel,      // texts are spelled in GPT-2's 256 printable characters; merges by rank
  kSentencePiece,  // texts are UTF-8 with ▁ for a space; merges by score
  kUnigram,        // texts likewise; the pieces with the best sum of scores
};
// Whether texts have ▁ for a space.
constexpr bool HasMetaSpaces(TokenizerKind kind) {
  return kind != TokenizerKind::kByteLevel;
}

struct SpecMerge {
  std::string_view left, right;
};

// Views are borrowed until the tables are built.
struct TokenizerSpec {
  TokenizerKind kind = TokenizerKind::kByteLevel;
  std::vector<std::string_view> texts;  // by id
  std::vector<TokenKind> kinds;         // by id
  std::vector<float> scores;            // by id; SentencePiece and unigram only
  std::vector<SpecMerge> merges;        // best first; byte-level, or SentencePiece kept as ranks
  PreTokenizer pre_tokenizer = PreTokenizer::kGpt2;
  bool normalize_nfc = false;
  // Of texts with ▁, in this order: characters replaced by a table (charsmap.h), or by NFKC; white
  // space at an end taken away; several spaces made one.
  std::string charsmap;
  bool normalize_nfkc = false;
  bool strip_left = false, strip_right_end = false;
  bool strip_spaces_alone = false;  // and no other white space, as SentencePiece itself does
  bool join_spaces = false;
  bool split_at_spaces = false;  // each space begins a word, even behind another space
  bool ignore_merges = false;    // a pre-token that is a token is taken whole
  bool add_space_prefix = false;
  bool space_prefix_once = false;     // at the beginning alone, not after control tokens
  bool space_prefix_if_none = false;  // not where there is a space already
  bool add_bos = false;
  std::optional<int64_t> bos, eos, padding, unknown;
  std::vector<int32_t> strip_right;  // tokens that take the white space after them
  std::vector<int64_t> more_ends;    // ends of generation named by the file
};

// A specification with what its views point into, where that is not a mapped file.
struct OwnedTokenizerSpec {
  TokenizerSpec spec;
  std::shared_ptr<const void> texts;
};

// Fails as Tokenizer::FromGguf says. Views are into the file.
Result<OwnedTokenizerSpec> SpecOfGguf(const GgufFile& file);
// Of the folder's tokenizer.json and the files beside it; fails as ReadTokenizerFolder says.
Result<OwnedTokenizerSpec> SpecOfFolder(const std::filesystem::path& folder);

}  // namespace idiolect
