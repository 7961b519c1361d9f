#include "importer/telegram_html.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "importer/html_blocks.h"
#include "importer/telegram_html_message.h"

namespace idiolect {
namespace {

// Of the sentence about the opening of a topic: "Лена created topic «Сад»". Null when it is
// another.
std::string_view TopicTitle(std::string_view sentence) {
  constexpr std::string_view kBefore = " created topic «", kBehind = "»";
  const size_t at = sentence.find(kBefore);
  if (at == std::string_view::npos) return {};
  std::string_view title = sentence.substr(at + kBefore.size());
  if (title.ends_with(kBehind)) title.remove_suffix(kBehind.size());
  return title;
}

class Reader : private TelegramReader {
 public:
  Reader(HtmlPages& pages, const TelegramOptions& options, BatchSink& sink)
      : TelegramReader(options, sink), pages_(pages) {}

  Result<TelegramSummary> Run();

 private:
  Status ReadPage(size_t page);
  void BeginChat(std::string_view header);
  void ReadBlock(std::string_view block, bool last);
  void Store();
  void SetTime(MessageRecord& record);

  HtmlPages& pages_;
  bool begun_ = false, page_ended_ = false;
  uint64_t earlier_pages_ = 0;  // bytes
  uint64_t offset_ = 0;         // of the block being read, over all pages

  int64_t last_time_ = 0;
  int64_t zone_ = 0;  // of the message before
  std::string last_author_, last_forwarded_from_, repaired_, author_id_;
  TelegramHtmlMessage read_;
};

Result<TelegramSummary> Reader::Run() {
  NextBatch(0);
  for (size_t page = 0; page < pages_.count() && !cancelled_; ++page) {
    RETURN_IF_ERROR(ReadPage(page));
  }
  if (!cancelled_ && any_authors()) Count(ProblemKind::kNamesOnly);
  return Finish();
}

Status Reader::ReadPage(size_t page) {
  ASSIGN_OR_RETURN(const auto source, pages_.Open(page));
  HtmlBlocks blocks(*source, options_.window);
  std::string_view block;
  bool header = true;
  page_ended_ = false;
  while (!cancelled_ && blocks.Next(&block)) {
    offset_ = earlier_pages_ + blocks.offset();
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
  }
  RETURN_IF_ERROR(blocks.read());
  if (!page_ended_ && !cancelled_) Count(ProblemKind::kPageCut);
  earlier_pages_ = offset_;
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
  chat.kind = options_.kind;
  TelegramReader::BeginChat(std::move(chat));
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

void Reader::Store() {
  TelegramMessage& m = read_.message;
  if (!HasGoodId(m.id)) return;
  if (batch_->Full()) {
    NextBatch(offset_);
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
  record.flags = TelegramFlags(m) | kAuthorByName;
  record.media = m.media;
  const std::string_view title = service ? TopicTitle(read_.sentence) : std::string_view();
  const bool topic = title.data() != nullptr;
  // The opening of a topic has no words but its title.
  record.text = batch_->Put(topic ? title : std::string_view(m.text));
  if (service) {
    if (topic) topics_.Open(record.id);
    record.extra = batch_->Put(topic              ? std::string_view("topic_created")
                               : m.action.empty() ? std::string_view(read_.sentence)
                                                  : std::string_view(m.action));
  } else {
    if (!read_.joined || !m.from.empty()) last_author_ = m.from;
    if (!last_author_.empty() && last_author_ != kDeletedAccount) {
      author_id_.assign(kByNamePrefix);
      author_id_ += last_author_;
      record.author = AuthorOf(author_id_, last_author_);
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
  if (m.reply_to) {
    SetReply(*m.reply_to, record);
  } else if (read_.reply_elsewhere) {
    record.flags |= kReplyElsewhere;
  }
  Add(record);
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
