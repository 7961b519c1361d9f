#include "dataset/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr char kUnfinished[] = ".unfinished-";
constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr size_t kMostQueued = 4;

tl::unexpected<Error> SystemError(const std::string& doing, const fs::path& path) {
  const int code = errno;
  const char* hint = code == ENOSPC || code == EDQUOT
                         ? "free some disk space and run the command again"
                         : "check the permissions of the workspace folder";
  return Fail(ErrorKind::kFailed, doing + " " + path.string() + ": " + std::strerror(code), hint);
}

void RemoveUnfinished(const fs::path& datasets) {
  std::error_code error;
  std::vector<fs::path> unfinished;
  for (fs::directory_iterator entry(datasets, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kUnfinished)) {
      unfinished.push_back(entry->path());
    }
  }
  for (const fs::path& path : unfinished) fs::remove_all(path, error);
}

Status SyncFolder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("opening", folder);
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return SystemError("syncing", folder);
  return {};
}

}  // namespace

struct DatasetWriter::File {
  WrittenFile written;
  fs::path path;
  int fd = -1;
  Sha256 sha256;

  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

Result<std::unique_ptr<DatasetWriter>> DatasetWriter::Create(const fs::path& datasets) {
  RETURN_IF_ERROR(MakeFolders(datasets));
  RemoveUnfinished(datasets);
  std::unique_ptr<DatasetWriter> writer(new DatasetWriter(datasets));
  writer->folder_ = datasets / (kUnfinished + std::to_string(::getpid()));
  RETURN_IF_ERROR(MakeFolders(writer->folder_));
  for (size_t i = 0; i < kDatasetFiles; ++i) {
    auto file = std::make_unique<File>();
    file->written.name = DatasetFileName(static_cast<DatasetFile>(i));
    file->path = writer->folder_ / file->written.name;
    file->fd = ::open(file->path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file->fd < 0) return SystemError("creating", file->path);
    writer->files_[i] = std::move(file);
  }
  writer->thread_ = std::thread([raw = writer.get()] { raw->WriteBlocks(); });
  return writer;
}

DatasetWriter::DatasetWriter(const fs::path& datasets) : datasets_(datasets) {}

DatasetWriter::~DatasetWriter() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      queue_.clear();
      queue_.push_back({DatasetFile::kTrain, {}, true});
    }
    changed_.notify_all();
    thread_.join();
  }
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

Status DatasetWriter::AddLines(DatasetFile file, std::string_view text, int64_t lines) {
  std::string& pending = pending_[static_cast<size_t>(file)];
  pending += text;
  if (file <= DatasetFile::kTest) bytes_ += static_cast<int64_t>(text.size());
  files_[static_cast<size_t>(file)]->written.lines += lines;
  return pending.size() < kBlockBytes ? Status() : Hand(file);
}

Status DatasetWriter::Hand(DatasetFile file) {
  std::string& pending = pending_[static_cast<size_t>(file)];
  Block block{file, std::move(pending), false};
  pending.clear();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < kMostQueued || !write_status_; });
  if (!write_status_) return write_status_;
  queue_.push_back(std::move(block));
  if (!spare_.empty()) {
    pending = std::move(spare_.back());
    spare_.pop_back();
    pending.clear();
  }
  lock.unlock();
  changed_.notify_all();
  return {};
}

Status DatasetWriter::EndLines() {
  for (size_t i = 0; i < kDatasetFiles; ++i) RETURN_IF_ERROR(Hand(static_cast<DatasetFile>(i)));
  ended_ = true;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({DatasetFile::kTrain, {}, true});
  }
  changed_.notify_all();
  return {};
}

Result<std::array<WrittenFile, kDatasetFiles>> DatasetWriter::Files() {
  if (!ended_) RETURN_IF_ERROR(EndLines());
  if (thread_.joinable()) thread_.join();
  RETURN_IF_ERROR(write_status_);
  std::array<WrittenFile, kDatasetFiles> files;
  for (size_t i = 0; i < kDatasetFiles; ++i) files[i] = files_[i]->written;
  return files;
}

// The second thread. After a failure it only lets go of what is queued.
void DatasetWriter::WriteBlocks() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty(); });
    Block block = std::move(queue_.front());
    queue_.pop_front();
    const bool failed = !write_status_;
    lock.unlock();
    changed_.notify_all();

    Status status;
    if (block.last) {
      if (!failed && ended_) status = SyncFiles();
    } else if (!failed) {
      status = WriteBlock(*files_[static_cast<size_t>(block.file)], block.bytes);
    }

    lock.lock();
    if (!status) write_status_ = std::move(status);
    spare_.push_back(std::move(block.bytes));
    lock.unlock();
    changed_.notify_all();
    if (block.last) return;
  }
}

Status DatasetWriter::WriteBlock(File& file, const std::string& bytes) {
  const int64_t begin = file.written.bytes;
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put = ::write(file.fd, bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError("writing", file.path);
    done += static_cast<size_t>(put);
  }
  file.written.bytes += static_cast<int64_t>(bytes.size());
#ifdef SYNC_FILE_RANGE_WRITE
  // The disk may begin at once: less is left for the sync at the end. Only advice, cannot fail us.
  (void)::sync_file_range(file.fd, begin, static_cast<off_t>(bytes.size()), SYNC_FILE_RANGE_WRITE);
#endif
  file.sha256.Add(bytes);
  return {};
}

Status DatasetWriter::SyncFiles() {
  for (const auto& file : files_) {
    if (::fsync(file->fd) != 0) return SystemError("syncing", file->path);
    if (::close(std::exchange(file->fd, -1)) != 0) return SystemError("closing", file->path);
    file->written.sha256 = file->sha256.Hex();
  }
  return {};
}

Status DatasetWriter::Publish(const std::string& name, const std::string& manifest,
                              const std::string& card) {
  RETURN_IF_ERROR(PublishFile(folder_ / "README.md", card));
  RETURN_IF_ERROR(PublishFile(folder_ / "manifest.json", manifest));  // syncs the folder too
  const fs::path published = datasets_ / name;
  if (::rename(folder_.c_str(), published.c_str()) != 0) {
    return SystemError("publishing", published);
  }
  folder_.clear();
  if (auto synced = SyncFolder(datasets_); !synced) {
    folder_ = published;
    return synced;
  }
  published_ = published;
  return {};
}

std::string DatasetWriter::FreeName(const std::string& name) const {
  std::string free = name;
  for (int i = 2; Exists(datasets_ / free); ++i) free = name + "-" + std::to_string(i);
  return free;
}

void DatasetWriter::Withdraw() {
  std::error_code error;
  if (!published_.empty()) fs::remove_all(std::exchange(published_, {}), error);
}

}  // namespace idiolect
