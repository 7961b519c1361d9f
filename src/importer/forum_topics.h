#pragma once
// The topics of a forum, which exports hide in replies: what is no reply to a message is marked as
// one to the service message that opened the topic, and a reply to a message lies in that message's
// topic. The opening may be missing from the export.

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace idiolect {

// Replies that make a topic of a message from before the export: in ordinary chats such old
// messages get one to four.
constexpr int64_t kTopicReplies = 10;

// Of one chat at a time. Costs nothing where there are no topics. Thread-compatible.
class ForumTopics {
 public:
  void Open(int64_t id) { openings_.insert(id); }
  bool IsOpening(int64_t id) const { return openings_.contains(id); }
  // Of what answers `target`: target itself where it opened one, else the topic that it lies in.
  std::optional<int64_t> TopicOf(int64_t target) const;
  // A message of the export with its topic and what it answers (0: nothing), in any order of ids.
  void Met(int64_t id, int64_t topic, int64_t reply_to);
  // Answered messages older than all that were met, each with the number of its replies.
  std::vector<std::pair<int64_t, int64_t>> OldTargets() const;
  void Clear();

 private:
  static constexpr size_t kMostTargets = 65536;
  std::unordered_set<int64_t> openings_;
  std::vector<std::pair<int64_t, int64_t>> topic_of_;  // message, its topic; ascending
  std::unordered_map<int64_t, int64_t> old_;           // answered, older than all met so far
  int64_t first_ = INT64_MAX;
};

}  // namespace idiolect
