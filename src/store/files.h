#pragma once
// Files and uploads of the server's API, as OpenAI's has them, and the short names of models. Rows
// only: the bytes lie in Workspace::files_folder() under the row's id, and whoever adds or deletes
// a row moves or removes them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

class Database;

struct StoredFile {
  std::string id;        // "file-…"
  std::string purpose;   // fine-tune, fine-tune-results, …
  std::string filename;  // as the client named it
  int64_t bytes = 0;
  std::string sha256;
  int64_t created_at = 0;
  int64_t expires_at = 0;  // 0: never
};

Status AddStoredFile(Database& database, const StoredFile& file);
Result<std::optional<StoredFile>> FindStoredFile(Database& database, const std::string& id);
Status DeleteStoredFile(Database& database, const std::string& id);

enum class ListOrder { kNewestFirst, kOldestFirst };
struct FileListing {
  std::string purpose;  // empty: all
  std::string after;    // the last id of the page before; empty: from the start
  ListOrder order = ListOrder::kNewestFirst;
  int64_t limit = 10'000;
};
Result<std::vector<StoredFile>> ListStoredFiles(Database& database, const FileListing& listing);
// Those whose time ran out at `now`.
Result<std::vector<StoredFile>> ListExpiredFiles(Database& database, int64_t now);

struct Upload {
  std::string id;  // "upload_…"
  std::string purpose;
  std::string filename;
  int64_t bytes = 0;    // announced
  std::string status;   // pending, completed, cancelled, expired
  std::string file_id;  // empty until completed
  int64_t created_at = 0;
  int64_t expires_at = 0;
  int64_t file_expires_after = 0;  // seconds the finished file is kept; 0: for ever
};
struct UploadPart {
  std::string id;  // "part_…"
  std::string upload_id;
  int64_t bytes = 0;
  int64_t created_at = 0;
};

Status SaveUpload(Database& database, const Upload& upload);  // inserts or replaces
Result<std::optional<Upload>> FindUpload(Database& database, const std::string& id);
Result<std::vector<Upload>> ListPendingUploads(Database& database);
Status AddUploadPart(Database& database, const UploadPart& part);
Result<std::vector<UploadPart>> ListUploadParts(Database& database, const std::string& upload_id);
Status DeleteUploadParts(Database& database, const std::string& upload_id);

struct Alias {
  std::string name;
  std::string target;
};
Status SaveAlias(Database& database, const Alias& alias);
Status DeleteAlias(Database& database, const std::string& name);
Result<std::vector<Alias>> ListAliases(Database& database);  // by name

}  // namespace idiolect
