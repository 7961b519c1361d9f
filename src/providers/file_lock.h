#pragma once
// A lock between processes on a small file that stays: who waits for it is let in when the holder
// ends, however it ends.

#include <filesystem>
#include <functional>

#include "base/interrupt.h"
#include "base/result.h"

namespace idiolect {

class FileLock {
 public:
  // Waits until the lock is free. `on_wait` is called once if it is not free at once; kInterrupted
  // when interrupted while waiting.
  static Result<FileLock> Take(const std::filesystem::path& path, const Interrupt& interrupt,
                               const std::function<void()>& on_wait);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace idiolect
