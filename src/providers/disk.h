#pragma once
// Free space, and files written so that a full disk is told from other failures and said usefully.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace idiolect {

// 98362432 as "98.4 MB".
std::string FormatBytes(uint64_t bytes);

// Bytes that this user may still write on the disk that holds `folder`.
Result<uint64_t> FreeBytes(const std::filesystem::path& folder);

// kFailed, naming how much is needed and how much is there.
tl::unexpected<Error> DiskFull(std::string_view what, const std::filesystem::path& folder,
                               uint64_t needed, uint64_t free);

// A file that grows at its end. Thread-compatible; move-only.
class GrowingFile {
 public:
  enum class Start { kEmpty, kAtEnd };
  static Result<GrowingFile> Open(const std::filesystem::path& path, Start start);
  GrowingFile(GrowingFile&& other) noexcept;
  GrowingFile& operator=(GrowingFile&& other) noexcept;
  ~GrowingFile();

  // kFailed; `disk_full()` then tells whether for want of room. Part of `bytes` may be written.
  Status Write(std::string_view bytes);
  // Drops what is there.
  Status Clear();
  // What was written survives a power cut afterwards.
  Status Sync();
  uint64_t size() const { return size_; }
  bool disk_full() const { return disk_full_; }

 private:
  GrowingFile() = default;
  tl::unexpected<Error> CannotWrite() const;
  int fd_ = -1;
  uint64_t size_ = 0;
  bool disk_full_ = false;
  std::filesystem::path path_;
};

// Makes the whole, checked `part` be `target` for good: rename, then sync of the folder.
Status PublishPart(const std::filesystem::path& part, const std::filesystem::path& target);

}  // namespace idiolect
