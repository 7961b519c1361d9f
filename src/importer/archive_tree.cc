#include "importer/archive_tree.h"

#include <algorithm>
#include <set>
#include <utility>

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostHeld = 48 * 1024 * 1024;
constexpr size_t kStartBytes = 64 * 1024;           // enough to recognise an export by
constexpr size_t kSmallFile = 1024 * 1024;          // lists/chats.html is kept whole
constexpr uint64_t kMostStarts = 64 * 1024 * 1024;  // bytes kept of all that may be exports

bool MayBeExport(std::string_view path) {
  return path.ends_with(".json") || path.ends_with(".html");
}

bool MayBeArchive(std::string_view path) {
  for (const std::string_view end :
       {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst"}) {
    if (path.ends_with(end)) return true;
  }
  return false;
}

class OwnedSource : public ByteSource {
 public:
  explicit OwnedSource(std::string bytes) : bytes_(std::move(bytes)), source_(bytes_) {}
  Result<size_t> Read(char* to, size_t most) override { return source_.Read(to, most); }
  Status Seek(uint64_t offset) override { return source_.Seek(offset); }

 private:
  std::string bytes_;
  MemorySource source_;
};

}  // namespace

// A file while it is unpacked. Going back unpacks again from the beginning.
class ArchiveFile : public ByteSource {
 public:
  ArchiveFile(ArchiveTree& tree, int64_t index) : tree_(tree), index_(index), turn_(tree.opened_) {}

  Result<size_t> Read(char* to, size_t most) override {
    if (turn_ != tree_.opened_) {
      return Fail(ErrorKind::kFailed, "reading " + tree_.path_.string() + ": two files at a time");
    }
    ASSIGN_OR_RETURN(const size_t count, tree_.reader_->Read(to, most));
    at_ += count;
    return count;
  }

  Status Seek(uint64_t offset) override {
    if (offset < at_) {
      tree_.reader_.reset();
      RETURN_IF_ERROR(tree_.GoTo(index_));
      turn_ = ++tree_.opened_;
      at_ = 0;
    }
    std::string passed(64 * 1024, '\0');
    while (at_ < offset) {
      ASSIGN_OR_RETURN(const size_t count,
                       Read(passed.data(),
                            static_cast<size_t>(std::min<uint64_t>(passed.size(), offset - at_))));
      if (count == 0) break;
    }
    return {};
  }

 private:
  ArchiveTree& tree_;
  int64_t index_;
  int64_t turn_;
  uint64_t at_ = 0;
};

Result<std::unique_ptr<ArchiveTree>> ArchiveTree::OfFile(const fs::path& path) {
  std::unique_ptr<ArchiveTree> tree(new ArchiveTree);
  tree->path_ = path;
  RETURN_IF_ERROR(tree->ReadContents());
  return tree;
}

Result<std::unique_ptr<ArchiveTree>> ArchiveTree::OfMemory(std::string_view bytes,
                                                           const std::string& name) {
  std::unique_ptr<ArchiveTree> tree(new ArchiveTree);
  tree->path_ = name;
  tree->bytes_ = bytes;
  tree->in_memory_ = true;
  RETURN_IF_ERROR(tree->ReadContents());
  return tree;
}

Result<std::unique_ptr<ArchiveReader>> ArchiveTree::Reopen() const {
  return in_memory_ ? ArchiveReader::OpenMemory(bytes_, path_.string())
                    : ArchiveReader::OpenFile(path_);
}

Status ArchiveTree::ReadContents() {
  ASSIGN_OR_RETURN(reader_, Reopen());
  uint64_t names = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, reader_->Next());
    if (!more) break;
    const ArchiveEntry& entry = reader_->entry();
    if (entry.is_folder || entry.path.empty()) continue;
    if (!MayBeExport(entry.path)) {
      if (nested_.empty() && MayBeArchive(entry.path)) nested_ = entry.path;
      ++other_entries_;
      continue;
    }
    names += entry.path.size();
    File file{entry.index, entry.size, {}, false};
    const bool list = entry.path.ends_with("lists/chats.html");
    file.start.resize(list ? kSmallFile : kStartBytes);
    size_t size = 0;
    while (size < file.start.size()) {
      ASSIGN_OR_RETURN(const size_t count,
                       reader_->Read(file.start.data() + size, file.start.size() - size));
      if (count == 0) {
        file.whole = true;
        break;
      }
      size += count;
    }
    file.start.resize(size);
    // Of most only what tells whether they are exports.
    if (!list && file.start.size() > 4096 && entry.path.ends_with(".html")) {
      file.start.resize(4096);
      file.whole = false;
    }
    file.start.shrink_to_fit();
    names += file.start.size();
    if (names > kMostStarts) {
      return Fail(
          ErrorKind::kBadInput,
          "reading the archive " + path_.string() + ": too many of its files may be exports",
          "unpack it and name the folder");
    }
    if (!files_.emplace(entry.path, std::move(file)).second) {
      return Fail(
          ErrorKind::kBadInput,
          "reading the archive " + path_.string() + ": it holds \"" + entry.path + "\" twice",
          "unpack it, keep the right one, and name the folder");
    }
  }
  reader_.reset();
  return {};
}

