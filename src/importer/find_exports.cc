#include "importer/find_exports.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "importer/byte_source.h"
#include "importer/telegram_html.h"
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

// 1 for messages.html and messages1.html, 2 for messages2.html, …; 0 for everything else.
int64_t PageNumber(const fs::path& path) {
  constexpr std::string_view kStart = "messages", kEnd = ".html";
  const std::string name = path.filename().string();
  if (!name.starts_with(kStart) || !name.ends_with(kEnd)) return 0;
  if (name.size() == kStart.size() + kEnd.size()) return 1;
  const char* end = name.data() + name.size() - kEnd.size();
  int64_t number = 0;
  const auto read = std::from_chars(name.data() + kStart.size(), end, number);
  return read.ec == std::errc() && read.ptr == end && number > 0 ? number : 0;
}

// The export that a page belongs to: all pages beside it.
ExportFile PagesBeside(const fs::path& page) {
  struct Numbered {
    int64_t number;
    fs::path path;
  };
  std::vector<Numbered> pages;
  std::error_code error;
  const fs::path folder = page.has_parent_path() ? page.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code failed;
    const int64_t number = PageNumber(entry->path());
    if (number != 0 && entry->is_regular_file(failed)) pages.push_back({number, entry->path()});
  }
  std::sort(pages.begin(), pages.end(), [](const Numbered& a, const Numbered& b) {
    return a.number != b.number ? a.number < b.number : a.path < b.path;
  });
  if (pages.empty()) pages.push_back({1, page});
  ExportFile file{pages.front().path, ExportFormat::kTelegramHtml, 0, {}};
  for (Numbered& numbered : pages) {
    const auto size = fs::file_size(numbered.path, error);
    if (!error) file.size += size;
    file.pages.push_back(std::move(numbered.path));
  }
  return file;
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
  std::sort(folders.begin(), folders.end());
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
  const auto page = std::find_if(files.begin(), files.end(),
                                 [](const fs::path& path) { return PageNumber(path) != 0; });
  if (page != files.end()) {
    if (auto file = RecogniseExport(*page)) {
      found.files.push_back(*std::move(file));
      std::erase_if(folders, [](const fs::path& path) {
        return !path.filename().string().starts_with("topic");
      });
      for (const fs::path& path : folders) SearchFolder(path, found, refused);
      return;
    }
  }
  for (const fs::path& path : files) {
    if (path.extension() == ".json") {
      if (auto file = RecogniseExport(path)) {
        found.files.push_back(*std::move(file));
        continue;
      }
    }
    ++found.other_files;
  }
  for (const fs::path& path : folders) SearchFolder(path, found, refused);
}

}  // namespace

const char* ExportFormatName(ExportFormat format) {
  switch (format) {
    case ExportFormat::kTelegramJson:
      return "telegram-json";
    case ExportFormat::kTelegramHtml:
      return "telegram-html";
  }
  return "";
}

Result<ExportFile> RecogniseExport(const fs::path& path) {
  ASSIGN_OR_RETURN(const auto source, FileSource::Open(path));
  std::string start(4096, '\0');
  ASSIGN_OR_RETURN(const size_t size, source->Read(start.data(), start.size()));
  if (SniffTelegramHtml(std::string_view(start).substr(0, size)) == TelegramSniff::kYes) {
    if (PageNumber(path) != 0) return PagesBeside(path);
    return ExportFile{path, ExportFormat::kTelegramHtml, source->size(), {path}};
  }
  RETURN_IF_ERROR(RefuseLookalikes(path, std::string_view(start).substr(0, size)));
  RETURN_IF_ERROR(source->Seek(0));
  if (SniffTelegramJson(*source) == TelegramSniff::kYes) {
    return ExportFile{path, ExportFormat::kTelegramJson, source->size(), {}};
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
