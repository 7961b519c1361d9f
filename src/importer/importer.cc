#include "importer/importer.h"

#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "importer/batch_queue.h"
#include "importer/byte_source.h"
#include "importer/chat_identity.h"
#include "importer/find_exports.h"
#include "importer/telegram_html.h"
#include "importer/telegram_json.h"
#include "store/messages.h"
#include "store/workspace.h"

namespace idiolect {
namespace {

// The thread that reads a file, while the calling one owns the database.
class ReadingThread {
 public:
  explicit ReadingThread(std::function<Result<TelegramSummary>(BatchSink&)> read)
      : thread_([this, read = std::move(read)] {
          result_ = read(queue_);
          queue_.Close();
        }) {}
  ~ReadingThread() {
    queue_.Cancel();
    if (thread_.joinable()) thread_.join();
  }
  BatchQueue& queue() { return queue_; }
  // After the queue's last batch.
  Result<TelegramSummary> Finish() {
    thread_.join();
    return std::move(result_);
  }

 private:
  BatchQueue queue_;
  Result<TelegramSummary> result_;
  std::thread thread_;  // last: it uses the others
};

std::string FolderName(const ExportFile& file) {
  std::error_code failed;
  const auto absolute = std::filesystem::weakly_canonical(file.path, failed);
  return (failed ? file.path : absolute).parent_path().filename().string();
}

class PageFiles : public HtmlPages {
 public:
  explicit PageFiles(const std::vector<std::filesystem::path>& paths) : paths_(paths) {}
  size_t count() const override { return paths_.size(); }
  Result<std::unique_ptr<ByteSource>> Open(size_t page) override {
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, FileSource::Open(paths_[page]));
    return source;
  }

 private:
  const std::vector<std::filesystem::path>& paths_;
};

// Puts the batches of one file into the workspace, giving everything its number there.
class BatchWriter {
 public:
  BatchWriter(Workspace& workspace, const ExportFile& file, MessageWriter& writer,
              FileReport& report)
      : workspace_(workspace), file_(file), writer_(writer), report_(report) {}

  Status Write(MessageBatch& batch) {
    for (Chat& chat : batch.chats) {
      if (file_.format == ExportFormat::kTelegramHtml) {
        // The chats of an account lie side by side: two of one name are two.
        const bool of_account = FolderName(file_).starts_with("chat_");
        ASSIGN_OR_RETURN(chat.source_id, FindNamedChat(workspace_.database(), chat, batch,
                                                       of_account ? WithoutOverlap::kOtherChat
                                                                  : WithoutOverlap::kSameChat));
      }
      ASSIGN_OR_RETURN(const ChatId id, writer_.AddChat(chat));
      chats_.push_back(id);
    }
    authors_.insert(authors_.end(), batch.authors.begin(), batch.authors.end());
    author_ids_.resize(authors_.size(), 0);
    for (const MessageRecord& record : batch.messages) {
      RETURN_IF_ERROR(WriteMessage(batch, record));
    }
    return {};
  }

 private:
  Status WriteMessage(const MessageBatch& batch, const MessageRecord& record) {
    const ChatId chat = chats_[record.chat];
    MessageView message;
    message.id = MakeMessageId(chat, record.id);
    message.time = record.time;
    message.edited = record.edited;
    if (record.author != 0) {
      ASSIGN_OR_RETURN(message.author, PersonOf(record.author - 1));
    }
    if (record.has_reply) message.reply_to = MakeMessageId(chat, record.reply_to);
    if (record.has_topic) message.topic = MakeMessageId(chat, record.topic);
    message.flags = record.flags;
    message.kind = record.kind;
    message.media = record.media;
    message.text = batch.Text(record.text);
    message.extra = batch.Text(record.extra);
    ASSIGN_OR_RETURN(const Stored stored, writer_.Add(message));
    switch (stored) {
      case Stored::kNew:
        ++report_.new_messages;
        break;
      case Stored::kEdited:
        ++report_.edited_messages;
        break;
      case Stored::kKnown:
        ++report_.known_messages;
        break;
      case Stored::kRepeated:
        report_.Skip(SkipReason::kDuplicate);
        break;
    }
    return {};
  }

