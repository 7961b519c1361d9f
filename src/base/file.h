#pragma once
// Files whole: reading, and publishing so that a reader never sees half of one.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace idiolect {

Result<std::string> ReadFile(const std::filesystem::path& path);
// Write beside, fsync, rename over, fsync the folder. Creates missing parent folders.
Status PublishFile(const std::filesystem::path& path, std::string_view bytes);
Status MakeFolders(const std::filesystem::path& path);
bool Exists(const std::filesystem::path& path);

// A file written in pieces and published as PublishFile does on Commit(); destroyed without it,
// nothing remains. Thread-compatible.
class PendingFile {
 public:
  static Result<PendingFile> Create(const std::filesystem::path& path);
  PendingFile(PendingFile&&) noexcept;
  PendingFile& operator=(PendingFile&&) noexcept;
  ~PendingFile();

  Status Write(std::string_view bytes);
  Status Commit();
  const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  PendingFile() = default;
  int fd_ = -1;
  std::filesystem::path path_, temporary_;
};

// A read-only memory map. Empty files map to an empty view.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  MappedFile(MappedFile&&) noexcept;
  MappedFile& operator=(MappedFile&&) noexcept;
  ~MappedFile();
  std::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile() = default;
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace idiolect
