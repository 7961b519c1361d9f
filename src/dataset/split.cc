#include "dataset/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace idiolect {
namespace {

int64_t SamplesOf(const PlannedConversation& conversation) {
  return conversation.samples_end - conversation.samples_begin;
}

// Takes conversations from the end of [0, *end) until `wanted` samples are nearest: at least one,
// unless it holds more than half of all samples, and leaving at least `left`.
void TakeNewest(const std::vector<uint32_t>& by_time, int64_t wanted, size_t left, Split split,
                Plan* plan, size_t* end) {
  int64_t taken = 0;
  while (*end > left) {
    PlannedConversation& newest = plan->conversations[by_time[*end - 1]];
    if (taken > 0 && taken + SamplesOf(newest) / 2 >= wanted) return;
    if (2 * (taken + SamplesOf(newest)) > static_cast<int64_t>(plan->samples.size())) return;
    taken += SamplesOf(newest);
    newest.split = split;
    --*end;
  }
}

void DropDuplicates(Plan* plan) {
  // The earliest part each pair stands in.
  std::unordered_map<uint64_t, Split> earliest;
  earliest.reserve(plan->samples.size());
  for (const PlannedSample& sample : plan->samples) {
    const auto [entry, fresh] = earliest.try_emplace(sample.pair_hash, sample.split);
    if (!fresh) entry->second = std::min(entry->second, sample.split);
  }
  const size_t before = plan->rejects.size();
  for (PlannedSample& sample : plan->samples) {
    if (earliest.at(sample.pair_hash) == sample.split) continue;
    sample.dropped = true;
    for (uint32_t i = sample.answer_begin; i < sample.answer_end; ++i) {
      plan->rejects.push_back({plan->answer_messages[i], static_cast<int>(RejectRule::kDuplicate)});
    }
  }
  const auto by_message = [](const RejectRow& a, const RejectRow& b) {
    return a.message < b.message;
  };
  std::inplace_merge(plan->rejects.begin(), plan->rejects.begin() + static_cast<ptrdiff_t>(before),
                     plan->rejects.end(), by_message);
}

}  // namespace

void AssignSplits(const BuildOptions& options, Plan* plan) {
  std::vector<uint32_t> by_time(plan->conversations.size());
  std::iota(by_time.begin(), by_time.end(), 0u);
  std::stable_sort(by_time.begin(), by_time.end(), [plan](uint32_t a, uint32_t b) {
    return plan->conversations[a].begin < plan->conversations[b].begin;
  });
  const auto wanted = [plan](double share) {
    return std::llround(share * static_cast<double>(plan->samples.size()));
  };
  size_t end = by_time.size();
  if (options.test_share > 0) {
    TakeNewest(by_time, wanted(options.test_share), 1, Split::kTest, plan, &end);
  }
  if (options.valid_share > 0) {
    TakeNewest(by_time, wanted(options.valid_share), 1, Split::kValid, plan, &end);
  }
  for (const PlannedConversation& conversation : plan->conversations) {
    for (uint32_t i = conversation.samples_begin; i < conversation.samples_end; ++i) {
      plan->samples[i].split = conversation.split;
    }
  }
  DropDuplicates(plan);
}

}  // namespace idiolect
