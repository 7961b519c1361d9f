#pragma once
// `idiolect models export`: a trained model as files that other programs load; and the check of one
// that comes in.

#include <filesystem>

#include "base/result.h"
#include "cli/command.h"

namespace idiolect {

// Of a folder that is to be added: that the engine has such a model, before the first training says
// so. Nothing is asked of a file.
Status CheckModelFolder(const std::filesystem::path& path);

CommandAction DeclareModelExport(CLI::App& app, Language language);

}  // namespace idiolect
