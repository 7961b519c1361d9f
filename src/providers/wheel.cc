#include "providers/wheel.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <vector>

namespace idiolect {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 18;

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchiveReader = std::unique_ptr<archive, FreeArchive>;

tl::unexpected<Error> Bad(const std::filesystem::path& path, archive* reader) {
  const char* why = archive_error_string(reader);
  return Fail(ErrorKind::kBadInput, "unpacking " + path.filename().string() + ": " +
                                        (why != nullptr ? why : "not a readable zip archive"));
}

}  // namespace

Result<uint64_t> ReadMember(const std::filesystem::path& path, const std::string& member,
                            uint64_t max_bytes,
                            const std::function<Status(std::string_view)>& take) {
  ArchiveReader reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return Bad(path, reader.get());
  }
  archive_entry* entry = nullptr;
  for (;;) {
    const int found = archive_read_next_header(reader.get(), &entry);
    if (found == ARCHIVE_EOF) {
      return Fail(ErrorKind::kBadInput,
                  "unpacking " + path.filename().string() + ": it holds no " + member);
    }
    if (found != ARCHIVE_OK) return Bad(path, reader.get());
    const char* name = archive_entry_pathname(entry);
    if (name != nullptr && member == name && archive_entry_filetype(entry) == AE_IFREG) break;
  }
  std::vector<char> block(kBlockBytes);
  uint64_t total = 0;
  for (;;) {
    const auto read = archive_read_data(reader.get(), block.data(), block.size());
    if (read == 0) return total;
    // The check sum at the member's end is libarchive's to compare: a mismatch comes as a warning.
    if (read < 0) return Bad(path, reader.get());
    total += static_cast<uint64_t>(read);
    if (total > max_bytes) {
      return Fail(ErrorKind::kBadInput, "unpacking " + path.filename().string() + ": " + member +
                                            " is larger than " + std::to_string(max_bytes) +
                                            " bytes");
    }
    RETURN_IF_ERROR(take({block.data(), static_cast<size_t>(read)}));
  }
}

}  // namespace idiolect