FolderListing ArchiveTree::List(const fs::path& folder) {
  FolderListing listing;
  std::string prefix = folder.string();
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  std::set<std::string> folders;
  for (auto at = files_.lower_bound(prefix); at != files_.end(); ++at) {
    const std::string& path = at->first;
    if (!path.starts_with(prefix)) break;
    const size_t slash = path.find('/', prefix.size());
    if (slash == std::string::npos) {
      listing.files.emplace_back(path);
    } else {
      folders.insert(path.substr(0, slash));
    }
  }
  listing.folders.assign(folders.begin(), folders.end());
  return listing;
}

uint64_t ArchiveTree::Size(const fs::path& file) {
  const auto at = files_.find(file.string());
  return at == files_.end() ? 0 : at->second.size;
}

int64_t ArchiveTree::Place(const fs::path& file) const {
  const auto at = files_.find(file.string());
  return at == files_.end() ? 0 : at->second.index;
}

void ArchiveTree::Expect(const std::vector<fs::path>& files) {
  expected_.clear();
  held_.clear();
  held_bytes_ = 0;
  for (const fs::path& file : files) expected_.insert(Place(file));
}

Result<std::unique_ptr<ByteSource>> ArchiveTree::Start(const fs::path& file) {
  const auto at = files_.find(file.string());
  if (at == files_.end()) return Open(file);  // says what is wrong
  return std::make_unique<OwnedSource>(at->second.start);
}

Result<std::unique_ptr<ByteSource>> ArchiveTree::Open(const fs::path& file) {
  const auto at = files_.find(file.string());
  if (at == files_.end()) {
    return Fail(ErrorKind::kNotFound, "reading " + path_.string() + ": it has no " + file.string());
  }
  const File& known = at->second;
  if (known.whole) return std::make_unique<OwnedSource>(known.start);
  if (const auto held = held_.find(known.index); held != held_.end()) {
    std::string bytes = std::move(held->second);
    held_bytes_ -= bytes.size();
    held_.erase(held);
    return std::make_unique<OwnedSource>(std::move(bytes));
  }
  RETURN_IF_ERROR(GoTo(known.index));
  ++opened_;
  expected_.erase(known.index);
  return std::make_unique<ArchiveFile>(*this, known.index);
}

Status ArchiveTree::GoTo(int64_t index) {
  if (reader_ == nullptr || reader_->entry().index >= index) {
    ASSIGN_OR_RETURN(reader_, Reopen());
  }
  while (reader_->entry().index < index) {
    ASSIGN_OR_RETURN(const bool more, reader_->Next());
    if (!more) {
      return Fail(ErrorKind::kFailed, "reading " + path_.string() + ": it changed meanwhile",
                  "do not change it during the import, and try again");
    }
    const ArchiveEntry& entry = reader_->entry();
    if (entry.index >= index) break;
    if (entry.size == 0 || held_bytes_ + entry.size > kMostHeld ||
        !expected_.contains(entry.index)) {
      continue;
    }
    std::string bytes(static_cast<size_t>(entry.size), '\0');
    size_t size = 0;
    while (size < bytes.size()) {
      ASSIGN_OR_RETURN(const size_t count, reader_->Read(bytes.data() + size, bytes.size() - size));
      if (count == 0) break;
      size += count;
    }
    bytes.resize(size);
    held_bytes_ += size;
    expected_.erase(entry.index);
    held_.emplace(entry.index, std::move(bytes));
  }
  return {};
}

}  // namespace idiolect
