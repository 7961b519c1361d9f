#include "importer/telegram_json.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "importer/json_stream.h"
#include "importer/telegram_message.h"

namespace idiolect {
namespace {

constexpr size_t kMaxName = 1024;

struct ChatType {
  std::string_view name;
  ChatKind kind;
  std::string_view peer;  // what kind of peer its id belongs to
};
constexpr ChatType kChatTypes[] = {
    {"personal_chat", ChatKind::kPrivate, "user"},
    {"bot_chat", ChatKind::kBot, "user"},
    {"saved_messages", ChatKind::kSaved, "user"},
    {"replies", ChatKind::kOther, "user"},
    {"verification_codes", ChatKind::kOther, "user"},
    {"private_group", ChatKind::kGroup, "chat"},
    {"private_supergroup", ChatKind::kGroup, "channel"},
    {"public_supergroup", ChatKind::kGroup, "channel"},
    {"private_channel", ChatKind::kChannel, "channel"},
    {"public_channel", ChatKind::kChannel, "channel"},
};
constexpr ChatType kUnknownChatType = {"", ChatKind::kOther, "peer"};

const ChatType* FindChatType(std::string_view name) {
  const auto* found = std::find_if(std::begin(kChatTypes), std::end(kChatTypes),
                                   [&](const ChatType& type) { return type.name == name; });
  return found == std::end(kChatTypes) ? nullptr : found;
}

// What stands beside the messages of a chat.
struct ChatHeader {
  std::string name;
  std::optional<int64_t> id;
  const ChatType* type = &kUnknownChatType;
  bool has_type = false;
  bool has_messages = false;

  // Whether the chat is known well enough to read its messages.
  bool Complete() const { return id.has_value() && has_type; }
};

class Reader : private TelegramReader {
 public:
  Reader(ByteSource& source, const TelegramOptions& options, BatchSink& sink)
      : TelegramReader(options, sink), source_(source), json_(source, options.window) {}

  Result<TelegramSummary> Run();

 private:
  enum class Level { kRoot, kListed };
  void ReadChat(Level level);
  void ReadRootKey(std::string_view key);
  void ReadChats();
  void ReadOwner();
  void BeginChat(const ChatHeader& header);
  uint32_t Author(std::string_view peer, std::string_view name);
  void ReadMessages();
  void Store();
  bool Going() const { return !cancelled_ && json_.stop() == JsonStop::kNone; }
  int64_t LineOf(uint64_t offset);

  ByteSource& source_;
  JsonStream json_;
  bool has_chats_ = false;

  // The chat being read.
  Chat chat_facts_;
  int64_t last_time_ = 0;

