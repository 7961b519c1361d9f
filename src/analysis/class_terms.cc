#include "analysis/class_terms.h"

#include <algorithm>
#include <cmath>

namespace idiolect {

void ClassTerms::Add(size_t clazz, uint32_t term, uint32_t times) {
  if (counts_.size() <= clazz) counts_.resize(clazz + 1);
  std::vector<uint32_t>& counts = counts_[clazz];
  if (counts.size() <= term) counts.resize(std::max<size_t>(term + 1, counts.size() * 2));
  counts[term] += times;
}

std::vector<ClassTerms::Scored> ClassTerms::Heaviest(size_t clazz, uint32_t least) const {
  std::vector<Scored> scored;
  if (clazz >= counts_.size()) return scored;
  const auto sum = [](const std::vector<uint32_t>& counts) {
    double total = 0;
    for (const uint32_t count : counts) total += count;
    return total;
  };
  double all = 0;
  size_t classes = 0;
  for (const auto& counts : counts_) {
    const double total = sum(counts);
    all += total;
    classes += total > 0;
  }
  const double here = sum(counts_[clazz]);
  if (here == 0) return scored;
  const double mean = all / static_cast<double>(classes);
  for (uint32_t term = 0; term < counts_[clazz].size(); ++term) {
    const uint32_t times = counts_[clazz][term];
    if (times == 0 || times < least) continue;
    double everywhere = 0;
    for (const auto& counts : counts_) everywhere += term < counts.size() ? counts[term] : 0;
    scored.push_back({term, times / here * std::log(1 + mean / everywhere), times,
                      times / here / (everywhere / all)});
  }
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.term < b.term;
  });
  return scored;
}

}  // namespace idiolect
