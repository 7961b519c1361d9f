#pragma once
// An archive as a tree of files that are read in place (archive_reader.h tells what is refused). A
// compressed tar can only be read forward, so going back means unpacking from the beginning again,
// to nowhere: files that were announced (Expect) and lie before the one asked for are kept in
// memory up to a limit, and what does not fit is met again in another round.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "importer/archive_reader.h"
#include "importer/export_tree.h"

namespace idiolect {

// Thread-compatible.
class ArchiveTree : public ExportTree {
 public:
  // Reads the whole table of contents, and the beginning of whatever may be an export.
  static Result<std::unique_ptr<ArchiveTree>> OfFile(const std::filesystem::path& path);
  // Borrows `bytes`; for tests and fuzzing.
  static Result<std::unique_ptr<ArchiveTree>> OfMemory(std::string_view bytes,
                                                       const std::string& name);

  FolderListing List(const std::filesystem::path& folder) override;
  uint64_t Size(const std::filesystem::path& file) override;
  Result<std::unique_ptr<ByteSource>> Start(const std::filesystem::path& file) override;
  Result<std::unique_ptr<ByteSource>> Open(const std::filesystem::path& file) override;
  void Expect(const std::vector<std::filesystem::path>& files) override;

  // Where the file stands in the archive: reading in this order goes forward.
  int64_t Place(const std::filesystem::path& file) const;
  // The first entry that is an archive itself, or empty.
  const std::string& nested() const { return nested_; }
  int64_t other_entries() const { return other_entries_; }

 private:
  friend class ArchiveFile;
  struct File {
    int64_t index = 0;
    uint64_t size = 0;
    std::string start;  // its first bytes, or all of it when `whole`
    bool whole = false;
  };

  Status ReadContents();
  Result<std::unique_ptr<ArchiveReader>> Reopen() const;
  // Makes `reader_` stand at the entry, none of it read.
  Status GoTo(int64_t index);

  std::filesystem::path path_;  // or the name of what is in memory
  std::string_view bytes_;
  bool in_memory_ = false;
  std::map<std::string, File> files_;
  std::string nested_;
  int64_t other_entries_ = 0;

  std::unique_ptr<ArchiveReader> reader_;
  int64_t opened_ = 0;  // counts what was opened: an earlier source may no longer read
  std::unordered_set<int64_t> expected_;  // entries
  std::map<int64_t, std::string> held_;   // contents of expected ones, by entry
  uint64_t held_bytes_ = 0;
};

}  // namespace idiolect
