#pragma once
// Cuts text into the pieces inside which o200k_base merges bytes. The encoding publishes a regular
// expression; this is a hand-written scanner that cuts at the same places, one pass, no
// backtracking:
//
//   [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
//   \p{N}{1,3}
//   " "?[^\s\p{L}\p{N}]+[\r\n/]*
//   \s*[\r\n]+
//   \s+(?!\S)
//   \s+
//
// Mistral's tekken has the same without contractions, and digits one by one. Used by the counter of
// tokens (tokens/o200k.h) and by the tokenizers of base models (engine/files/pretokenize.h).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace idiolect {

enum class O200kForm { kO200k, kTekken };

// The classes of the expression for every code point of the basic plane, made once from Unicode's
// tables; constant afterwards, so thread-safe.
class O200kSplitter {
 public:
  explicit O200kSplitter(O200kForm form = O200kForm::kO200k);

  // Where the piece that begins at `at` (< text.size()) ends; always beyond `at`. Bytes that are no
  // UTF-8 count as symbols, one each.
  size_t PieceEnd(std::string_view text, size_t at) const;

 private:
  struct Step {
    unsigned flags;
    unsigned length;  // in bytes; 0 at the end of the text
  };
  Step At(std::string_view text, size_t at) const;
  Step Rare(std::string_view text, size_t at) const;
  size_t WordEnd(std::string_view text, size_t at, size_t first) const;
  size_t SpacesEnd(std::string_view text, size_t at) const;

  O200kForm form_;
  std::array<uint8_t, 0x10000> flags_;
};

}  // namespace idiolect
