#include "importer/telegram_html.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "importer/html_blocks.h"
#include "importer/telegram_html_message.h"

namespace idiolect {
namespace {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return Hash64(text); }
};

bool InRange(int64_t id) {
  return id >= -kMessageIdSpan / 2 && id < kMessageIdSpan / 2;
}

// Replies to what lies before the first message, as far as topics need them.
class OldReplies {
 public:
  void Count(std::string_view block) {
    constexpr std::string_view kTarget = "go_to_message";
    for (size_t at = block.find(kTarget); at != std::string_view::npos;
         at = block.find(kTarget, at)) {
      at += kTarget.size();
      int64_t id = 0;
      const auto read = std::from_chars(block.data() + at, block.data() + block.size(), id);
      if (read.ec != std::errc() || id <= 0 || id >= first_) continue;
      if (counts_.size() < kMostTargets || counts_.contains(id)) ++counts_[id];
    }
  }
  // The id of a message of the export.
  void Met(int64_t id) { first_ = std::min(first_, id); }
  std::unordered_set<int64_t> Topics() const {
    std::unordered_set<int64_t> topics;
    for (const auto& [id, count] : counts_) {
      if (id < first_ && count >= kTopicReplies) topics.insert(id);
    }
    return topics;
  }

 private:
  static constexpr size_t kMostTargets = 65536;
  std::unordered_map<int64_t, int64_t> counts_;
  int64_t first_ = INT64_MAX;
};

class Reader {
 public:
  Reader(HtmlPages& pages, const TelegramOptions& options, BatchSink& sink)
      : pages_(pages), options_(options), sink_(sink) {}

  Result<TelegramSummary> Run();

 private:
  Status FindTopics();
  Status ReadPage(size_t page);
  void BeginChat(std::string_view header);
  void ReadBlock(std::string_view block, bool last);
  void Store();
  void SetTime(MessageRecord& record);
  void SetReply(MessageRecord& record);
  uint32_t AuthorOf(std::string_view name);
  void NextBatch();
  void Count(ProblemKind kind);
  void Skip(SkipReason reason) { ++summary_.skipped[static_cast<size_t>(reason)]; }

  HtmlPages& pages_;
  const TelegramOptions& options_;
  BatchSink& sink_;
  std::unique_ptr<MessageBatch> batch_;
  TelegramSummary summary_;
  bool cancelled_ = false, begun_ = false, page_ended_ = false;
  uint64_t earlier_pages_ = 0;  // bytes

  std::unordered_set<int64_t> topics_;
  int64_t last_time_ = 0;
  int64_t zone_ = 0;  // of the message before
  std::string last_author_, last_forwarded_from_, repaired_;
  TelegramHtmlMessage read_;
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> authors_;
};

void Reader::Count(ProblemKind kind) {
  for (ImportProblem& problem : summary_.problems) {
    if (problem.kind == kind) {
      ++problem.count;
      return;
    }
  }
  summary_.problems.push_back({kind});
}

void Reader::NextBatch() {
  batch_ = sink_.Exchange(std::move(batch_));
  cancelled_ = batch_ == nullptr;
}

Result<TelegramSummary> Reader::Run() {
  NextBatch();
  if (!cancelled_) RETURN_IF_ERROR(FindTopics());
  for (size_t page = 0; page < pages_.count() && !cancelled_; ++page) {
    RETURN_IF_ERROR(ReadPage(page));
  }
  summary_.cancelled = cancelled_;
  if (cancelled_) return std::move(summary_);
  if (!authors_.empty()) Count(ProblemKind::kNamesOnly);
  (void)sink_.Exchange(std::move(batch_));
  return std::move(summary_);
}

Status Reader::FindTopics() {
  OldReplies replies;
  for (size_t page = 0; page < pages_.count(); ++page) {
    ASSIGN_OR_RETURN(const auto source, pages_.Open(page));
    HtmlBlocks blocks(*source, options_.window);
    std::string_view block;
    bool header = true;
    while (blocks.Next(&block)) {
      if (std::exchange(header, false)) continue;
      const size_t id_at = block.substr(0, 256).find("id=\"message");
      int64_t id = 0;
      if (id_at != std::string_view::npos) {
        (void)std::from_chars(block.data() + id_at + 11, block.data() + block.size(), id);
        if (id > 0) replies.Met(id);
      }
      replies.Count(block);
    }
    RETURN_IF_ERROR(blocks.read());
  }
  topics_ = replies.Topics();
  return {};
}

Status Reader::ReadPage(size_t page) {
  ASSIGN_OR_RETURN(const auto source, pages_.Open(page));
  HtmlBlocks blocks(*source, options_.window);
  std::string_view block;
  bool header = true;
  page_ended_ = false;
  uint64_t offset = 0;
  while (!cancelled_ && blocks.Next(&block)) {
    offset = blocks.offset();
    if (!IsUtf8(block)) {
      Count(ProblemKind::kRepairedText);
      repaired_ = RepairUtf8(block);
      block = repaired_;
    }
    if (blocks.last() && block.find("</html>") != std::string_view::npos) page_ended_ = true;
    if (std::exchange(header, false)) {
      if (!begun_) BeginChat(block);
    } else {
      ReadBlock(block, blocks.last());
    }
    if (batch_ != nullptr) batch_->offset = earlier_pages_ + offset;
  }
  RETURN_IF_ERROR(blocks.read());
  if (!page_ended_ && !cancelled_) Count(ProblemKind::kPageCut);
  earlier_pages_ += offset;
  return {};
}

