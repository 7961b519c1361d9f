#include "importer/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <optional>
#include <system_error>

namespace idiolect {
namespace {

constexpr size_t kMostPath = 4096;
constexpr char kUnpack[] = "if you trust it, unpack it yourself and name the folder";

std::string NameOf(archive_entry* entry) {
  // Which of them is there depends on the format and on the locale.
  if (const char* name = archive_entry_pathname_utf8(entry)) return name;
  if (const char* name = archive_entry_pathname(entry)) return name;
  return {};
}

// The parts of the path joined by "/" without "."; nullopt when it leads out of the archive.
std::optional<std::string> SafePath(const std::string& name) {
  std::string path;
  if (name.starts_with('/') || name.starts_with('\\')) return std::nullopt;
  if (name.size() >= 2 && name[1] == ':') return std::nullopt;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find_first_of("/\\", at), name.size());
    const std::string part = name.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

}  // namespace

bool LooksLikeArchive(std::string_view start) {
  using namespace std::string_view_literals;
  for (const std::string_view magic :
       {"PK\x03\x04"sv, "PK\x05\x06"sv, "7z\xBC\xAF\x27\x1C"sv, "\x1F\x8B"sv,
        "\xFD"
        "7zXZ\0"sv,
        "BZh"sv, "\x28\xB5\x2F\xFD"sv}) {
    if (start.starts_with(magic)) return true;
  }
  return start.size() >= 262 && start.substr(257, 5) == "ustar";
}

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::OpenFile(const std::filesystem::path& path) {
  std::unique_ptr<ArchiveReader> reader(new ArchiveReader(path.string()));
  std::error_code failed;
  reader->archive_size_ = std::filesystem::file_size(path, failed);
  if (failed) reader->archive_size_ = 0;
  RETURN_IF_ERROR(reader->Prepare());
  if (archive_read_open_filename(reader->archive_, path.c_str(), 256 * 1024) != ARCHIVE_OK) {
    return reader->Damaged();
  }
  reader->opened_ = true;
  return reader;
}

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::OpenMemory(std::string_view bytes,
                                                                 const std::string& name) {
  std::unique_ptr<ArchiveReader> reader(new ArchiveReader(name));
  reader->archive_size_ = bytes.size();
  RETURN_IF_ERROR(reader->Prepare());
  if (archive_read_open_memory(reader->archive_, bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return reader->Damaged();
  }
  reader->opened_ = true;
  return reader;
}

ArchiveReader::~ArchiveReader() {
  if (archive_ != nullptr) archive_read_free(archive_);
}

Status ArchiveReader::Prepare() {
  archive_ = archive_read_new();
  if (archive_ == nullptr) return Fail(ErrorKind::kFailed, "reading " + name_ + ": out of memory");
  archive_read_support_format_zip(archive_);
  archive_read_support_format_7zip(archive_);
  archive_read_support_format_tar(archive_);
  archive_read_support_filter_gzip(archive_);
  archive_read_support_filter_xz(archive_);
  archive_read_support_filter_bzip2(archive_);
  archive_read_support_filter_zstd(archive_);
  return {};
}

tl::unexpected<Error> ArchiveReader::Refuse(const std::string& what,
                                            const std::string& hint) const {
  return Fail(ErrorKind::kBadInput, "reading the archive " + name_ + ": " + what, hint);
}

tl::unexpected<Error> ArchiveReader::Damaged() const {
  if (opened_ && archive_read_has_encrypted_entries(archive_) == 1) {
    return Refuse("it is encrypted", "unpack it with its password and name the folder");
  }
  const char* text = archive_error_string(archive_);
  const std::string place =
      entry_.path.empty() ? "at its beginning" : "at or after \"" + entry_.path + "\"";
  return Refuse(
      "it is damaged or cut off " + place + (text != nullptr ? std::string(" (") + text + ")" : ""),
      "copy or download it again; if it is whole, unpack it and name the folder");
}

Result<bool> ArchiveReader::Next() {
  archive_entry* raw = nullptr;
  const int code = archive_read_next_header(archive_, &raw);
  if (code == ARCHIVE_EOF) return false;
  if (code < ARCHIVE_WARN) return Damaged();
  ++entry_.index;
  RETURN_IF_ERROR(CheckEntry(raw));
  RETURN_IF_ERROR(CheckBomb());
  return true;
}

Status ArchiveReader::CheckEntry(void* raw_entry) {
  auto* raw = static_cast<archive_entry*>(raw_entry);
  const std::string name = NameOf(raw);
  const std::string shown =
      name.empty() ? "entry " + std::to_string(entry_.index) : "\"" + name.substr(0, 200) + "\"";
  if (entry_.index >= kMostEntries) {
    return Refuse("it has more than " + std::to_string(kMostEntries) + " entries", kUnpack);
  }
  if (archive_entry_is_encrypted(raw) != 0 || archive_read_has_encrypted_entries(archive_) == 1) {
    return Refuse("it is encrypted", "unpack it with its password and name the folder");
  }
  if (archive_entry_hardlink(raw) != nullptr || archive_entry_symlink(raw) != nullptr) {
    return Refuse(shown + " is a link, which no export holds", kUnpack);
  }
  const auto type = archive_entry_filetype(raw);
  if (type != AE_IFREG && type != AE_IFDIR && type != 0) {
    return Refuse(shown + " is neither a file nor a folder", kUnpack);
  }
  const auto path = SafePath(name);
  if (!path || name.size() > kMostPath) {
    return Refuse(shown + " leads out of the archive", kUnpack);
  }
  entry_.path = *path;
  entry_.is_folder = type == AE_IFDIR;
  size_known_ = archive_entry_size_is_set(raw) != 0;
  const int64_t size = size_known_ ? archive_entry_size(raw) : 0;
  if (size < 0) return Refuse(shown + " has a negative size", kUnpack);
  entry_.size = static_cast<uint64_t>(size);
  entry_read_ = 0;
  entry_ended_ = false;
  all_promised_ += entry_.size;
  return {};
}

Status ArchiveReader::CheckBomb() {
  const auto unpacked =
      static_cast<uint64_t>(std::max<int64_t>(archive_filter_bytes(archive_, 0), 0));
  const uint64_t most = kFreeBytes + kMostRatio * archive_size_;
  // What is promised by headers alone was not paid for with compressed bytes, either.
  if (std::max({all_read_, all_promised_, unpacked}) <= most) return {};
  return Refuse("it unpacks to more than " + std::to_string(kMostRatio) +
                    " times its size, as archives do that are made to fill disks",
                kUnpack);
}

Result<size_t> ArchiveReader::Read(char* to, size_t most) {
  if (entry_ended_) return 0;
  const la_ssize_t count = archive_read_data(archive_, to, most);
  if (count < 0) return Damaged();
  all_read_ += static_cast<uint64_t>(count);
  entry_read_ += static_cast<uint64_t>(count);
  RETURN_IF_ERROR(CheckBomb());
  if (size_known_ && entry_read_ > entry_.size) {
    return Refuse("\"" + entry_.path + "\" holds more than the archive says", kUnpack);
  }
  if (count == 0) {
    entry_ended_ = true;
    if (size_known_ && entry_read_ < entry_.size) {
      return Refuse("\"" + entry_.path + "\" holds less than the archive says", kUnpack);
    }
  }
  return static_cast<size_t>(count);
}

}  // namespace idiolect
