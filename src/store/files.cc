#include "store/files.h"

#include "store/database.h"

namespace idiolect {
namespace {

constexpr char kFileColumns[] = "id, purpose, filename, bytes, sha256, created_at, expires_at";
constexpr char kUploadColumns[] =
    "id, purpose, filename, bytes, status, file_id, created_at, expires_at, file_expires_after";

Result<std::vector<StoredFile>> ReadFiles(Statement query) {
  std::vector<StoredFile> files;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return files;
    StoredFile file;
    file.id = query.Text(0);
    file.purpose = query.Text(1);
    file.filename = query.Text(2);
    file.bytes = query.Integer(3);
    file.sha256 = query.Text(4);
    file.created_at = query.Integer(5);
    file.expires_at = query.Integer(6);
    files.push_back(std::move(file));
  }
}

Result<std::vector<Upload>> ReadUploads(Statement query) {
  std::vector<Upload> uploads;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return uploads;
    Upload upload;
    upload.id = query.Text(0);
    upload.purpose = query.Text(1);
    upload.filename = query.Text(2);
    upload.bytes = query.Integer(3);
    upload.status = query.Text(4);
    upload.file_id = query.Text(5);
    upload.created_at = query.Integer(6);
    upload.expires_at = query.Integer(7);
    upload.file_expires_after = query.Integer(8);
    uploads.push_back(std::move(upload));
  }
}

template <typename T>
std::optional<T> FirstOf(std::vector<T> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace

Status AddStoredFile(Database& database, const StoredFile& file) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("INSERT INTO files(") + kFileColumns +
                                                ") VALUES(?1,?2,?3,?4,?5,?6,?7)"));
  query.Bind(1, file.id).Bind(2, file.purpose).Bind(3, file.filename).Bind(4, file.bytes);
  query.Bind(5, file.sha256).Bind(6, file.created_at).Bind(7, file.expires_at);
  return query.Run();
}

Result<std::optional<StoredFile>> FindStoredFile(Database& database, const std::string& id) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("SELECT ") + kFileColumns +
                                                " FROM files WHERE id = ?1"));
  query.Bind(1, id);
  ASSIGN_OR_RETURN(auto files, ReadFiles(std::move(query)));
  return FirstOf(std::move(files));
}

Status DeleteStoredFile(Database& database, const std::string& id) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("DELETE FROM files WHERE id = ?1"));
  query.Bind(1, id);
  return query.Run();
}

Result<std::vector<StoredFile>> ListStoredFiles(Database& database, const FileListing& listing) {
  const bool newest = listing.order == ListOrder::kNewestFirst;
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare(std::string("SELECT ") + kFileColumns +
                       " FROM files WHERE (?1 = '' OR purpose = ?1) AND (?2 = '' OR seq " +
                       (newest ? "<" : ">") +
                       " (SELECT seq FROM files WHERE id = ?2)) ORDER BY seq " +
                       (newest ? "DESC" : "ASC") + " LIMIT ?3"));
  query.Bind(1, listing.purpose).Bind(2, listing.after).Bind(3, listing.limit);
  return ReadFiles(std::move(query));
}

Result<std::vector<StoredFile>> ListExpiredFiles(Database& database, int64_t now) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare(std::string("SELECT ") + kFileColumns +
                                    " FROM files WHERE expires_at > 0 AND expires_at <= ?1"));
  query.Bind(1, now);
  return ReadFiles(std::move(query));
}

Status SaveUpload(Database& database, const Upload& upload) {
  ASSIGN_OR_RETURN(
      auto query, database.Prepare(std::string("INSERT OR REPLACE INTO uploads(") + kUploadColumns +
                                   ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"));
  query.Bind(1, upload.id).Bind(2, upload.purpose).Bind(3, upload.filename).Bind(4, upload.bytes);
  query.Bind(5, upload.status).Bind(6, upload.file_id).Bind(7, upload.created_at);
  query.Bind(8, upload.expires_at).Bind(9, upload.file_expires_after);
  return query.Run();
}

Result<std::optional<Upload>> FindUpload(Database& database, const std::string& id) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("SELECT ") + kUploadColumns +
                                                " FROM uploads WHERE id = ?1"));
  query.Bind(1, id);
  ASSIGN_OR_RETURN(auto uploads, ReadUploads(std::move(query)));
  return FirstOf(std::move(uploads));
}

Result<std::vector<Upload>> ListPendingUploads(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("SELECT ") + kUploadColumns +
                                                " FROM uploads WHERE status = 'pending'"));
  return ReadUploads(std::move(query));
}

Status AddUploadPart(Database& database, const UploadPart& part) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("INSERT INTO upload_parts(id, upload_id, bytes, created_at) "
                                    "VALUES(?1,?2,?3,?4)"));
  query.Bind(1, part.id).Bind(2, part.upload_id).Bind(3, part.bytes).Bind(4, part.created_at);
  return query.Run();
}

Result<std::vector<UploadPart>> ListUploadParts(Database& database, const std::string& upload_id) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT id, upload_id, bytes, created_at FROM upload_parts "
                                    "WHERE upload_id = ?1 ORDER BY rowid"));
  query.Bind(1, upload_id);
  std::vector<UploadPart> parts;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return parts;
    parts.push_back({std::string(query.Text(0)), std::string(query.Text(1)), query.Integer(2),
                     query.Integer(3)});
  }
}

Status DeleteUploadParts(Database& database, const std::string& upload_id) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("DELETE FROM upload_parts WHERE upload_id = ?1"));
  query.Bind(1, upload_id);
  return query.Run();
}

Status SaveAlias(Database& database, const Alias& alias) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("INSERT OR REPLACE INTO aliases(name, target) VALUES(?1,?2)"));
  query.Bind(1, alias.name).Bind(2, alias.target);
  return query.Run();
}

Status DeleteAlias(Database& database, const std::string& name) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("DELETE FROM aliases WHERE name = ?1"));
  query.Bind(1, name);
  return query.Run();
}

Result<std::vector<Alias>> ListAliases(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT name, target FROM aliases ORDER BY name"));
  std::vector<Alias> aliases;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return aliases;
    aliases.push_back({std::string(query.Text(0)), std::string(query.Text(1))});
  }
}

}  // namespace idiolect