  TelegramMessage message_;
  std::string peer_, author_id_;
};

Result<TelegramSummary> Reader::Run() {
  NextBatch(0);
  if (!cancelled_ && json_.Peek() == JsonKind::kObject) ReadChat(Level::kRoot);
  if (cancelled_) return Finish();
  if (json_.stop() == JsonStop::kReadFailed) return tl::unexpected<Error>(json_.read_error());
  const JsonStop stop = json_.stop();
  if (stop != JsonStop::kNone) {
    const ProblemKind kind = stop == JsonStop::kTruncated ? ProblemKind::kTruncated
                             : stop == JsonStop::kTooDeep ? ProblemKind::kTooDeep
                                                          : ProblemKind::kMalformed;
    Count({kind, 1, json_.offset(), LineOf(json_.offset())});
  } else if (!json_.AtEnd()) {
    if (json_.stop() == JsonStop::kReadFailed) return tl::unexpected<Error>(json_.read_error());
    Count({ProblemKind::kTrailingData, 1, json_.offset(), LineOf(json_.offset())});
  } else if (!has_chats_) {
    Count(ProblemKind::kNoChats);
  }
  if (json_.repaired() > 0) Count({ProblemKind::kRepairedText, json_.repaired(), 0, 0});
  if (json_.cut() > 0) Count({ProblemKind::kTextCut, json_.cut(), 0, 0});
  return Finish();
}

// An object with a chat in it; at the root it may hold lists of chats instead.
void Reader::ReadChat(Level level) {
  ChatHeader header;
  std::vector<JsonStream::Place> passed_over;  // messages that came before the header
  bool begun = false;
  std::string_view key;
  if (!json_.Enter()) return;
  while (!cancelled_ && json_.NextKey(&key)) {
    if (key == "name") {
      header.name = json_.String(kMaxName).value_or(std::string_view());
    } else if (key == "type") {
      header.has_type = true;
      if (const auto* type = FindChatType(json_.String(kMaxName).value_or(std::string_view()))) {
        header.type = type;
      }
    } else if (key == "id") {
      header.id = json_.Integer();
    } else if (key == "messages" && json_.Peek() == JsonKind::kArray) {
      header.has_messages = true;
      if (header.Complete()) {
        if (!std::exchange(begun, true)) BeginChat(header);
        ReadMessages();
      } else {
        passed_over.push_back(json_.Here());
        json_.Skip();
      }
    } else if (level == Level::kRoot) {
      ReadRootKey(key);
    } else {
      json_.Skip();
    }
  }
  if (level == Level::kRoot && !header.has_messages) return;
  if (!begun && !header.has_messages && !header.id) {
    if (Going()) Count(ProblemKind::kNotAChat);
    return;
  }
  if (!begun && !cancelled_) BeginChat(header);
  for (const JsonStream::Place& place : passed_over) {
    if (cancelled_ || !json_.GoTo(place)) return;
    ReadMessages();
    // To the object's end again.
    while (!cancelled_ && json_.NextKey(&key)) json_.Skip();
  }
}

void Reader::ReadRootKey(std::string_view key) {
  if (key == "chats" || key == "left_chats") {
    ReadChats();
  } else if (key == "personal_information") {
    ReadOwner();
  } else {
    json_.Skip();
  }
}

// {about, list[chat]}, or the list by itself.
void Reader::ReadChats() {
  if (json_.Peek() == JsonKind::kObject) {
    std::string_view key;
    if (!json_.Enter()) return;
    while (!cancelled_ && json_.NextKey(&key)) {
      if (key == "list" && json_.Peek() == JsonKind::kArray) {
        ReadChats();
      } else {
        json_.Skip();
      }
    }
    return;
  }
  if (json_.Peek() != JsonKind::kArray) return json_.Skip();
  has_chats_ = true;
  if (!json_.Enter()) return;
  while (!cancelled_ && json_.NextItem()) {
    if (json_.Peek() == JsonKind::kObject) {
      ReadChat(Level::kListed);
    } else {
      json_.Skip();
      if (Going()) Count(ProblemKind::kNotAChat);
    }
  }
}

void Reader::ReadOwner() {
  if (json_.Peek() != JsonKind::kObject) return json_.Skip();
  std::string_view key;
  if (!json_.Enter()) return;
  while (json_.NextKey(&key)) {
    if (key == "user_id") {
      if (const auto id = json_.Integer()) summary_.owner = "telegram:user" + std::to_string(*id);
    } else {
      json_.Skip();
    }
  }
}

void Reader::BeginChat(const ChatHeader& header) {
  has_chats_ = true;
  last_time_ = 0;
  chat_facts_ = {};
  chat_facts_.source = "telegram";
  chat_facts_.name = header.name;
  chat_facts_.kind = header.type->kind;
  if (header.id) {
    chat_facts_.source_id = std::string(header.type->peer) + std::to_string(*header.id);
  } else {
    Count(ProblemKind::kNoChatId);
    chat_facts_.source_id =
        header.name.empty() ? "file:" + options_.fallback_name : "name:" + header.name;
  }
  TelegramReader::BeginChat(chat_facts_);
}

void Reader::ReadMessages() {
  if (!json_.Enter()) return;
  while (!cancelled_ && json_.NextItem()) {
    if (json_.Peek() == JsonKind::kObject) {
      if (!ReadTelegramMessage(json_, options_.max_text, message_)) return;
      ++summary_.messages;
      Store();
    } else {
      json_.Skip();
      if (json_.stop() != JsonStop::kNone) return;
      ++summary_.messages;
      Skip(SkipReason::kNotAnObject);
    }
  }
}

void Reader::Store() {
  const TelegramMessage& m = message_;
  if (!HasGoodId(m.id)) return;
  if (batch_->Full()) {
    NextBatch(json_.offset());
    if (cancelled_) return;
  }

  MessageRecord record;
  record.id = *m.id;
  record.chat = chat_;
  switch (m.type) {
    case TelegramMessage::Type::kMessage:
      break;
    case TelegramMessage::Type::kService:
      record.kind = MessageKind::kService;
      break;
    case TelegramMessage::Type::kUnsupported:
      record.kind = MessageKind::kUnsupported;
      break;
    case TelegramMessage::Type::kUnknown:
      record.kind = MessageKind::kUnsupported;
      Count(ProblemKind::kUnknownType);
      break;
    case TelegramMessage::Type::kMissing:
      record.kind = m.has_action     ? MessageKind::kService
                    : m.date.empty() ? MessageKind::kUnsupported
                                     : MessageKind::kOrdinary;
      break;
  }

  if (const auto time = TelegramTime(m.date_unixtime, m.date)) {
    last_time_ = *time;
  } else if (record.kind != MessageKind::kUnsupported) {
    Count(ProblemKind::kNoDate);
  }
  record.time = last_time_;
  record.edited = TelegramTime(m.edited_unixtime, m.edited).value_or(0);
  record.flags = TelegramFlags(m);
  record.media = m.media;

  const bool service = record.kind == MessageKind::kService;
  const std::string_view name = service ? m.actor : m.from;
  const std::string_view peer = TelegramPeer(service ? m.actor_id : m.from_id, peer_);
  if (!peer.empty()) {
    record.author = Author(peer, name);
  } else if (record.kind == MessageKind::kOrdinary && chat_facts_.kind == ChatKind::kChannel) {
    record.author = Author(chat_facts_.source_id, name.empty() ? chat_facts_.name : name);
  } else if (!name.empty()) {
    record.author = Author("name:" + std::string(name), name);
  }

  if (m.reply_to && *m.reply_to != 0) {
    std::string scratch;
    const std::string_view elsewhere = TelegramPeer(m.reply_to_peer, scratch);
    if (!elsewhere.empty() && elsewhere != chat_facts_.source_id) {
      record.flags |= kReplyElsewhere;
    } else {
      SetReply(*m.reply_to, record);
    }
  }

  const bool opens_topic = service && m.action == "topic_created";
  // The opening of a topic has no words but its title.
  record.text = batch_->Put(opens_topic && m.text.empty() ? m.title : m.text);
  if (service) {
    record.extra = batch_->Put(m.action);
    if (opens_topic) topics_.Open(record.id);
  } else if (m.is_forward) {
    record.extra = batch_->Put(m.forwarded_from);
  } else if (m.media == MediaKind::kSticker) {
    record.extra = batch_->Put(m.sticker_emoji);
  } else if (m.media == MediaKind::kPoll) {
    record.extra = batch_->Put(m.poll_question);
  }
  Add(record);
}

uint32_t Reader::Author(std::string_view peer, std::string_view name) {
  author_id_.assign("telegram:");
  author_id_ += peer;
  return AuthorOf(author_id_, name);
}

int64_t Reader::LineOf(uint64_t offset) {
  if (!source_.Seek(0)) return 0;
  std::string buffer(64 * 1024, '\0');
  int64_t line = 1;
  while (offset > 0) {
    const auto read =
        source_.Read(buffer.data(), static_cast<size_t>(std::min<uint64_t>(offset, buffer.size())));
    if (!read || *read == 0) break;
    line += std::count(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(*read), '\n');
    offset -= *read;
  }
  return line;
}

// Gives the first part of a source, so that sniffing a huge file that is something else stays
// cheap.
class FirstBytes : public ByteSource {
 public:
  FirstBytes(ByteSource& source, size_t most) : source_(source), left_(most) {}
  Result<size_t> Read(char* to, size_t most) override {
    auto count = source_.Read(to, std::min(most, left_));
    if (count) left_ -= *count;
    return count;
  }
  Status Seek(uint64_t) override { return Fail(ErrorKind::kFailed, "sniffing only goes forward"); }

