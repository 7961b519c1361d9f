#include "importer/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace idiolect {
namespace {

tl::unexpected<Error> SystemError(const char* doing, const std::filesystem::path& path,
                                  std::string hint = {}) {
  return Fail(ErrorKind::kFailed, doing + path.string() + ": " + std::strerror(errno),
              std::move(hint));
}

}  // namespace

Result<size_t> MemorySource::Read(char* to, size_t most) {
  const size_t count = std::min(most, bytes_.size() - at_);
  if (count > 0) std::memcpy(to, bytes_.data() + at_, count);
  at_ += count;
  return count;
}

Status MemorySource::Seek(uint64_t offset) {
  at_ = std::min<uint64_t>(offset, bytes_.size());
  return {};
}

Result<std::unique_ptr<FileSource>> FileSource::Open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) {
      return Fail(ErrorKind::kNotFound, "reading " + path.string() + ": there is no such file",
                  "check the path");
    }
    return SystemError("reading ", path, "check the permissions of the file");
  }
  struct stat facts = {};
  if (::fstat(fd, &facts) != 0 || S_ISDIR(facts.st_mode)) {
    if (S_ISDIR(facts.st_mode)) errno = EISDIR;
    auto failed = SystemError("reading ", path, "name a file in the folder");
    ::close(fd);
    return failed;
  }
  (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  const uint64_t size = S_ISREG(facts.st_mode) ? static_cast<uint64_t>(facts.st_size) : 0;
  return std::unique_ptr<FileSource>(new FileSource(fd, size, path));
}

FileSource::~FileSource() {
  ::close(fd_);
}

Result<size_t> FileSource::Read(char* to, size_t most) {
  for (;;) {
    const ssize_t count = ::read(fd_, to, most);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return SystemError("reading ", path_, "check the disk and try again");
  }
}

Status FileSource::Seek(uint64_t offset) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) >= 0) return {};
  return SystemError("going back in ", path_, "save it as a file first: it can only be read once");
}

}  // namespace idiolect
