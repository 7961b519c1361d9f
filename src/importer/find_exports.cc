#include "importer/find_exports.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "importer/byte_source.h"
#include "importer/telegram_json.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr char kHowToExport[] =
    "export again in Telegram Desktop: Settings, Advanced, Export Telegram data, format "
    "\"Machine-readable JSON\", and name the result.json";

// What a file is, from its first bytes, when it is clearly something else.
struct Lookalike {
  std::string_view start;
  const char* what;
  const char* hint;
};
constexpr char kUnpack[] = "unpack it and name the folder";
constexpr char kToUtf8[] =
    "save it as UTF-8: exports are written so, an editor may have changed it";
constexpr Lookalike kLookalikes[] = {
    {std::string_view("\xFF\xFE\0\0", 4), "is UTF-32 text", kToUtf8},
    {std::string_view("\0\0\xFE\xFF", 4), "is UTF-32 text", kToUtf8},
    {"\xFF\xFE", "is UTF-16 text", kToUtf8},
    {"\xFE\xFF", "is UTF-16 text", kToUtf8},
    {std::string_view("{\0", 2), "is UTF-16 text", kToUtf8},
    {std::string_view("\0{", 2), "is UTF-16 text", kToUtf8},
    {"PK\x03\x04", "is a zip archive", kUnpack},
    {"\x1F\x8B", "is a gzip archive", kUnpack},
    {"\xFD"
     "7zXZ",
     "is an xz archive", kUnpack},
    {"7z\xBC\xAF", "is a 7z archive", kUnpack},
    {"Rar!", "is a RAR archive", kUnpack},
    {"BZh", "is a bzip2 archive", kUnpack},
    {"SQLite format 3", "is a database", kHowToExport},
};

std::string_view TrimStart(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

tl::unexpected<Error> NotAnExport(const fs::path& path, const std::string& what,
                                  const std::string& hint) {
  return Fail(ErrorKind::kBadInput, "importing " + path.string() + ": it " + what, hint);
}

Status RefuseLookalikes(const fs::path& path, std::string_view start) {
  if (start.empty()) {
    return NotAnExport(path, "is empty", "check that the export finished, and copy it again");
  }
  for (const Lookalike& lookalike : kLookalikes) {
    if (start.starts_with(lookalike.start)) {
      return NotAnExport(path, lookalike.what, lookalike.hint);
    }
  }
  const std::string_view text = TrimStart(start);
  if (text.starts_with("<")) {
    return NotAnExport(path, "is a web page, not a JSON export", kHowToExport);
  }
  if (!text.starts_with("{")) {
    return NotAnExport(path, "is not a chat export in JSON", kHowToExport);
  }
  return {};
}

// Collects the exports below `folder`. What may not be read is passed over: it is not what was
// named. `refused` becomes the error of the first result.json that is none after all.
void SearchFolder(const fs::path& folder, FoundExports& found, std::optional<Error>& refused) {
  std::vector<fs::path> files, folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code failed;
    const fs::file_status status = entry->symlink_status(failed);
    if (failed) continue;
    if (fs::is_directory(status)) {
      folders.push_back(entry->path());
    } else if (fs::is_regular_file(entry->status(failed))) {
      files.push_back(entry->path());
    }
  }
  const auto result = std::find_if(files.begin(), files.end(), [](const fs::path& path) {
    return path.filename() == "result.json";
  });
  if (result != files.end()) {
    auto file = RecogniseExport(*result);
    if (file) {
      found.files.push_back(*std::move(file));
      return;
    }
    if (!refused) refused = std::move(file).error();
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& path : files) {
    if (path.extension() == ".json") {
      if (auto file = RecogniseExport(path)) {
        found.files.push_back(*std::move(file));
        continue;
      }
    }
    ++found.other_files;
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& path : folders) SearchFolder(path, found, refused);
}

}  // namespace

const char* ExportFormatName(ExportFormat format) {
  switch (format) {
    case ExportFormat::kTelegramJson:
      return "telegram-json";
  }
  return "";
}

Result<ExportFile> RecogniseExport(const fs::path& path) {
  ASSIGN_OR_RETURN(const auto source, FileSource::Open(path));
  std::string start(4096, '\0');
  ASSIGN_OR_RETURN(const size_t size, source->Read(start.data(), start.size()));
  RETURN_IF_ERROR(RefuseLookalikes(path, std::string_view(start).substr(0, size)));
  RETURN_IF_ERROR(source->Seek(0));
  if (SniffTelegramJson(*source) == TelegramSniff::kYes) {
    return ExportFile{path, ExportFormat::kTelegramJson, source->size()};
  }
  return NotAnExport(path, "is JSON, but not an export of Telegram Desktop", kHowToExport);
}

Result<FoundExports> FindExports(const std::vector<fs::path>& paths) {
  FoundExports found;
  std::vector<Error> errors;
  for (const fs::path& path : paths) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
      if (auto file = RecogniseExport(path)) {
        found.files.push_back(*std::move(file));
      } else {
        errors.push_back(std::move(file).error());
      }
      continue;
    }
    const size_t before = found.files.size();
    // An unreadable folder would look like one without exports.
    const fs::directory_iterator readable(path, failed);
    if (failed) {
      errors.push_back({ErrorKind::kBadInput,
                        "searching " + path.string() + ": " + failed.message(),
                        "check the permissions of the folder"});
      continue;
    }
    std::optional<Error> refused;
    SearchFolder(path, found, refused);
    if (found.files.size() == before && refused) {
      errors.push_back(*std::move(refused));
    } else if (found.files.size() == before) {
      errors.push_back({ErrorKind::kBadInput,
                        "importing " + path.string() + ": no chat export is in this folder",
                        kHowToExport});
    }
  }
  if (!errors.empty()) {
    Error all = errors.front();
    for (size_t i = 1; i < errors.size(); ++i) {
      all.message += "\n" + errors[i].message;
      if (errors[i].kind != ErrorKind::kNotFound) all.kind = ErrorKind::kBadInput;
      if (all.hint.find(errors[i].hint) == std::string::npos) all.hint += "; " + errors[i].hint;
    }
    return tl::unexpected<Error>(std::move(all));
  }

  std::set<fs::path> seen;
  std::erase_if(found.files, [&](const ExportFile& file) {
    std::error_code failed;
    const fs::path canonical = fs::weakly_canonical(file.path, failed);
    return !seen.insert(failed ? file.path : canonical).second;
  });
  return found;
}

}  // namespace idiolect
