#include "analysis/gather.h"

#include <algorithm>
#include <thread>
#include <unordered_set>
#include <utility>

#include "analysis/batch_channel.h"
#include "base/text.h"
#include "store/database.h"
#include "store/messages.h"

namespace idiolect {
namespace {

constexpr size_t kBatchBytes = size_t{192} << 10;
constexpr int64_t kFirstYear = 0;               // 1970
constexpr int64_t kLastYear = 80LL * 31556952;  // 2050: offsets after it are as then

bool IsOwnWords(const MessageView& message) {
  return (message.flags & (kForwarded | kViaBot | kBotCommand)) == 0;
}

bool IsTalk(ChatKind kind) {
  return kind == ChatKind::kPrivate || kind == ChatKind::kGroup || kind == ChatKind::kOther;
}

// The second thread: counts the words of batches until there are no more.
class WordWorker {
 public:
  WordWorker(WordTable& words, const Lexicon& lexicon, const ReportFacts& facts)
      : scanner_(words),
        rejects_(facts.rejects),
        topics_(words, lexicon.MaskOf(LexiconList::Use::kTopic), lexicon.lists().size(),
                DialogsOf(facts.samples)) {}

  void Run(BatchChannel& channel) {
    while (auto batch = channel.Take()) {
      for (const TextItem& item : batch->items) Count(item, batch->text(item));
      channel.Return(std::move(batch));
    }
  }
  SpeechFacts TakeSpeech() { return speech_.Take(); }
  TopicFacts TakeTopics() { return topics_.Take(); }

 private:
  void Count(const TextItem& item, std::string_view text) {
    const ChatId chat = ChatOfMessage(item.id);
    if (chat != chat_) speech_.EndChat();
    chat_ = chat;
    bool shown = item.own_words;
    if (item.voice == kPersona) {
      while (next_reject_ < rejects_.size() && rejects_[next_reject_].message < item.id) {
        ++next_reject_;
      }
      shown =
          shown && !(next_reject_ < rejects_.size() && rejects_[next_reject_].message == item.id);
    }
    const ScannedText& scanned = scanner_.Scan(text);
    speech_.Add(item, text, scanned, shown);
    topics_.Add(item, text, scanner_, scanned, shown);
  }

  TextScanner scanner_;
  const std::vector<RejectRow>& rejects_;
  size_t next_reject_ = 0;
  ChatId chat_ = 0;
  SpeechCounter speech_;
  TopicCounter topics_;
};

// The chats that hold a message of the persona: each of those is in a sample or rejected.
std::unordered_set<ChatId> ChatsOf(const ReportFacts& facts) {
  std::unordered_set<ChatId> chats;
  for (const SampleRow& sample : facts.samples) chats.insert(ChatOfMessage(sample.answer));
  for (const RejectRow& reject : facts.rejects) chats.insert(ChatOfMessage(reject.message));
  return chats;
}

// Hands messages to the second thread in batches.
class BatchFiller {
 public:
  explicit BatchFiller(BatchChannel& channel) : channel_(channel), batch_(channel.Empty()) {}

  void Add(const MessageView& message, const Placed& placed) {
    TextItem item;
    item.id = message.id;
    item.time = message.time;
    item.month = placed.month;
    item.voice = placed.voice;
    item.opens_run = placed.opens_run;
    item.own_words = IsOwnWords(message);
    item.text_at = static_cast<uint32_t>(batch_->buffer.size());
    item.text_size = static_cast<uint32_t>(message.text.size());
    batch_->buffer += message.text;
    batch_->items.push_back(item);
    if (batch_->buffer.size() >= kBatchBytes || batch_->items.size() >= kBatchBytes / 32) Hand();
  }
  void Hand() {
    channel_.Give(std::move(batch_));
    batch_ = channel_.Empty();
  }

 private:
  BatchChannel& channel_;
  std::unique_ptr<TextBatch> batch_;
};

Status ReadChats(Database& database, const ReportFacts& facts, CollectionCounter& counter,
                 BatchChannel& channel, Progress& progress, const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(const auto chats, ListChats(database));
  const auto persona_chats = ChatsOf(facts);
  BatchFiller filler(channel);
  uint64_t done = 0;
  for (const Chat& chat : chats) {
    const bool speaks = persona_chats.contains(chat.id);
    const bool read_words = speaks && IsTalk(chat.kind);
    counter.BeginChat(chat, speaks);
    RETURN_IF_ERROR(ForEachMessage(database, chat.id, [&](const MessageView& message) -> Status {
      if ((++done & 0xfff) == 0) {
        progress.Update(done);
        if (interrupt.Requested()) {
          return Fail(ErrorKind::kInterrupted, "reading the chats was interrupted",
                      "run the same command again");
        }
      }
      const Placed placed = counter.Add(message);
      if (read_words && message.kind == MessageKind::kOrdinary) filler.Add(message, placed);
      return {};
    }));
  }
  filler.Hand();
  progress.Update(done);
  return {};
}

}  // namespace

Result<ReportFacts> GatherFacts(Workspace& workspace, PersonId persona, const Lexicon& lexicon,
                                const std::string& zone, Progress& progress,
                                const Interrupt& interrupt) {
  Database& database = workspace.database();
  ReportFacts facts;
  facts.persona = persona;
  ASSIGN_OR_RETURN(auto dataset, NewestDatasetOf(database, persona));
  if (!dataset) {
    return Fail(ErrorKind::kNotFound, "there is no dataset to report on yet",
                "build one: idiolect build");
  }
  facts.dataset = *std::move(dataset);
  ASSIGN_OR_RETURN(facts.names, PersonNames(database));
  ASSIGN_OR_RETURN(facts.samples, ListSamples(database, facts.dataset.id));
  ASSIGN_OR_RETURN(facts.rejects, ListRejects(database, facts.dataset.id));
  ASSIGN_OR_RETURN(facts.imports, ListImports(database));
  ASSIGN_OR_RETURN(TimeZone local, TimeZone::Open(zone, kFirstYear, kLastYear));
  facts.zone = std::make_unique<TimeZone>(std::move(local));

  ASSIGN_OR_RETURN(const auto people, ListPeopleByName(database));
  uint64_t total = 0;
  for (const PersonSummary& person : people) total += static_cast<uint64_t>(person.messages);
  progress.Start("report", total, "messages");
  facts.words = std::make_unique<WordTable>(lexicon);
  WordWorker worker(*facts.words, lexicon, facts);
  CollectionCounter counter(persona, facts.names.size(), *facts.zone);
  BatchChannel channel;
  std::thread words([&] { worker.Run(channel); });
  const Status read = ReadChats(database, facts, counter, channel, progress, interrupt);
  channel.Close();
  words.join();
  RETURN_IF_ERROR(read);
  facts.collection = counter.Take();
  facts.speech = worker.TakeSpeech();
  facts.topics = worker.TakeTopics();
  progress.Finish();
  return facts;
}

}  // namespace idiolect
