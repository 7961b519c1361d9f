#pragma once
// From what the user named to the files that will be read: folders are searched, every file is
// looked into, and what is no chat export is told apart by its content, with what to do about it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

enum class ExportFormat { kTelegramJson };
const char* ExportFormatName(ExportFormat format);  // "telegram-json"

struct ExportFile {
  std::filesystem::path path;
  ExportFormat format = ExportFormat::kTelegramJson;
  uint64_t size = 0;  // 0 when not known
};

struct FoundExports {
  std::vector<ExportFile> files;  // in the order named; within a folder by path; none twice
  int64_t other_files = 0;        // met in folders, and no export
};

// A folder that holds an export as `result.json` is that export: the media beside it are not
// searched. In any other folder every *.json is looked into, and its folders too (links to folders
// are not followed). All paths are looked at; when any holds no export, one error (kNotFound when
// all that is wrong is that paths do not exist, else kBadInput) names each with its reason.
Result<FoundExports> FindExports(const std::vector<std::filesystem::path>& paths);

// The format of one file, or an error that says what the file is instead and what to do.
Result<ExportFile> RecogniseExport(const std::filesystem::path& path);

}  // namespace idiolect
