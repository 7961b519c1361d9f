#include "importer/export_tree.h"

#include <algorithm>
#include <system_error>

namespace idiolect {

namespace fs = std::filesystem;

FolderListing DiskTree::List(const fs::path& folder) {
  FolderListing listing;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code failed;
    const fs::file_status status = entry->symlink_status(failed);
    if (failed) continue;
    if (fs::is_directory(status)) {
      listing.folders.push_back(entry->path());
    } else if (fs::is_regular_file(entry->status(failed))) {
      listing.files.push_back(entry->path());
    }
  }
  std::sort(listing.files.begin(), listing.files.end());
  std::sort(listing.folders.begin(), listing.folders.end());
  return listing;
}

uint64_t DiskTree::Size(const fs::path& file) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

Result<std::unique_ptr<ByteSource>> DiskTree::Open(const fs::path& file) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> source, FileSource::Open(file));
  return source;
}

}  // namespace idiolect
