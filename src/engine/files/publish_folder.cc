#include "engine/files/publish_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "base/file.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

// Puts `from` in the place of `to`; an older folder there is swapped out and removed. Where the
// file system cannot swap, the old one is moved aside first.
Status ReplaceFolder(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  std::error_code ignored;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(from, ignored);
    return {};
  }
  fs::path aside = from;
  aside += "-old";
  fs::remove_all(aside, ignored);
  if (::rename(to.c_str(), aside.c_str()) != 0 || ::rename(from.c_str(), to.c_str()) != 0) {
    return Fail(ErrorKind::kFailed,
                "publishing folder " + to.string() + ": " + std::strerror(errno));
  }
  fs::remove_all(aside, ignored);
  return {};
}

}  // namespace

Status PublishFolder(const fs::path& folder,
                     const std::function<Status(const fs::path& beside)>& fill) {
  fs::path beside = folder.lexically_normal();
  if (!beside.has_filename()) beside = beside.parent_path();  // "dir/"
  const fs::path place = beside;
  beside += ".new-" + std::to_string(::getpid());
  std::error_code ignored;
  fs::remove_all(beside, ignored);
  const auto write_all = [&]() -> Status {
    RETURN_IF_ERROR(MakeFolders(beside));
    RETURN_IF_ERROR(fill(beside));
    return ReplaceFolder(beside, place);
  };
  const Status written = write_all();
  if (!written) fs::remove_all(beside, ignored);
  return written;
}

}  // namespace idiolect
