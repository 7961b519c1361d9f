#pragma once
// From exports on disk to messages in the workspace. The one entry for commands; which file is read
// by which reader is decided here, by what the file holds and never by its name.

#include <cstddef>
#include <filesystem>
#include <vector>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/result.h"
#include "importer/import_report.h"

namespace idiolect {

class Workspace;

// Part of the import's run key: raised when the same file would give other messages.
constexpr int kImporterCodeVersion = 2;

struct ImportOptions {
  const Clock* clock = nullptr;   // null: the system's
  size_t max_text = 1024 * 1024;  // bytes of one message; what is longer is cut and counted
  size_t window = 256 * 1024;     // bytes of a file held at a time
};

// Imports every path: a file, an archive, or a folder that is searched for exports. All paths are
// looked at before anything is read, and every one that cannot be imported is named in one
// kBadInput (or kNotFound) error.
//
// Each file is one transaction: the process may be killed at any moment and a file is in the
// workspace whole or not at all; doing it again ends in the same workspace. A known message is left
// alone unless the file holds a newer edit of it. When a file cannot be read on, the whole messages
// before that place are kept and the place is a problem in the report. kInterrupted when
// `interrupt` asked for it: earlier files are in, the current one is not.
//
// The account's owner, where an export names one, becomes the workspace setting "owner"
// ("telegram:user123").
Result<ImportReport> ImportPaths(Workspace& workspace,
                                 const std::vector<std::filesystem::path>& paths,
                                 const ImportOptions& options, Progress& progress,
                                 const Interrupt& interrupt);

// Reads every path as ImportPaths does and reports what is in it and what is wrong with it; writes
// nothing and needs no workspace.
Result<ImportReport> CheckPaths(const std::vector<std::filesystem::path>& paths,
                                const ImportOptions& options, Progress& progress,
                                const Interrupt& interrupt);

}  // namespace idiolect
