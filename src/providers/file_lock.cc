#include "providers/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace idiolect {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);

tl::unexpected<Error> CannotLock(const std::filesystem::path& path) {
  return Fail(ErrorKind::kFailed, "locking " + path.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<FileLock> FileLock::Take(const std::filesystem::path& path, const Interrupt& interrupt,
                                const std::function<void()>& on_wait) {
  FileLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) return CannotLock(path);
  bool waited = false;
  while (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return CannotLock(path);
    if (!std::exchange(waited, true)) on_wait();
    if (interrupt.Requested()) {
      return Fail(ErrorKind::kInterrupted, "interrupted while waiting for " + path.string());
    }
    std::this_thread::sleep_for(kPoll);
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

// Closing gives the lock back.
FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace idiolect
