#include "providers/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace idiolect {

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  const char* unit = "kB";
  double amount = static_cast<double>(bytes) / 1e3;
  for (const char* next : {"MB", "GB", "TB"}) {
    if (amount < 1000) break;
    amount /= 1e3;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", amount, unit);
  return text;
}

Result<uint64_t> FreeBytes(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) {
    return Fail(ErrorKind::kFailed,
                "asking for free space in " + folder.string() + ": " + std::strerror(errno));
  }
  return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

tl::unexpected<Error> DiskFull(std::string_view what, const std::filesystem::path& folder,
                               uint64_t needed, uint64_t free) {
  return Fail(ErrorKind::kFailed,
              "storing " + std::string(what) + " in " + folder.string() + ": the disk is full: " +
                  FormatBytes(needed) + " more are needed, " + FormatBytes(free) + " are free",
              "make room, or set XDG_CACHE_HOME to a folder on another disk");
}

Result<GrowingFile> GrowingFile::Open(const std::filesystem::path& path, Start start) {
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  GrowingFile file;
  file.path_ = path;
  file.fd_ = open(path.c_str(), start == Start::kEmpty ? flags | O_TRUNC : flags, 0644);
  struct stat about {};
  if (file.fd_ < 0 || fstat(file.fd_, &about) != 0) return file.CannotWrite();
  file.size_ = static_cast<uint64_t>(about.st_size);
  return file;
}

GrowingFile::GrowingFile(GrowingFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      disk_full_(other.disk_full_),
      path_(std::move(other.path_)) {}

GrowingFile& GrowingFile::operator=(GrowingFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  size_ = other.size_;
  disk_full_ = other.disk_full_;
  path_ = std::move(other.path_);
  return *this;
}

GrowingFile::~GrowingFile() {
  if (fd_ >= 0) close(fd_);
}

tl::unexpected<Error> GrowingFile::CannotWrite() const {
  return Fail(ErrorKind::kFailed, "writing " + path_.string() + ": " + std::strerror(errno));
}

Status GrowingFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      disk_full_ = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
      return CannotWrite();
    }
    size_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status GrowingFile::Clear() {
  if (ftruncate(fd_, 0) != 0) return CannotWrite();
  size_ = 0;
  return {};
}

Status GrowingFile::Sync() {
  if (fsync(fd_) != 0) return CannotWrite();
  return {};
}

Status PublishPart(const std::filesystem::path& part, const std::filesystem::path& target) {
  if (rename(part.c_str(), target.c_str()) != 0) {
    return Fail(ErrorKind::kFailed, "renaming " + part.string() + " to " + target.string() + ": " +
                                        std::strerror(errno));
  }
  const auto folder = target.parent_path();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return Fail(ErrorKind::kFailed, "opening " + folder.string() + ": " + std::strerror(errno));
  }
  const bool synced = fsync(fd) == 0;
  close(fd);
  if (!synced) {
    return Fail(ErrorKind::kFailed, "syncing " + folder.string() + ": " + std::strerror(errno));
  }
  return {};
}

}  // namespace idiolect
