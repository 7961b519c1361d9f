#pragma once
// Where a reader's bytes come from: a file, or memory in tests and fuzzing. Read in pieces, so that
// memory does not grow with the file, and without a memory map, whose pages would count as ours.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace idiolect {

// Thread-compatible.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads up to `most` bytes; 0 only at the end.
  virtual Result<size_t> Read(char* to, size_t most) = 0;
  // Goes to an absolute offset. Fails for what can only be read forward, such as a pipe.
  virtual Status Seek(uint64_t offset) = 0;
};

class MemorySource : public ByteSource {
 public:
  // Borrows `bytes`.
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  Result<size_t> Read(char* to, size_t most) override;
  Status Seek(uint64_t offset) override;

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

class FileSource : public ByteSource {
 public:
  // Folders and files that may not be read are errors that say so.
  static Result<std::unique_ptr<FileSource>> Open(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<size_t> Read(char* to, size_t most) override;
  Status Seek(uint64_t offset) override;
  // 0 when it cannot be known before the end.
  uint64_t size() const { return size_; }

 private:
  FileSource(int fd, uint64_t size, std::filesystem::path path)
      : fd_(fd), size_(size), path_(std::move(path)) {}
  int fd_;
  uint64_t size_;
  std::filesystem::path path_;
};

}  // namespace idiolect
