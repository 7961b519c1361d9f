#include "store/workspace.h"

#include <utility>

#include "base/file.h"
#include "store/database.h"
#include "store/schema.h"

namespace idiolect {

Workspace::Workspace(std::filesystem::path folder, std::unique_ptr<Database> database)
    : folder_(std::move(folder)), database_(std::move(database)) {}

Workspace::~Workspace() = default;

Result<std::unique_ptr<Workspace>> Workspace::Open(const std::filesystem::path& folder) {
  RETURN_IF_ERROR(MakeFolders(folder));
  const auto settings = folder / "idiolect.toml";
  if (!Exists(settings)) {
    RETURN_IF_ERROR(PublishFile(
        settings, "# Settings of this idiolect workspace. An option on the command line wins.\n"));
  }
  ASSIGN_OR_RETURN(auto database, Database::Open(folder / "workspace.db"));
  RETURN_IF_ERROR(PrepareSchema(*database));
  RETURN_IF_ERROR(database->BeDurable());
  return std::unique_ptr<Workspace>(new Workspace(folder, std::move(database)));
}

Result<std::unique_ptr<Workspace>> Workspace::OpenExisting(const std::filesystem::path& folder) {
  if (!Exists(folder / "workspace.db")) {
    return Fail(ErrorKind::kNotFound, "there is no workspace in " + folder.string(),
                "import chats first: idiolect import EXPORT, or name another --workspace");
  }
  return Open(folder);
}

Result<std::optional<std::string>> Workspace::Setting(const std::string& name) {
  ASSIGN_OR_RETURN(auto query, database_->Prepare("SELECT value FROM settings WHERE name = ?1"));
  query.Bind(1, name);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(query.Text(0));
}

Status Workspace::SetSetting(const std::string& name, const std::string& value) {
  ASSIGN_OR_RETURN(auto query,
                   database_->Prepare("INSERT INTO settings(name, value) VALUES(?1, ?2) "
                                      "ON CONFLICT(name) DO UPDATE SET value = excluded.value"));
  query.Bind(1, name).Bind(2, value);
  return query.Run();
}

}  // namespace idiolect
