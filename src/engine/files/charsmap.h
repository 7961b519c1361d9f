#pragma once
// The table by which SentencePiece normalises text before it looks for pieces ("precompiled
// charsmap"): a trie of what is replaced, as a double array, and behind it the replacements.
//
//   u32 bytes of the trie; the trie, four bytes a node; replacements, each ended by a zero byte
//
// Any bytes are accepted as text and as table: a place that the table does not have ends a match.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace idiolect {

// Constant once made, hence thread-safe.
class Charsmap {
 public:
  // Replaces nothing.
  Charsmap() = default;
  // Fails with kBadInput when the lengths contradict each other; `what` begins the message.
  static Result<Charsmap> Parse(std::string_view bytes, const std::string& what);

  bool empty() const { return trie_.empty(); }
  // At each place the longest text that the table has is replaced; what it has not is kept.
  std::string Apply(std::string_view text) const;

 private:
  struct Match {
    size_t length = 0;  // 0: none
    std::string_view replacement;
  };
  Match LongestAt(std::string_view text) const;

  std::vector<uint32_t> trie_;
  std::string replacements_;
};

}  // namespace idiolect
