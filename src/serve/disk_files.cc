#include "serve/disk_files.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

namespace idiolect {
namespace {

Status Sync(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) {
    if (fd >= 0) ::close(fd);
    return Fail(ErrorKind::kFailed, "making a file of the server durable: the disk may be full");
  }
  ::close(fd);
  return {};
}

}  // namespace

Status SyncFile(const std::filesystem::path& path) {
  RETURN_IF_ERROR(Sync(path, O_RDONLY));
  return Sync(path.parent_path(), O_RDONLY | O_DIRECTORY);
}

Result<JoinedFile> JoinFiles(const std::filesystem::path& folder,
                             const std::vector<std::string>& names,
                             const std::filesystem::path& target) {
  ASSIGN_OR_RETURN(auto out, PendingFile::Create(target));
  Sha256 sha;
  Md5 md5;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const auto part, MappedFile::Open(folder / name));
    RETURN_IF_ERROR(out.Write(part.bytes()));
    sha.Add(part.bytes());
    md5.Add(part.bytes());
  }
  RETURN_IF_ERROR(out.Commit());
  return JoinedFile{sha.Hex(), md5.Hex()};
}

}  // namespace idiolect
