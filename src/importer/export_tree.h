#pragma once
// Where exports lie: folders on disk (DiskTree) or inside an archive (archive_tree.h), as
// find_exports.h searches them and importer.h reads them.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "importer/byte_source.h"

namespace idiolect {

struct FolderListing {
  std::vector<std::filesystem::path> files, folders;  // full paths, sorted
};

// Thread-compatible.
class ExportTree {
 public:
  virtual ~ExportTree() = default;

  // What may not be read is left out; links to folders are not followed.
  virtual FolderListing List(const std::filesystem::path& folder) = 0;
  // 0 when not known.
  virtual uint64_t Size(const std::filesystem::path& file) = 0;
  // Enough of a file to recognise an export by.
  virtual Result<std::unique_ptr<ByteSource>> Start(const std::filesystem::path& file) {
    return Open(file);
  }
  // Opens a file. Of an archive one is open at a time.
  virtual Result<std::unique_ptr<ByteSource>> Open(const std::filesystem::path& file) = 0;
  // Announces files that will be opened in this order, each once.
  virtual void Expect(const std::vector<std::filesystem::path>& files) { (void)files; }
};

class DiskTree : public ExportTree {
 public:
  FolderListing List(const std::filesystem::path& folder) override;
  uint64_t Size(const std::filesystem::path& file) override;
  Result<std::unique_ptr<ByteSource>> Open(const std::filesystem::path& file) override;
};

}  // namespace idiolect
