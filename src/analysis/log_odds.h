#pragma once
// Which words one speaker prefers to others: the weighted log-odds ratio with an informative
// Dirichlet prior of Monroe, Colaresi and Quinn, "Fightin' Words" (Political Analysis 16, 2008,
// equations 16, 18 and 22). The prior is the word's share in both corpora together, of as many
// imagined words as `prior_words` says, so that rare words need more than chance to stand out.

#include <cstdint>

namespace idiolect {

struct CorpusSizes {
  double one = 0, others = 0;  // words counted in all
  double prior_words = 500;
};

struct LogOdds {
  double delta = 0;  // log of the ratio of odds; above 0: `one` prefers the word
  double z = 0;      // delta in standard deviations
};

// `one` and `others`: how often the word was said by each; at least one of them above 0.
LogOdds WeightedLogOdds(double one, double others, const CorpusSizes& sizes);

}  // namespace idiolect
