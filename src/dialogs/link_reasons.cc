#include "dialogs/link_reasons.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace idiolect {

std::vector<LinkArgument> ExplainLink(Linker& linker, uint32_t line, uint32_t answered,
                                      size_t most) {
  linker.Need(line);
  const auto candidates = linker.candidates().of(line);
  std::vector<float> probabilities;
  linker.Probabilities(line, &probabilities);
  size_t chosen = candidates.size(), rival = candidates.size();
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i] == answered) {
      chosen = i;
    } else if (candidates[i] != line &&
               (rival == candidates.size() || probabilities[i] > probabilities[rival])) {
      rival = i;
    }
  }
  if (chosen == candidates.size() || rival == candidates.size()) return {};

  const size_t first = linker.candidates().begin(line);
  const FeatureBlocks& features = linker.features();
  const double unit = linker.model().settings().unit;
  FeatureBlocks changed;
  changed.Resize(1);
  uint8_t* const lane = changed.lane(0);
  for (int f = 0; f < kLinkFeatures; ++f) {
    lane[static_cast<size_t>(f) * FeatureBlocks::kLanes] = features.at(first + chosen, f);
  }
  const double whole = unit * linker.model().ScoreOne(changed, 0);

  // By words: several numbers may say the same.
  std::map<std::string_view, LinkArgument> arguments;
  for (int f = 0; f < kLinkFeatures; ++f) {
    uint8_t& value = lane[static_cast<size_t>(f) * FeatureBlocks::kLanes];
    const uint8_t own = value, other = features.at(first + rival, f);
    if (own == other) continue;
    value = other;
    const double lost = whole - unit * linker.model().ScoreOne(changed, 0);
    value = own;
    LinkArgument& argument = arguments[LinkFeatureWords(f, Language::kEnglish)];
    if (argument.weight == 0) argument.feature = f;
    argument.weight += lost;
  }
  std::vector<LinkArgument> sorted;
  for (const auto& [words, argument] : arguments) {
    if (argument.weight > 0.05) sorted.push_back(argument);
  }
  std::sort(sorted.begin(), sorted.end(), [](const LinkArgument& a, const LinkArgument& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.feature < b.feature;
  });
  if (sorted.size() > most) sorted.resize(most);
  return sorted;
}

}  // namespace idiolect
