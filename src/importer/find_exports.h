#pragma once
// From what the user named to the files that will be read: folders are searched, every file is
// looked into, and what is no chat export is told apart by its content, with what to do about it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "core/message.h"
#include "importer/export_tree.h"

namespace idiolect {

enum class ExportFormat { kTelegramJson, kTelegramHtml };
const char* ExportFormatName(ExportFormat format);  // "telegram-json", "telegram-html"

struct ExportFile {
  // As the user sees it: of an HTML export its first page, in an archive ARCHIVE/FILE.
  std::filesystem::path path;
  ExportFormat format = ExportFormat::kTelegramJson;
  uint64_t size = 0;                         // 0 when not known
  std::vector<std::filesystem::path> parts;  // in `tree`: the file, or all pages by number
  ExportTree* tree = nullptr;                // borrowed from FoundExports
  ChatKind kind = ChatKind::kOther;          // of an HTML export, where a list beside it tells
};

struct FoundExports {
  // In the order named; within a folder by path, within an archive as they lie there; none twice.
  std::vector<ExportFile> files;
  int64_t other_files = 0;  // met in folders and archives, and no export
  std::vector<std::unique_ptr<ExportTree>> trees;
};

// A folder that holds an export as `result.json` is that export: the media beside it are not
// searched. One that holds messages.html or messages1.html is the export of a chat, with all the
// pages of that name; only folders of topics are searched in it. In any other folder every *.json
// is looked into, and its folders too (links to folders are not followed). An archive is searched
// as a folder. All paths are looked at; when any holds no export, one error (kNotFound when all
// that is wrong is that paths do not exist, else kBadInput) names each with its reason.
Result<FoundExports> FindExports(const std::vector<std::filesystem::path>& paths);

}  // namespace idiolect
