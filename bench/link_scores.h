#pragma once
// How well links fit an annotation, by the definitions of the disentanglement corpus: precision,
// recall and F over (source, target) pairs with self-links; conversations as connected components,
// exact matches of those with two lines or more; and the variation of information, 100 (1 − VI /
// log2 n).

#include <cstdint>
#include <utility>
#include <vector>

namespace idiolect {

using LinkPairs = std::vector<std::pair<uint32_t, uint32_t>>;

// Sums over files. Lines of a file are numbered from 0.
class LinkScores {
 public:
  // `links` are the pairs that are counted; `joins` those that make conversations.
  void AddFile(const LinkPairs& gold, const LinkPairs& links, const LinkPairs& joins);

  double link_p() const;
  double link_r() const;
  double link_f() const;
  double conv_p() const;
  double conv_r() const;
  double conv_f() const;
  double vi() const;

 private:
  int64_t gold_ = 0, found_ = 0, right_ = 0;
  int64_t gold_conversations_ = 0, found_conversations_ = 0, right_conversations_ = 0;
  double information_ = 0;  // n times VI, in bits
  int64_t lines_ = 0;
};

}  // namespace idiolect
