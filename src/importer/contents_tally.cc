#include "importer/contents_tally.h"

#include <algorithm>
#include <unordered_set>

namespace idiolect {

void ContentsTally::Add(const MessageBatch& batch) {
  for (const Chat& chat : batch.chats) chats_.push_back(chat.source_id);
  for (const BatchAuthor& author : batch.authors) authors_.push_back(author.source_id);
  wrote_.resize(authors_.size());
  for (const MessageRecord& record : batch.messages) {
    switch (record.kind) {
      case MessageKind::kOrdinary:
        ++contents_.ordinary;
        if (record.author != 0) wrote_[record.author - 1] = true;
        contents_.last_time = std::max(contents_.last_time, record.time);
        if (contents_.first_time == 0 || record.time < contents_.first_time) {
          contents_.first_time = record.time;
        }
        break;
      case MessageKind::kService:
        ++contents_.service;
        break;
      case MessageKind::kUnsupported:
        ++contents_.unsupported;
        break;
    }
    contents_.replies += record.has_reply;
    if (record.has_topic) topics_.emplace(record.chat, record.topic);
    if (repeated_ == Repeated::kFind) {
      if (ids_.size() <= record.chat) ids_.resize(record.chat + 1);
      ids_[record.chat].push_back(record.id);
    }
  }
}

ImportContents ContentsTally::Finish(const TelegramSummary& summary, ContentsTotals& totals) {
  for (const OldTarget& target : summary.old_targets) {
    if (target.replies < kTopicReplies) continue;
    contents_.replies -= target.replies;
    topics_.emplace(target.chat, target.id);
  }
  contents_.topics = static_cast<int64_t>(topics_.size());
  std::unordered_set<std::string_view> people;
  for (size_t i = 0; i < authors_.size(); ++i) {
    if (wrote_[i]) people.insert(authors_[i]);
  }
  contents_.people = static_cast<int64_t>(people.size());

  for (const std::string_view person : people) totals.people.emplace(person);
  for (const auto& [chat, topic] : topics_) {
    totals.topics.insert(chats_[chat] + "/" + std::to_string(topic));
  }
  ImportContents& all = totals.contents;
  all.ordinary += contents_.ordinary;
  all.service += contents_.service;
  all.unsupported += contents_.unsupported;
  all.replies += contents_.replies;
  all.people = static_cast<int64_t>(totals.people.size());
  all.topics = static_cast<int64_t>(totals.topics.size());
  all.last_time = std::max(all.last_time, contents_.last_time);
  if (all.first_time == 0 || (contents_.first_time != 0 && contents_.first_time < all.first_time)) {
    all.first_time = contents_.first_time;
  }
  return contents_;
}

int64_t ContentsTally::CountRepeated() {
  int64_t repeated = 0;
  for (std::vector<int64_t>& ids : ids_) {
    if (!std::is_sorted(ids.begin(), ids.end())) std::sort(ids.begin(), ids.end());
    repeated += ids.end() - std::unique(ids.begin(), ids.end());
  }
  return repeated;
}

}  // namespace idiolect
