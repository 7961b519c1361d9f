#include <filesystem>
#include <map>
#include <system_error>

#include "base/hash.h"
#include "base/version.h"
#include "cli/stages.h"
#include "importer/importer.h"
#include "store/runs.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

std::string FileState(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  const auto time = fs::last_write_time(path, error);
  return std::to_string(size) + " bytes of " + std::to_string(time.time_since_epoch().count());
}

// A file by size and time of change; a folder by those of every file in it.
std::string PathState(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return FileState(path);
  std::map<std::string, std::string> files;
  for (fs::recursive_directory_iterator
           at(path, fs::directory_options::skip_permission_denied, error),
       end;
       at != end; at.increment(error)) {
    if (error) break;
    const auto extension = at->path().extension();
    if (extension != ".json" && extension != ".html") continue;
    files[at->path().string()] = FileState(at->path());
  }
  Sha256 sha;
  for (const auto& [name, state] : files) {
    sha.AddField(name);
    sha.AddField(state);
  }
  return std::to_string(files.size()) + " files " + sha.Hex().substr(0, 12);
}

}  // namespace

Result<StageResult> ImportStage(Context& context, Workspace& workspace,
                                const std::vector<std::string>& paths, Explain explain,
                                Force force) {
  RunKey key = {{"code", std::string(kVersion) + "/" + std::to_string(kImporterCodeVersion)}};
  std::vector<fs::path> inputs;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::path absolute = fs::weakly_canonical(path, error);
    key["input " + (error ? path : absolute.string())] = PathState(path);
    inputs.emplace_back(path);
  }
  ASSIGN_OR_RETURN(auto last, LastRun(workspace.database(), "import"));
  const std::string difference =
      last ? ExplainDifference(last->key, key) : context.Say({"it never ran", "ещё не запускался"});
  if (explain == Explain::kYes) {
    context.Note(std::string("import: ") +
                 (difference.empty() ? context.Say({"nothing changed", "ничего не изменилось"})
                                     : difference.c_str()));
  }
  if (force == Force::kNo && difference.empty()) return StageResult{last->summary, false};

  ASSIGN_OR_RETURN(auto report, ImportPaths(workspace, inputs, ImportOptions{}, *context.progress,
                                            *context.interrupt));
  RunRecord record{key, context.clock->UnixSeconds(), report.ToJson()};
  RETURN_IF_ERROR(RecordRun(workspace.database(), "import", record));
  return StageResult{record.summary, true};
}

}  // namespace idiolect
