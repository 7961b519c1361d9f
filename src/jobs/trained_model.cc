#include "jobs/trained_model.h"

#include "base/file.h"

namespace idiolect {

namespace fs = std::filesystem;

fs::path TrainedFolder(const fs::path& job_folder, const TrainOptions& options) {
  return job_folder / (options.full ? "model" : "adapter");
}

TrainedKind TrainedKindOf(const fs::path& folder) {
  if (Exists(folder / "adapter_model.safetensors")) return TrainedKind::kAdapter;
  if (Exists(folder / "model.safetensors")) return TrainedKind::kWholeModel;
  return TrainedKind::kNothing;
}

ModelSpec TrainedSpec(const fs::path& folder, const fs::path& base, const std::string& name) {
  if (TrainedKindOf(folder) == TrainedKind::kWholeModel) return {folder, {}, name};
  return {base, folder, name};
}

}  // namespace idiolect
