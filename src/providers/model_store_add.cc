// ModelStore::Add: a file of the user's own.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

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

// A hard link costs no room; where it cannot be (another disk), the file is copied.
Status LinkOrCopy(const fs::path& from, const fs::path& to, uint64_t bytes, Progress& progress,
                  const Interrupt& interrupt) {
  std::error_code error;
  fs::remove(to, error);
  if (link(from.c_str(), to.c_str()) == 0) return {};
  auto copied = Copy(from, to, bytes, progress, interrupt);
  if (!copied) fs::remove(to, error);
  return copied;
}

// What a folder in Hugging Face's form has for a model, and not what else lies there.
bool BelongsToModel(const fs::path& file) {
  const auto ending = file.extension();
  return ending == ".safetensors" || ending == ".json" || ending == ".jinja" ||
         file.filename() == "tokenizer.model" || file.filename() == "merges.txt" ||
         file.stem() == "LICENSE";
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

Result<ListedModel> ModelStore::AddFolder(const fs::path& source, Progress& progress,
                                          const Interrupt& interrupt) const {
  const std::string doing = "adding " + source.string();
  ListedModel added;
  added.name = source.filename().string();
  added.path = options_.folder / added.name;
  added.state = ModelState::kReady;
  std::vector<fs::path> files;
  bool weights = false;
  std::error_code error;
  for (fs::directory_iterator it(source, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored) || !BelongsToModel(it->path())) continue;
    files.push_back(it->path());
    weights = weights || it->path().extension() == ".safetensors";
  }
  if (error) return Fail(ErrorKind::kFailed, doing + ": " + error.message());
  for (const char* needed : {"config.json", "tokenizer.json"}) {
    if (Exists(source / needed)) continue;
    return Fail(ErrorKind::kBadInput, doing + ": it has no " + needed,
                "give a GGUF file, or a folder with config.json, tokenizer.json and *.safetensors");
  }
  if (!weights) {
    return Fail(ErrorKind::kBadInput, doing + ": it has no *.safetensors",
                "weights in other forms (.bin, .pth) must be saved as safetensors");
  }
  if (InCatalogueOrNull(added.name) != nullptr) {
    return Fail(ErrorKind::kMisuse, doing + ": the catalogue has a model of this name",
                "give the folder another name");
  }
  RETURN_IF_ERROR(MakeFolders(options_.folder));
  ASSIGN_OR_RETURN(const auto lock, FileLock::Take(added.path.string() + ".lock", interrupt, [&] {
                     progress.Warn("another process is getting " + added.name + "; waiting");
                   }));
  if (Exists(added.path)) {
    ASSIGN_OR_RETURN(const auto there, Sha256OfModel(added.path));
    for (const auto& file : files) added.bytes_on_disk += fs::file_size(file, error);
    Sha256 sha;
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      ASSIGN_OR_RETURN(const auto digest, Sha256OfFile(file));
      sha.AddField(file.filename().string());
      sha.AddField(digest);
    }
    if (sha.Hex() == there) return added;
    return Fail(ErrorKind::kMisuse, doing + ": another model is called " + added.name,
                "give the folder another name");
  }
  const fs::path adding = added.path.string() + ".adding";
  fs::remove_all(adding, error);
  RETURN_IF_ERROR(MakeFolders(adding));
  for (const auto& file : files) {
    const uint64_t bytes = fs::file_size(file, error);
    if (auto taken = LinkOrCopy(file, adding / file.filename(), bytes, progress, interrupt);
        !taken) {
      fs::remove_all(adding, error);
      return tl::unexpected<Error>(std::move(taken).error());
    }
    added.bytes_on_disk += bytes;
  }
  RETURN_IF_ERROR(PublishPart(adding, added.path));
  return added;
}

Result<ListedModel> ModelStore::Add(const fs::path& file, Progress& progress,
                                    const Interrupt& interrupt) const {
  std::error_code error;
  const auto source = fs::canonical(file, error);
  if (!error && fs::is_directory(source, error)) return AddFolder(source, progress, interrupt);
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
  const fs::path adding = added.path.string() + ".adding";
  RETURN_IF_ERROR(LinkOrCopy(source, adding, bytes, progress, interrupt));
  RETURN_IF_ERROR(PublishPart(adding, added.path));
  DiscardPart(added.path.string() + ".part");
  return added;
}

}  // namespace idiolect
