#pragma once
// What a job of this machine made, in the folder that its row names: an adapter for its base model,
// or a whole model where all weights learned. Whoever opens, lists or deletes trained models asks
// here which of the two it is.

#include <filesystem>
#include <string>

#include "core/engine.h"

namespace idiolect {

// Where a job's result goes, in the job's own folder of models/.
std::filesystem::path TrainedFolder(const std::filesystem::path& job_folder,
                                    const TrainOptions& options);

enum class TrainedKind { kNothing, kAdapter, kWholeModel };
// By what lies in it.
TrainedKind TrainedKindOf(const std::filesystem::path& folder);

// How to open it; `base` is the model that training began with.
ModelSpec TrainedSpec(const std::filesystem::path& folder, const std::filesystem::path& base,
                      const std::string& name);

}  // namespace idiolect
