#include "importer/find_exports.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "importer/archive_reader.h"
#include "importer/archive_tree.h"
#include "importer/byte_source.h"
#include "importer/html_chat_list.h"
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
    {"Rar!", "is a RAR archive", kUnpack},
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

// The export that a page belongs to: all pages among the files of its folder.
ExportFile PagesAmong(const std::vector<fs::path>& files, const fs::path& page, ExportTree& tree) {
  struct Numbered {
    int64_t number;
    fs::path path;
  };
  std::vector<Numbered> pages;
  for (const fs::path& path : files) {
    if (const int64_t number = PageNumber(path)) pages.push_back({number, path});
  }
  std::sort(pages.begin(), pages.end(), [](const Numbered& a, const Numbered& b) {
    return a.number != b.number ? a.number < b.number : a.path < b.path;
  });
  if (pages.empty()) pages.push_back({1, page});
  ExportFile file;
  file.path = pages.front().path;
  file.format = ExportFormat::kTelegramHtml;
  file.tree = &tree;
  for (Numbered& numbered : pages) {
    file.size += tree.Size(numbered.path);
    file.parts.push_back(std::move(numbered.path));
  }
  return file;
}

// The format of one file, or an error that says what the file is instead and what to do.
Result<ExportFormat> Recognise(ExportTree& tree, const fs::path& path) {
  std::string start(4096, '\0');
  size_t size = 0;
  {
    ASSIGN_OR_RETURN(const auto source, tree.Start(path));
    ASSIGN_OR_RETURN(size, source->Read(start.data(), start.size()));
  }
  start.resize(size);
  if (SniffTelegramHtml(start) == TelegramSniff::kYes) return ExportFormat::kTelegramHtml;
  RETURN_IF_ERROR(RefuseLookalikes(path, start));
  ASSIGN_OR_RETURN(const auto source, tree.Start(path));
  if (SniffTelegramJson(*source) == TelegramSniff::kYes) return ExportFormat::kTelegramJson;
  return NotAnExport(path, "is JSON, but not an export of Telegram Desktop", kHowToExport);
}

ExportFile OneFile(ExportTree& tree, const fs::path& path, ExportFormat format) {
  return {path, format, tree.Size(path), {path}, &tree, ChatKind::kOther};
}

class Search {
 public:
  Search(ExportTree& tree, FoundExports& found) : tree_(tree), found_(found) {}

  // Collects the exports below the folder.
  void Folder(const fs::path& folder);
  // Of the first result.json that is none after all.
  const std::optional<Error>& refused() const { return refused_; }

 private:
  bool Chat(const fs::path& page, const FolderListing& listing);
  void TakeKinds(const fs::path& folder, size_t first);

  ExportTree& tree_;
  FoundExports& found_;
  std::optional<Error> refused_;
};

void Search::Folder(const fs::path& folder) {
  const FolderListing listing = tree_.List(folder);
  const auto& files = listing.files;
  const auto result = std::find_if(files.begin(), files.end(), [](const fs::path& path) {
    return path.filename() == "result.json";
  });
  if (result != files.end()) {
    if (const auto format = Recognise(tree_, *result)) {
      found_.files.push_back(OneFile(tree_, *result, *format));
      return;
    } else if (!refused_) {
      refused_ = format.error();
    }
  }
  const auto page = std::find_if(files.begin(), files.end(),
                                 [](const fs::path& path) { return PageNumber(path) != 0; });
  if (page != files.end() && Chat(*page, listing)) return;
  const size_t first = found_.files.size();
  for (const fs::path& path : files) {
    if (path.extension() == ".json") {
      if (const auto format = Recognise(tree_, path)) {
        found_.files.push_back(OneFile(tree_, path, *format));
        continue;
      }
    }
    ++found_.other_files;
  }
  for (const fs::path& path : listing.folders) Folder(path);
  if (std::find(listing.folders.begin(), listing.folders.end(), folder / "lists") !=
      listing.folders.end()) {
    TakeKinds(folder, first);
  }
}

