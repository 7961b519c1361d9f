#include "analysis/favourites.h"

#include <algorithm>

#include "analysis/log_odds.h"

namespace idiolect {
namespace {

constexpr uint32_t kLeastTimes = 3;
constexpr double kBeyondChance = 1.96;

// Checking a name costs a stem: done last, on the few that are shown.
bool IsShown(const PageContext& c, WordId word) {
  return word == kNoWord || !c.labels.IsName(c.facts.words->Text(word));
}

struct Candidate {
  WordId first = kNoWord, second = kNoWord;
  int64_t one = 0, others = 0;
  double z = 0;
};

std::vector<Favourite> Shown(const PageContext& c, std::vector<Candidate> candidates, size_t most) {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.z != b.z) return a.z > b.z;
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  std::vector<Favourite> shown;
  for (const Candidate& candidate : candidates) {
    if (shown.size() == most) break;
    if (!IsShown(c, candidate.first) || !IsShown(c, candidate.second)) continue;
    std::string text;
    if (candidate.first != kNoWord) text = c.facts.words->Text(candidate.first);
    if (candidate.second != kNoWord) {
      text += (text.empty() ? "" : " ") + std::string(c.facts.words->Text(candidate.second));
    }
    shown.push_back({std::move(text), candidate.one, candidate.others, candidate.z});
  }
  return shown;
}

// The most frequent one- and two-word ends among the persona's; `single`: which word of the pair
// stands alone when only one is looked at.
std::vector<Favourite> Ends(const PageContext& c, const PairCounts& pairs, size_t most,
                            WordId PairCounts::Pair::*single) {
  std::unordered_map<WordId, Candidate> singles;
  std::vector<Candidate> all;
  pairs.ForEach([&](const PairCounts::Pair& pair) {
    Candidate& one = singles[pair.*single];
    one.first = pair.*single;
    one.one += pair.counts[kPersona];
    one.others += pair.counts[kOthers];
    if (pair.first != kNoWord && pair.second != kNoWord && pair.counts[kPersona] >= kLeastTimes) {
      all.push_back({pair.first, pair.second, pair.counts[kPersona], pair.counts[kOthers], 0});
    }
  });
  for (const auto& [word, candidate] : singles) {
    if (candidate.one >= kLeastTimes) all.push_back(candidate);
  }
  for (Candidate& candidate : all) candidate.z = static_cast<double>(candidate.one);
  return Shown(c, std::move(all), most);
}

}  // namespace

std::vector<Favourite> FavouriteWords(const PageContext& c, Side side, size_t most) {
  const SpeechFacts& speech = c.facts.speech;
  const CorpusSizes sizes{static_cast<double>(speech.voices[kPersona].words),
                          static_cast<double>(speech.voices[kOthers].words)};
  std::vector<Candidate> candidates;
  for (WordId word = 0; word < speech.words.size(); ++word) {
    const auto& counts = speech.words[word];
    if (counts[side == Side::kPersona ? kPersona : kOthers] < kLeastTimes) continue;
    double z = WeightedLogOdds(counts[kPersona], counts[kOthers], sizes).z;
    if (side == Side::kOthers) z = -z;
    if (z >= kBeyondChance) candidates.push_back({word, kNoWord, counts[0], counts[1], z});
  }
  return Shown(c, std::move(candidates), most);
}

std::vector<Favourite> FavouritePhrases(const PageContext& c, size_t most) {
  const PairCounts& phrases = c.facts.speech.phrases;
  const CorpusSizes sizes{static_cast<double>(phrases.total(kPersona)),
                          static_cast<double>(phrases.total(kOthers))};
  std::vector<Candidate> candidates;
  phrases.ForEach([&](const PairCounts::Pair& pair) {
    if (pair.counts[kPersona] < kLeastTimes) return;
    const double z = WeightedLogOdds(pair.counts[kPersona], pair.counts[kOthers], sizes).z;
    if (z >= kBeyondChance) {
      candidates.push_back({pair.first, pair.second, pair.counts[0], pair.counts[1], z});
    }
  });
  return Shown(c, std::move(candidates), most);
}

std::vector<Favourite> Openings(const PageContext& c, size_t most) {
  return Ends(c, c.facts.speech.openings, most, &PairCounts::Pair::first);
}

std::vector<Favourite> Closings(const PageContext& c, size_t most) {
  return Ends(c, c.facts.speech.closings, most, &PairCounts::Pair::second);
}

}  // namespace idiolect