void Reader::BeginChat(std::string_view header) {
  begun_ = true;
  Chat chat;
  chat.source = "telegram";
  chat.name = TelegramHtmlChatName(header);
  const std::string month = " (" + options_.fallback_name + ")";
  const bool is_month = options_.fallback_name.size() == 7 && options_.fallback_name[4] == '-';
  if (is_month && chat.name.size() > month.size() && chat.name.ends_with(month)) {
    chat.name.resize(chat.name.size() - month.size());
    chat.name = std::string(TrimSpace(chat.name));
  }
  chat.source_id = chat.name.empty() ? "file:" + options_.fallback_name : "name:" + chat.name;
  summary_.chats = 1;
  batch_->chats.push_back(std::move(chat));
}

void Reader::ReadBlock(std::string_view block, bool last) {
  ReadTelegramHtmlMessage(block, read_);
  if (!read_.is_whole) {
    if (last && !page_ended_) return;  // cut in the middle
    Count(ProblemKind::kBrokenMarkup);
  }
  if (read_.is_separator) {
    if (const auto day = TelegramHtmlDay(read_.sentence)) {
      last_time_ = std::max(last_time_, *day - zone_);
    }
    return;
  }
  ++summary_.messages;
  Store();
}

void Reader::SetTime(MessageRecord& record) {
  const TelegramMessage& m = read_.message;
  if (m.date_unixtime) {
    last_time_ = *m.date_unixtime;
    if (read_.has_zone) zone_ = read_.zone;
  } else if (record.kind == MessageKind::kOrdinary || last_time_ == 0) {
    Count(ProblemKind::kNoDate);
  }
  record.time = last_time_;
}

void Reader::SetReply(MessageRecord& record) {
  const TelegramMessage& m = read_.message;
  if (!m.reply_to) {
    if (read_.reply_elsewhere) record.flags |= kReplyElsewhere;
    return;
  }
  if (*m.reply_to == 0 || *m.reply_to == record.id || !InRange(*m.reply_to)) return;
  if (topics_.contains(*m.reply_to)) {
    record.has_topic = true;
    record.topic = *m.reply_to;
  } else {
    record.has_reply = true;
    record.reply_to = *m.reply_to;
  }
}

void Reader::Store() {
  TelegramMessage& m = read_.message;
  if (!m.id) return Skip(SkipReason::kNoId);
  if (!InRange(*m.id)) return Skip(SkipReason::kIdOutOfRange);
  if (batch_->Full()) {
    NextBatch();
    if (cancelled_) return;
  }
  MessageRecord record;
  record.id = *m.id;
  const bool service = m.type == TelegramMessage::Type::kService;
  if (service) record.kind = MessageKind::kService;
  SetTime(record);
  if (m.text.size() > options_.max_text) {
    size_t end = options_.max_text;
    while (end > 0 && (static_cast<unsigned char>(m.text[end]) & 0xc0) == 0x80) --end;
    m.text.resize(end);
    Count(ProblemKind::kTextCut);
  }
  record.flags = TelegramFlags(m);
  record.media = m.media;
  record.text = batch_->Put(m.text);
  if (service) {
    const bool topic = read_.sentence.find(" created topic «") != std::string::npos;
    if (topic) topics_.insert(record.id);
    record.extra = batch_->Put(topic              ? std::string_view("topic_created")
                               : m.action.empty() ? std::string_view(read_.sentence)
                                                  : std::string_view(m.action));
  } else {
    if (!read_.joined || !m.from.empty()) last_author_ = m.from;
    if (!last_author_.empty() && last_author_ != kDeletedAccount) {
      record.author = AuthorOf(last_author_);
    }
    if (!m.is_forward || !m.forwarded_from.empty() || !read_.joined) {
      last_forwarded_from_ = m.forwarded_from;
    }
    if (m.is_forward) {
      record.extra = batch_->Put(last_forwarded_from_);
    } else if (m.media == MediaKind::kPoll) {
      record.extra = batch_->Put(m.poll_question);
    }
  }
  SetReply(record);
  batch_->messages.push_back(record);
}

uint32_t Reader::AuthorOf(std::string_view name) {
  if (const auto known = authors_.find(name); known != authors_.end()) return known->second;
  const auto number = static_cast<uint32_t>(authors_.size() + 1);
  authors_.emplace(name, number);
  batch_->authors.push_back({"telegram-html:" + std::string(name), std::string(name)});
  return number;
}

}  // namespace

Result<TelegramSummary> ReadTelegramHtml(HtmlPages& pages, const TelegramOptions& options,
                                         BatchSink& sink) {
  return Reader(pages, options, sink).Run();
}

TelegramSniff SniffTelegramHtml(std::string_view start) {
  const bool page = start.find("<html") != std::string_view::npos &&
                    start.find("page_wrap") != std::string_view::npos &&
                    start.find("chat_page") != std::string_view::npos;
  return page ? TelegramSniff::kYes : TelegramSniff::kNo;
}

}  // namespace idiolect
