#include "analysis/log_odds.h"

#include <algorithm>
#include <cmath>

namespace idiolect {

LogOdds WeightedLogOdds(double one, double others, const CorpusSizes& sizes) {
  const double all = sizes.one + sizes.others;
  if (all <= 0 || one + others <= 0) return {};
  const double prior = sizes.prior_words * (one + others) / all;
  const double mine = one + prior, theirs = others + prior;
  const double mine_rest = std::max(sizes.one + sizes.prior_words - mine, 1e-9);
  const double theirs_rest = std::max(sizes.others + sizes.prior_words - theirs, 1e-9);
  LogOdds odds;
  odds.delta = std::log(mine / mine_rest) - std::log(theirs / theirs_rest);
  odds.z = odds.delta / std::sqrt(1 / mine + 1 / theirs);
  return odds;
}

}  // namespace idiolect
