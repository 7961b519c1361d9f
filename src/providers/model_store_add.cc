// ModelStore::Add: a file of the user's own.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "providers/disk.h"
#include "providers/download.h"
#include "providers/file_lock.h"
#include "providers/model_store.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

// What GGUF's fixed start must look like: magic, version 2 or 3, counts that the file could hold.
// Only a first look, so that a wrong file is refused here and not at the first training.
Status CheckLooksLikeGguf(const fs::path& path, uint64_t bytes) {
  const auto refuse = [&](const std::string& why) -> Status {
    return Fail(ErrorKind::kBadInput, "adding " + path.string() + ": it is no GGUF model: " + why,
                "models in GGUF form end in .gguf and begin with the letters GGUF");
  };
  std::ifstream file(path, std::ios::binary);
  char start[24];
  if (!file.read(start, sizeof start)) return refuse("it is shorter than a GGUF header");
  if (std::memcmp(start, "GGUF", 4) != 0) return refuse("it does not begin with GGUF");
  uint32_t version = 0;
  uint64_t tensors = 0;
  uint64_t fields = 0;
  std::memcpy(&version, start + 4, sizeof version);
  std::memcpy(&tensors, start + 8, sizeof tensors);
  std::memcpy(&fields, start + 16, sizeof fields);
  if (version != 2 && version != 3) {
    return refuse("its version is " + std::to_string(version) + ", known are 2 and 3");
  }
  if (tensors == 0 || tensors > bytes || fields > bytes) return refuse("its counts make no sense");
  return {};
}

Status Copy(const fs::path& from, const fs::path& to, uint64_t bytes, Progress& progress,
            const Interrupt& interrupt) {
  std::ifstream input(from, std::ios::binary);
  ASSIGN_OR_RETURN(auto output, GrowingFile::Open(to, GrowingFile::Start::kEmpty));
  std::vector<char> block(size_t{1} << 20);
  progress.Start("copying " + from.filename().string(), bytes, "bytes");
  while (input) {
    if (interrupt.Requested()) return Fail(ErrorKind::kInterrupted, "copying was interrupted");
    input.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto written = output.Write(
        {block.data(), static_cast<size_t>(std::max<std::streamsize>(0, input.gcount()))});
    if (!written && output.disk_full()) {
      return DiskFull(from.filename().string(), to.parent_path(), bytes - output.size(),
                      FreeBytes(to.parent_path()).value_or(0));
    }
    RETURN_IF_ERROR(written);
    progress.Update(output.size());
  }
  if (output.size() != bytes) {
    return Fail(ErrorKind::kFailed, "copying " + from.string() + ": it changed meanwhile");
  }
  progress.Finish();
  return output.Sync();
}

Result<bool> SameFile(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  ASSIGN_OR_RETURN(const auto sha_a, Sha256OfFile(a));
  ASSIGN_OR_RETURN(const auto sha_b, Sha256OfFile(b));
  return sha_a == sha_b;
}

}  // namespace

Result<const CatalogueModel*> ModelStore::TwinOrNull(const fs::path& file, uint64_t bytes) const {
  std::string sha256;
  for (const auto& model : options_.catalogue) {
    if (model.bytes != bytes) continue;
    if (sha256.empty()) {
      ASSIGN_OR_RETURN(sha256, Sha256OfFile(file));
    }
    if (model.sha256 == sha256) return &model;
  }
  return nullptr;
}

Result<ListedModel> ModelStore::Add(const fs::path& file, Progress& progress,
                                    const Interrupt& interrupt) const {
  std::error_code error;
  const auto source = fs::canonical(file, error);
  if (error || !fs::is_regular_file(source, error)) {
    return Fail(ErrorKind::kNotFound, "adding " + file.string() + ": there is no such file");
  }
  const uint64_t bytes = fs::file_size(source, error);
  RETURN_IF_ERROR(CheckLooksLikeGguf(source, bytes));
  RETURN_IF_ERROR(MakeFolders(options_.folder));

  ASSIGN_OR_RETURN(const auto* twin, TwinOrNull(source, bytes));
  const auto own_name = source.stem().string();
  if (twin == nullptr && (InCatalogueOrNull(own_name) != nullptr ||
                          InCatalogueOrNull(own_name + ".gguf") != nullptr)) {
    return Fail(
        ErrorKind::kMisuse,
        "adding " + file.string() + ": the catalogue has a model of this name, with other bytes",
        "give the file another name");
  }
  ListedModel added;
  added.name = twin != nullptr ? twin->name : own_name;
  added.path = options_.folder / (twin != nullptr ? twin->file : own_name + ".gguf");
  added.state = ModelState::kReady;
  added.bytes_on_disk = bytes;
  if (twin != nullptr) added.catalogue = *twin;

  ASSIGN_OR_RETURN(const auto lock, FileLock::Take(added.path.string() + ".lock", interrupt, [&] {
                     progress.Warn("another process is getting " + added.name + "; waiting");
                   }));
  if (Exists(added.path)) {
    ASSIGN_OR_RETURN(const bool same, SameFile(source, added.path));
    if (same) return added;
    if (twin == nullptr) {
      return Fail(ErrorKind::kMisuse,
                  "adding " + file.string() + ": another model is called " + own_name,
                  "give the file another name");
    }
  }
  // A hard link costs no room; where it cannot be (another disk), the file is copied.
  const fs::path adding = added.path.string() + ".adding";
  fs::remove(adding, error);
  if (link(source.c_str(), adding.c_str()) != 0) {
    if (auto copied = Copy(source, adding, bytes, progress, interrupt); !copied) {
      fs::remove(adding, error);
      return tl::unexpected<Error>(std::move(copied).error());
    }
  }
  RETURN_IF_ERROR(PublishPart(adding, added.path));
  DiscardPart(added.path.string() + ".part");
  return added;
}

}  // namespace idiolect