  // The writer is told again only when a person changes the name.
  Result<PersonId> PersonOf(uint32_t author) {
    PersonId& id = author_ids_[author];
    if (id != 0 && named_as_[static_cast<size_t>(id)] == author) return id;
    ASSIGN_OR_RETURN(id, writer_.AddPerson(authors_[author].source_id, authors_[author].name));
    if (named_as_.size() <= static_cast<size_t>(id)) named_as_.resize(static_cast<size_t>(id) + 1);
    named_as_[static_cast<size_t>(id)] = author;
    return id;
  }

  Workspace& workspace_;
  const ExportFile& file_;
  MessageWriter& writer_;
  FileReport& report_;
  std::vector<ChatId> chats_;  // by number in the file
  std::vector<BatchAuthor> authors_;
  std::vector<PersonId> author_ids_;  // by author, 0 until it wrote
  std::vector<uint32_t> named_as_;    // by PersonId: the author that one last was
};

Result<FileReport> ImportFile(Workspace& workspace, const ExportFile& file,
                              const ImportOptions& options, int64_t now, Progress& progress,
                              const Interrupt& interrupt) {
  FileReport report;
  report.path = file.path;
  report.format = ExportFormatName(file.format);

  ASSIGN_OR_RETURN(const auto source, FileSource::Open(file.path));
  ASSIGN_OR_RETURN(const auto writer, MessageWriter::Begin(workspace.database()));
  BatchWriter batches(workspace, file, *writer, report);
  progress.Start(file.path.filename().string(), file.size, "bytes");
  TelegramSummary summary;
  {
    ReadingThread reading([&](BatchSink& sink) -> Result<TelegramSummary> {
      if (file.format == ExportFormat::kTelegramHtml) {
        PageFiles pages(file.pages);
        return ReadTelegramHtml(pages, {options.max_text, options.window, FolderName(file)}, sink);
      }
      return ReadTelegramJson(
          *source, {options.max_text, options.window, file.path.filename().string()}, sink);
    });
    while (auto batch = reading.queue().Pop()) {
      if (interrupt.Requested()) {
        return Fail(ErrorKind::kInterrupted, "importing " + file.path.string() + ": interrupted",
                    "run the same command again: nothing of this file was kept");
      }
      RETURN_IF_ERROR(batches.Write(*batch));
      progress.Update(batch->offset);
      reading.queue().Recycle(std::move(batch));
    }
    ASSIGN_OR_RETURN(summary, reading.Finish());
  }
  report.chats = summary.chats;
  report.messages = summary.messages;
  report.problems = std::move(summary.problems);
  for (size_t i = 0; i < kSkipReasons; ++i) report.skipped[i] += summary.skipped[i];

  if (!summary.owner.empty()) RETURN_IF_ERROR(workspace.SetSetting("owner", summary.owner));
  RETURN_IF_ERROR(
      RecordImport(workspace.database(), file.path.string(), now, FileReportJson(report)));
  RETURN_IF_ERROR(writer->Commit());
  progress.Update(file.size);
  progress.Finish(std::to_string(report.messages) + " messages, " +
                  std::to_string(report.new_messages) + " new");
  return report;
}

}  // namespace

Result<ImportReport> ImportPaths(Workspace& workspace,
                                 const std::vector<std::filesystem::path>& paths,
                                 const ImportOptions& options, Progress& progress,
                                 const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(const FoundExports found, FindExports(paths));
  const SystemClock system_clock;
  const Clock& clock = options.clock != nullptr ? *options.clock : system_clock;
  ImportReport report;
  report.other_files = found.other_files;
  for (const ExportFile& file : found.files) {
    ASSIGN_OR_RETURN(
        auto done, ImportFile(workspace, file, options, clock.UnixSeconds(), progress, interrupt));
    report.files.push_back(std::move(done));
  }
  return report;
}

}  // namespace idiolect
