#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace idiolect {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> SystemError(const std::string& doing, const fs::path& path) {
  const int code = errno;
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = "free some disk space and run the command again";
  if (code == EACCES || code == EPERM || code == EROFS)
    hint = "check the permissions of the folder";
  return Fail(code == ENOENT ? ErrorKind::kNotFound : ErrorKind::kFailed,
              doing + " " + path.string() + ": " + std::strerror(code), hint);
}

// Makes the rename itself survive a power cut.
void SyncFolder(const fs::path& folder) {
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Status MakeFolders(const fs::path& path) {
  if (path.empty()) return {};
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return Fail(ErrorKind::kFailed, "making the folder " + path.string() + ": " + error.message(),
                "check the permissions of the folder");
  }
  return {};
}

Result<std::string> ReadFile(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("reading", path);
  std::string bytes;
  struct stat info = {};
  if (::fstat(fd, &info) == 0 && info.st_size > 0) bytes.reserve(static_cast<size_t>(info.st_size));
  char buffer[1 << 16];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      auto failed = SystemError("reading", path);
      ::close(fd);
      return failed;
    }
    bytes.append(buffer, static_cast<size_t>(got));
  }
  ::close(fd);
  return bytes;
}

Result<PendingFile> PendingFile::Create(const fs::path& path) {
  RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  PendingFile file;
  file.path_ = path;
  file.temporary_ = path;
  file.temporary_ += ".new-" + std::to_string(::getpid());
  file.fd_ = ::open(file.temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file.fd_ < 0) return SystemError("creating", file.temporary_);
  return file;
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)) {}

PendingFile& PendingFile::operator=(PendingFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

PendingFile::~PendingFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Status PendingFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError("writing", temporary_);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return {};
}

Status PendingFile::Commit() {
  if (::fsync(fd_) != 0) return SystemError("syncing", temporary_);
  if (::close(std::exchange(fd_, -1)) != 0) {
    auto failed = SystemError("closing", temporary_);
    ::unlink(temporary_.c_str());
    return failed;
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    auto failed = SystemError("publishing", path_);
    ::unlink(temporary_.c_str());
    return failed;
  }
  SyncFolder(path_.parent_path());
  return {};
}

Status PublishFile(const fs::path& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(auto file, PendingFile::Create(path));
  RETURN_IF_ERROR(file.Write(bytes));
  return file.Commit();
}

Result<MappedFile> MappedFile::Open(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("opening", path);
  struct stat info = {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return Fail(ErrorKind::kBadInput, "opening " + path.string() + ": not a regular file");
  }
  MappedFile file;
  file.size_ = static_cast<size_t>(info.st_size);
  if (file.size_ > 0) {
    void* at = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) {
      auto failed = SystemError("mapping", path);
      ::close(fd);
      return failed;
    }
    file.data_ = static_cast<const char*>(at);
  }
  ::close(fd);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace idiolect
