#include "dataset/filter.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace idiolect {
namespace {

constexpr uint8_t kNoRule = 0;
constexpr uint32_t kFewestForeignLetters = 12;
constexpr double kHardlyEver = 0.1;  // share of a person's letters
constexpr uint8_t kForeignSignal = 30;
constexpr uint32_t kAnnouncementLetters = 80;  // shorter texts are habits of speech

// Letters of the answers by language, where that is certain.
struct LanguageShares {
  std::unordered_map<LanguageId, int64_t> letters;
  int64_t all = 0;

  bool IsForeign(LanguageId language) const {
    return language != kNoLanguage &&
           static_cast<double>(letters.at(language)) < kHardlyEver * static_cast<double>(all);
  }
};

LanguageShares SharesOf(const Plan& plan) {
  LanguageShares shares;
  for (const PlannedSample& sample : plan.samples) {
    if (sample.language == kNoLanguage) continue;
    const int64_t letters = int64_t{sample.cyrillic_letters} + sample.latin_letters;
    shares.letters[sample.language] += letters;
    shares.all += letters;
  }
  return shares;
}

// By alphabet, which even a few words show, and by language.
void JudgeLanguage(const BuildOptions& options, Plan* plan, std::vector<uint8_t>* rules) {
  const int64_t all = plan->cyrillic_letters + plan->latin_letters;
  const bool cyrillic = plan->cyrillic_letters >= plan->latin_letters;
  const int64_t other = cyrillic ? plan->latin_letters : plan->cyrillic_letters;
  const bool one_alphabet = static_cast<double>(other) < kHardlyEver * static_cast<double>(all);
  const LanguageShares shares = SharesOf(*plan);
  for (size_t i = 0; i < plan->samples.size(); ++i) {
    PlannedSample& sample = plan->samples[i];
    const uint32_t letters = sample.cyrillic_letters + sample.latin_letters;
    const uint32_t own = cyrillic ? sample.cyrillic_letters : sample.latin_letters;
    const bool foreign_letters =
        one_alphabet && letters >= kFewestForeignLetters && own * 5 < letters;
    const bool foreign = foreign_letters || shares.IsForeign(sample.language);
    uint8_t& signal = sample.signals[static_cast<size_t>(QualitySignal::kLanguage)];
    signal = one_alphabet ? LanguageSignal(own, letters) : 100;
    if (foreign) signal = std::min<uint8_t>(signal, kForeignSignal);
    if (options.drop_foreign != 0 && foreign) {
      (*rules)[i] = static_cast<uint8_t>(RejectRule::kWrongLanguage);
    }
  }
}

void JudgeRepetition(Plan* plan) {
  std::unordered_map<uint64_t, int64_t> times;
  times.reserve(plan->samples.size());
  for (const PlannedSample& sample : plan->samples) ++times[sample.answer_hash];
  for (PlannedSample& sample : plan->samples) {
    sample.signals[static_cast<size_t>(QualitySignal::kUnique)] =
        UniqueSignal(times.at(sample.answer_hash));
  }
}

void JudgeDuplicates(const BuildOptions& options, Plan* plan, std::vector<uint8_t>* rules) {
  const std::vector<uint32_t> group = GroupAlike(plan->sketches, options.same_answer);
  struct Group {
    uint32_t size = 0, best = 0;
    double quality = -1;
  };
  std::unordered_map<uint32_t, Group> groups;
  for (uint32_t i = 0; i < group.size(); ++i) {
    if ((*rules)[i] != kNoRule || plan->sketches[i].empty()) continue;
    Group& of = groups[group[i]];
    ++of.size;
    if (const double quality = QualityOf(plan->samples[i].signals); quality > of.quality) {
      of.quality = quality;
      of.best = i;
    }
  }
  for (uint32_t i = 0; i < group.size(); ++i) {
    if ((*rules)[i] != kNoRule || plan->sketches[i].empty()) continue;
    const Group& of = groups.at(group[i]);
    if (of.size == 1) continue;
    const PlannedSample& best = plan->samples[of.best];
    if (options.announcement > 0 && of.size >= options.announcement &&
        best.cyrillic_letters + best.latin_letters >= kAnnouncementLetters) {
      (*rules)[i] = static_cast<uint8_t>(RejectRule::kCopyPaste);
    } else if (i != of.best) {
      (*rules)[i] = static_cast<uint8_t>(RejectRule::kNearDuplicate);
    }
  }
}

// Removes the samples with a rule; those left keep their order.
void Remove(const std::vector<uint8_t>& rules, Plan* plan) {
  const size_t rejects_before = plan->rejects.size();
  std::vector<PlannedConversation> conversations;
  uint32_t kept = 0;
  for (PlannedConversation conversation : plan->conversations) {
    const uint32_t begin = kept;
    for (uint32_t i = conversation.samples_begin; i < conversation.samples_end; ++i) {
      PlannedSample& sample = plan->samples[i];
      if (rules[i] == kNoRule) {
        sample.conversation = static_cast<uint32_t>(conversations.size());
        plan->samples[kept++] = sample;
        continue;
      }
      for (uint32_t m = sample.answer_begin; m < sample.answer_end; ++m) {
        plan->rejects.push_back({plan->answer_messages[m], rules[i]});
      }
    }
    if (kept == begin) continue;
    conversation.samples_begin = begin;
    conversation.samples_end = kept;
    conversations.push_back(conversation);
  }
  plan->samples.resize(kept);
  plan->conversations = std::move(conversations);
  std::inplace_merge(plan->rejects.begin(),
                     plan->rejects.begin() + static_cast<ptrdiff_t>(rejects_before),
                     plan->rejects.end(),
                     [](const RejectRow& a, const RejectRow& b) { return a.message < b.message; });
}

}  // namespace

void FilterSamples(const BuildOptions& options, Plan* plan) {
  std::vector<uint8_t> rules(plan->samples.size(), kNoRule);
  JudgeLanguage(options, plan, &rules);
  JudgeRepetition(plan);
  JudgeDuplicates(options, plan, &rules);
  for (size_t i = 0; i < rules.size(); ++i) {
    PlannedSample& sample = plan->samples[i];
    sample.quality = static_cast<float>(QualityOf(sample.signals));
    if (rules[i] == kNoRule && sample.quality < static_cast<float>(options.min_quality)) {
      rules[i] = static_cast<uint8_t>(RejectRule::kLowQuality);
    }
  }
  plan->sketches = {};
  Remove(rules, plan);
}

}  // namespace idiolect
