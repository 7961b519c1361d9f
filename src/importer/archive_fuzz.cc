// Whatever bytes call themselves an archive: searched for exports, every file that may be one read
// to its end, without a crash, and never more than the limits allow.

#include <cstdint>
#include <cstdlib>
#include <deque>

#include "importer/archive_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)LooksLikeArchive(bytes.substr(0, 512));
  auto tree = ArchiveTree::OfMemory(bytes, "fuzz");
  if (!tree) {
    if (tree.error().message.empty() || tree.error().hint.empty()) std::abort();
    return 0;
  }
  std::deque<std::filesystem::path> folders = {{}};
  std::vector<std::filesystem::path> files;
  while (!folders.empty()) {
    const FolderListing listing = (*tree)->List(folders.front());
    folders.pop_front();
    files.insert(files.end(), listing.files.begin(), listing.files.end());
    folders.insert(folders.end(), listing.folders.begin(), listing.folders.end());
  }
  if (files.size() > 8) files.resize(8);
  // Backwards, so that the archive is gone through again and again.
  (*tree)->Expect(files);
  std::string buffer(4096, '\0');
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    for (const auto& part : *file) {
      if (part == "..") std::abort();
    }
    auto source = (*tree)->Open(*file);
    if (!source) continue;
    uint64_t total = 0;
    for (;;) {
      const auto count = (*source)->Read(buffer.data(), buffer.size());
      if (!count || *count == 0) break;
      total += *count;
    }
    if (total > kFreeBytes + kMostRatio * size) std::abort();
    (void)(*source)->Seek(total / 2);
  }
  return 0;
}
