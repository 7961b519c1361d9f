#include "importer/forum_topics.h"

#include <algorithm>

namespace idiolect {

std::optional<int64_t> ForumTopics::TopicOf(int64_t target) const {
  if (openings_.empty()) return std::nullopt;
  if (openings_.contains(target)) return target;
  const auto at = std::lower_bound(topic_of_.begin(), topic_of_.end(), target,
                                   [](const auto& entry, int64_t id) { return entry.first < id; });
  if (at == topic_of_.end() || at->first != target) return std::nullopt;
  return at->second;
}

void ForumTopics::Met(int64_t id, int64_t topic, int64_t reply_to) {
  first_ = std::min(first_, id);
  // Messages out of order are rare, and only lose the topic of what answers them.
  if (topic != 0 && (topic_of_.empty() || topic_of_.back().first < id)) {
    topic_of_.emplace_back(id, topic);
  }
  if (reply_to != 0 && reply_to < first_ &&
      (old_.size() < kMostTargets || old_.contains(reply_to))) {
    ++old_[reply_to];
  }
}

std::vector<std::pair<int64_t, int64_t>> ForumTopics::OldTargets() const {
  std::vector<std::pair<int64_t, int64_t>> targets;
  for (const auto& entry : old_) {
    if (entry.first < first_) targets.push_back(entry);
  }
  std::sort(targets.begin(), targets.end());
  return targets;
}

void ForumTopics::Clear() {
  openings_.clear();
  topic_of_.clear();
  old_.clear();
  first_ = INT64_MAX;
}

}  // namespace idiolect
