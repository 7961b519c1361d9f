#pragma once
// Cuts text into the pieces ("pre-tokens") inside which byte-level BPE merges. Each family
// publishes a regular expression for it; these are hand-written scanners that cut at the same
// places.

#include <cstddef>
#include <optional>
#include <string_view>

namespace idiolect {

enum class PreTokenizer {
  // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  kGpt2,
  // Every \p{N} by itself first, then GPT-2's between them.
  kDigitsThenGpt2,
  // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
  // |\s*[\r\n]+|\s+(?!\S)|\s+
  kLlama3,
  // Llama 3's with \p{N} for \p{N}{1,3}.
  kQwen2,
  // GPT-4o's and Mistral's: base/o200k_split.h has the expressions.
  kO200k,
  kTekken,
};

// By the name in `tokenizer.ggml.pre`. nullopt: not supported.
std::optional<PreTokenizer> FindPreTokenizer(std::string_view name);

// The expression as tokenizer.json has it; empty for the first two, which it has no need to spell.
std::string_view ExpressionOf(PreTokenizer kind);
// The other way. nullopt: not supported.
std::optional<PreTokenizer> FindByExpression(std::string_view expression);

// Where the pre-token that begins at `at` (< text.size()) ends; always beyond `at`. Bytes that are
// no UTF-8 count as symbols, one each.
size_t PreTokenEnd(PreTokenizer kind, std::string_view text, size_t at);

}  // namespace idiolect
