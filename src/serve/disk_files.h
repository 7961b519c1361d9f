#pragma once
// Files of the server's that are too big for memory: made durable, joined from parts.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

// fsync of a file and of the folder that names it.
Status SyncFile(const std::filesystem::path& path);

struct JoinedFile {
  std::string sha256, md5;
};
// Publishes at `target` the files of `folder` with these names, one after another.
Result<JoinedFile> JoinFiles(const std::filesystem::path& folder,
                             const std::vector<std::string>& names,
                             const std::filesystem::path& target);

}  // namespace idiolect
