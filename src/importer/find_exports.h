#pragma once
// From what the user named to the files that will be read: folders are searched, every file is
// looked into, and what is no chat export is told apart by its content, with what to do about it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

enum class ExportFormat { kTelegramJson, kTelegramHtml };
const char* ExportFormatName(ExportFormat format);  // "telegram-json", "telegram-html"

struct ExportFile {
  std::filesystem::path path;  // of an HTML export, its first page
  ExportFormat format = ExportFormat::kTelegramJson;
  uint64_t size = 0;                         // 0 when not known
  std::vector<std::filesystem::path> pages;  // of an HTML export: all, by number
};

struct FoundExports {
  std::vector<ExportFile> files;  // in the order named; within a folder by path; none twice
  int64_t other_files = 0;        // met in folders, and no export
};

// A folder that holds an export as `result.json` is that export: the media beside it are not
// searched. One that holds messages.html or messages1.html is the export of a chat, with all the
// pages of that name; only folders of topics are searched in it. In any other folder every *.json
// is looked into, and its folders too (links to folders are not followed). All paths are looked at;
// when any holds no export, one error (kNotFound when all that is wrong is that paths do not exist,
// else kBadInput) names each with its reason.
Result<FoundExports> FindExports(const std::vector<std::filesystem::path>& paths);

// The format of one file (a page of an HTML export stands for all of it), or an error that says
// what the file is instead and what to do.
Result<ExportFile> RecogniseExport(const std::filesystem::path& path);

}  // namespace idiolect
