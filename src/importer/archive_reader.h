#pragma once
// libarchive behind a class: the entries of an archive one after the other, each as a stream, never
// unpacked to disk. The only file of the importer that knows libarchive. Archives may come from
// anybody: whatever no honest export holds is one clear error (kBadInput) that names the archive,
// and ends its reading:
//   - entries that lead elsewhere ("../", "/", links) or are no files (devices);
//   - encrypted entries;
//   - entries that hold more or less than they say;
//   - more than kMostRatio times as much as the archive is long (a bomb), beyond kFreeBytes;
//   - more than kMostEntries entries.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct archive;

namespace idiolect {

constexpr uint64_t kMostRatio = 250;  // text in the best of compressors gives 30
constexpr uint64_t kFreeBytes = 64 * 1024 * 1024;
constexpr int64_t kMostEntries = 1'000'000;

// Whether a file that begins so is an archive that this reads: zip, 7z, tar, and tar compressed by
// gzip, xz, bzip2 or zstd. `start` should hold 512 bytes.
bool LooksLikeArchive(std::string_view start);

struct ArchiveEntry {
  int64_t index = -1;  // from 0; -1: before the first
  std::string path;    // relative, with "/", without "." and ".."
  bool is_folder = false;
  uint64_t size = 0;  // as the archive says; 0 when it does not
};

// Thread-compatible.
class ArchiveReader {
 public:
  static Result<std::unique_ptr<ArchiveReader>> OpenFile(const std::filesystem::path& path);
  // Borrows `bytes`. `name` stands for the path in errors.
  static Result<std::unique_ptr<ArchiveReader>> OpenMemory(std::string_view bytes,
                                                           const std::string& name);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // Goes to the next entry; false after the last.
  Result<bool> Next();
  // Where Next went.
  const ArchiveEntry& entry() const { return entry_; }
  // Bytes of the entry; 0 only at its end.
  Result<size_t> Read(char* to, size_t most);

 private:
  explicit ArchiveReader(std::string name) : name_(std::move(name)) {}
  Status Prepare();
  Status CheckEntry(void* raw_entry);
  Status CheckBomb();
  tl::unexpected<Error> Refuse(const std::string& what, const std::string& hint) const;
  tl::unexpected<Error> Damaged() const;

  std::string name_;
  archive* archive_ = nullptr;
  uint64_t archive_size_ = 0;
  bool opened_ = false;  // libarchive has chosen a format: asking for encryption crashes before
  ArchiveEntry entry_;
  bool size_known_ = false, entry_ended_ = true;
  uint64_t entry_read_ = 0, all_read_ = 0, all_promised_ = 0;
};

}  // namespace idiolect
