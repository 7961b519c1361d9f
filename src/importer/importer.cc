#include "importer/importer.h"

#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "importer/batch_queue.h"
#include "importer/batch_writer.h"
#include "importer/contents_tally.h"
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

// The name of the folder that a file lies in; for pages at the top of an archive, the archive's.
std::string FolderName(const ExportFile& file) {
  std::error_code failed;
  const auto absolute = std::filesystem::weakly_canonical(file.path, failed);
  return (failed ? file.path : absolute).parent_path().filename().string();
}

class Pages : public HtmlPages {
 public:
  explicit Pages(const ExportFile& file) : file_(file) { file.tree->Expect(file.parts); }
  size_t count() const override { return file_.parts.size(); }
  Result<std::unique_ptr<ByteSource>> Open(size_t page) override {
    return file_.tree->Open(file_.parts[page]);
  }

 private:
  const ExportFile& file_;
};

Result<TelegramSummary> Read(const ExportFile& file, const ImportOptions& options,
                             BatchSink& sink) {
  TelegramOptions telegram{options.max_text, options.window, {}, file.kind};
  if (file.format == ExportFormat::kTelegramHtml) {
    telegram.fallback_name = FolderName(file);
    Pages pages(file);
    return ReadTelegramHtml(pages, telegram, sink);
  }
  telegram.fallback_name = file.path.filename().string();
  ASSIGN_OR_RETURN(const auto source, file.tree->Open(file.parts.front()));
  return ReadTelegramJson(*source, telegram, sink);
}

// Gives every batch of the file to `take`, on this thread, while another reads on.
Result<TelegramSummary> ReadBatches(const ExportFile& file, const ImportOptions& options,
                                    Progress& progress, const Interrupt& interrupt,
                                    const std::function<Status(MessageBatch&)>& take) {
  const bool html = file.format == ExportFormat::kTelegramHtml;
  progress.Start(html ? FolderName(file) : file.path.filename().string(), file.size, "bytes");
  ReadingThread reading([&](BatchSink& sink) { return Read(file, options, sink); });
  while (auto batch = reading.queue().Pop()) {
    if (interrupt.Requested()) {
      return Fail(ErrorKind::kInterrupted, "importing " + file.path.string() + ": interrupted",
                  "run the same command again: nothing of this file was kept");
    }
    RETURN_IF_ERROR(take(*batch));
    progress.Update(batch->offset);
    reading.queue().Recycle(std::move(batch));
  }
  return reading.Finish();
}

FileReport ReportOf(const ExportFile& file) {
  FileReport report;
  report.path = file.path;
  report.format = ExportFormatName(file.format);
  return report;
}

void TakeSummary(const TelegramSummary& summary, ContentsTally& tally, ContentsTotals& totals,
                 FileReport& report) {
  report.chats = summary.chats;
  report.messages = summary.messages;
  report.problems = summary.problems;
  for (size_t i = 0; i < kSkipReasons; ++i) report.skipped[i] += summary.skipped[i];
  report.contents = tally.Finish(summary, totals);
}

Result<FileReport> ImportFile(Workspace& workspace, const ExportFile& file,
                              const ImportOptions& options, int64_t now, ContentsTotals& totals,
                              Progress& progress, const Interrupt& interrupt) {
  FileReport report = ReportOf(file);
  const bool html = file.format == ExportFormat::kTelegramHtml;
  // The chats of an account lie side by side: two of one name are two.
  const bool of_account = FolderName(file).starts_with("chat_");
  ASSIGN_OR_RETURN(const auto writer, MessageWriter::Begin(workspace.database()));
  BatchWriter batches(workspace.database(), html ? ChatsKnownBy::kName : ChatsKnownBy::kId,
                      of_account ? WithoutOverlap::kOtherChat : WithoutOverlap::kSameChat, *writer,
                      report);
  ContentsTally tally(Repeated::kIgnore);
  ASSIGN_OR_RETURN(const TelegramSummary summary,
                   ReadBatches(file, options, progress, interrupt, [&](MessageBatch& batch) {
                     tally.Add(batch);
                     return batches.Write(batch);
                   }));
  RETURN_IF_ERROR(batches.Finish(summary));
  TakeSummary(summary, tally, totals, report);
  if (!summary.owner.empty()) RETURN_IF_ERROR(workspace.SetSetting("owner", summary.owner));
  RETURN_IF_ERROR(
      RecordImport(workspace.database(), file.path.string(), now, FileReportJson(report)));
  RETURN_IF_ERROR(writer->Commit());
  progress.Update(file.size);
  progress.Finish(std::to_string(report.messages) + " messages, " +
                  std::to_string(report.new_messages) + " new");
  return report;
}

Result<FileReport> CheckFile(const ExportFile& file, const ImportOptions& options,
                             ContentsTotals& totals, Progress& progress,
                             const Interrupt& interrupt) {
  FileReport report = ReportOf(file);
  report.only_checked = true;
  ContentsTally tally(Repeated::kFind);
  ASSIGN_OR_RETURN(const TelegramSummary summary,
                   ReadBatches(file, options, progress, interrupt, [&](MessageBatch& batch) {
                     tally.Add(batch);
                     return Status();
                   }));
  TakeSummary(summary, tally, totals, report);
  report.skipped[static_cast<size_t>(SkipReason::kDuplicate)] += tally.CountRepeated();
  progress.Update(file.size);
  progress.Finish(std::to_string(report.messages) + " messages");
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
  ContentsTotals totals;
  report.other_files = found.other_files;
  for (const ExportFile& file : found.files) {
    ASSIGN_OR_RETURN(auto done, ImportFile(workspace, file, options, clock.UnixSeconds(), totals,
                                           progress, interrupt));
    report.files.push_back(std::move(done));
  }
  report.contents = totals.contents;
  return report;
}

Result<ImportReport> CheckPaths(const std::vector<std::filesystem::path>& paths,
                                const ImportOptions& options, Progress& progress,
                                const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(const FoundExports found, FindExports(paths));
  ImportReport report;
  ContentsTotals totals;
  report.other_files = found.other_files;
  for (const ExportFile& file : found.files) {
    ASSIGN_OR_RETURN(auto done, CheckFile(file, options, totals, progress, interrupt));
    report.files.push_back(std::move(done));
  }
  report.contents = totals.contents;
  return report;
}

}  // namespace idiolect
