#include "importer/telegram_reader.h"

#include <utility>

namespace idiolect {

void TelegramReader::NextBatch(uint64_t offset) {
  if (batch_ != nullptr) batch_->offset = offset;
  batch_ = sink_.Exchange(std::move(batch_));
  cancelled_ = batch_ == nullptr;
}

TelegramSummary TelegramReader::Finish() {
  EndChat();
  summary_.cancelled = cancelled_;
  if (!cancelled_) (void)sink_.Exchange(std::move(batch_));
  return std::move(summary_);
}

void TelegramReader::Count(const ImportProblem& problem) {
  for (ImportProblem& known : summary_.problems) {
    if (known.kind != problem.kind) continue;
    known.count += problem.count;
    return;
  }
  summary_.problems.push_back(problem);
}

bool TelegramReader::HasGoodId(const std::optional<int64_t>& id) {
  if (id && InRange(*id)) return true;
  Skip(id ? SkipReason::kIdOutOfRange : SkipReason::kNoId);
  return false;
}

uint32_t TelegramReader::AuthorOf(std::string_view source_id, std::string_view name) {
  author_key_.assign(source_id);
  author_key_ += '\0';
  author_key_ += name;
  if (const auto known = authors_.find(std::string_view(author_key_)); known != authors_.end()) {
    return known->second;
  }
  const auto number = static_cast<uint32_t>(authors_.size() + 1);
  authors_.emplace(author_key_, number);
  batch_->authors.push_back({std::string(source_id), std::string(name)});
  return number;
}

void TelegramReader::BeginChat(Chat chat) {
  EndChat();
  chat_ = static_cast<uint32_t>(summary_.chats++);
  batch_->chats.push_back(std::move(chat));
}

void TelegramReader::EndChat() {
  for (const auto& [id, replies] : topics_.OldTargets()) {
    summary_.old_targets.push_back({chat_, id, replies});
  }
  topics_.Clear();
}

void TelegramReader::SetReply(int64_t target, MessageRecord& record) {
  if (target == 0 || target == record.id || !InRange(target)) return;
  const auto topic = topics_.TopicOf(target);
  if (topic) {
    record.has_topic = true;
    record.topic = *topic;
  }
  if (!topic || *topic != target) {
    record.has_reply = true;
    record.reply_to = target;
  }
}

void TelegramReader::Add(const MessageRecord& record) {
  topics_.Met(record.id, record.has_topic ? record.topic : 0,
              record.has_reply ? record.reply_to : 0);
  batch_->messages.push_back(record);
}

}  // namespace idiolect