 private:
  ByteSource& source_;
  size_t left_;
};

// In front of the messages of something that calls itself a chat: whether the first is Telegram's.
// nullopt: there is none.
std::optional<TelegramSniff> SniffMessages(JsonStream& json) {
  if (!json.Enter() || !json.NextItem()) return std::nullopt;
  if (json.Peek() != JsonKind::kObject) return TelegramSniff::kNo;
  if (!json.Enter()) return std::nullopt;
  bool has_id = false, has_type = false;
  std::string_view key;
  while (json.NextKey(&key)) {
    if (key == "id") {
      has_id = json.Peek() == JsonKind::kNumber;
      json.Skip();
    } else if (key == "type") {
      const std::string_view type = json.String(kMaxName).value_or(std::string_view());
      has_type = type == "message" || type == "service" || type == "unsupported";
    } else if (key == "from_id" || key == "date_unixtime" || key == "text_entities") {
      return TelegramSniff::kYes;
    } else {
      json.Skip();
    }
    if (has_id && has_type) return TelegramSniff::kYes;
  }
  if (json.stop() != JsonStop::kNone) return std::nullopt;
  return TelegramSniff::kNo;
}

}  // namespace

Result<TelegramSummary> ReadTelegramJson(ByteSource& source, const TelegramOptions& options,
                                         BatchSink& sink) {
  return Reader(source, options, sink).Run();
}

TelegramSniff SniffTelegramJson(ByteSource& source) {
  constexpr size_t kMostBytes = 64 * 1024 * 1024;
  FirstBytes first(source, kMostBytes);
  JsonStream json(first, 64 * 1024);
  if (json.Peek() != JsonKind::kObject || !json.Enter()) return TelegramSniff::kNo;
  bool has_chat_type = false;
  std::string_view key;
  while (json.NextKey(&key)) {
    if (key == "personal_information" || key == "frequent_contacts" || key == "web_sessions" ||
        key == "other_data" || key == "left_chats") {
      return TelegramSniff::kYes;
    }
    if (key == "chats") {
      return json.Peek() == JsonKind::kObject ? TelegramSniff::kYes : TelegramSniff::kNo;
    }
    if (key == "messages" && json.Peek() == JsonKind::kArray) {
      if (const auto sniffed = SniffMessages(json)) return *sniffed;
      if (has_chat_type) return TelegramSniff::kYes;
    } else if (key == "type") {
      has_chat_type = FindChatType(json.String(kMaxName).value_or(std::string_view())) != nullptr;
    } else {
      json.Skip();
    }
  }
  return has_chat_type ? TelegramSniff::kYes : TelegramSniff::kNo;
}

}  // namespace idiolect