// The folder of a chat in HTML, with those of its topics.
bool Search::Chat(const fs::path& page, const FolderListing& listing) {
  const auto format = Recognise(tree_, page);
  if (!format || *format != ExportFormat::kTelegramHtml) return false;
  found_.files.push_back(PagesAmong(listing.files, page, tree_));
  for (const fs::path& path : listing.folders) {
    if (path.filename().string().starts_with("topic")) Folder(path);
  }
  return true;
}

// An account's lists say what kind each of its chats is.
void Search::TakeKinds(const fs::path& folder, size_t first) {
  const fs::path lists = folder / "lists";
  for (const char* name : {"chats.html", "left_chats.html"}) {
    const auto source = tree_.Start(lists / name);
    if (!source) continue;
    for (const ListedChat& chat : ReadHtmlChatList(**source)) {
      const fs::path page = (lists / fs::path(chat.page)).lexically_normal();
      for (size_t i = first; i < found_.files.size(); ++i) {
        ExportFile& file = found_.files[i];
        if (file.parts.front().lexically_normal() == page) file.kind = chat.kind;
      }
    }
  }
}

// The exports of an archive.
Status SearchArchive(const fs::path& path, FoundExports& found) {
  ASSIGN_OR_RETURN(auto tree, ArchiveTree::OfFile(path));
  const size_t first = found.files.size();
  Search search(*tree, found);
  search.Folder({});
  if (found.files.size() == first) {
    if (!tree->nested().empty()) {
      return NotAnExport(path, "holds another archive, \"" + tree->nested() + "\", and no export",
                         "unpack it and name what was in it");
    }
    if (const auto& refused = search.refused()) {
      return Fail(refused->kind, "importing the archive " + path.string() + ": " + refused->message,
                  refused->hint);
    }
    return NotAnExport(path, "holds no chat export", kHowToExport);
  }
  const auto begin = found.files.begin() + static_cast<ptrdiff_t>(first);
  std::stable_sort(begin, found.files.end(), [&](const ExportFile& a, const ExportFile& b) {
    return tree->Place(a.parts.front()) < tree->Place(b.parts.front());
  });
  for (auto file = begin; file != found.files.end(); ++file) file->path = path / file->path;
  found.other_files += tree->other_entries();
  found.trees.push_back(std::move(tree));
  return {};
}

// What the user named, and is no folder.
Status TakeFile(ExportTree& disk, const fs::path& path, FoundExports& found) {
  std::error_code failed;
  if (fs::is_fifo(path, failed)) {
    return NotAnExport(path, "is a pipe, which can only be read once",
                       "save what comes through it as a file and name that");
  }
  ASSIGN_OR_RETURN(const auto source, disk.Open(path));
  std::string start(512, '\0');
  ASSIGN_OR_RETURN(const size_t size, source->Read(start.data(), start.size()));
  start.resize(size);
  if (LooksLikeArchive(start)) return SearchArchive(path, found);
  ASSIGN_OR_RETURN(const ExportFormat format, Recognise(disk, path));
  if (format == ExportFormat::kTelegramHtml && PageNumber(path) != 0) {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    found.files.push_back(PagesAmong(disk.List(folder).files, path, disk));
  } else {
    found.files.push_back(OneFile(disk, path, format));
  }
  return {};
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

Result<FoundExports> FindExports(const std::vector<fs::path>& paths) {
  FoundExports found;
  found.trees.push_back(std::make_unique<DiskTree>());
  ExportTree& disk = *found.trees.front();
  std::vector<Error> errors;
  for (const fs::path& path : paths) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
      if (auto taken = TakeFile(disk, path, found); !taken) {
        errors.push_back(std::move(taken).error());
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
    Search search(disk, found);
    search.Folder(path);
    if (found.files.size() == before && search.refused()) {
      errors.push_back(*search.refused());
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
