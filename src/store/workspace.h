#pragma once
// A workspace is a folder with everything idiolect knows about one collection of chats. This class
// opens it, holds its one database connection and says where each kind of file lives: nobody else
// builds a path inside it.
//
//   idiolect.toml   settings            workspace.db   the database (schema.cc describes its
//   tables) datasets/       what build wrote    models/        adapters, one folder a job results/
//   answers             reports/       what report wrote   lexicon.txt   its lists of words logs/
//   idiolect.log
//
// Thread-compatible: a Workspace and all that borrows its database belong to one thread at a time.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

struct sqlite3;

namespace idiolect {

class Database;

class Workspace {
 public:
  // Creates the folder and its database when missing; upgrades an older schema; refuses a newer
  // one.
  static Result<std::unique_ptr<Workspace>> Open(const std::filesystem::path& folder);
  // Fails with kNotFound when there is no workspace, for commands that make no sense without one.
  static Result<std::unique_ptr<Workspace>> OpenExisting(const std::filesystem::path& folder);
  ~Workspace();

  Database& database() { return *database_; }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path datasets_folder() const { return folder_ / "datasets"; }
  std::filesystem::path models_folder() const { return folder_ / "models"; }
  std::filesystem::path reports_folder() const { return folder_ / "reports"; }
  std::filesystem::path lexicon_file() const { return folder_ / "lexicon.txt"; }
  std::filesystem::path results_folder() const { return folder_ / "results"; }
  std::filesystem::path checkpoints_folder() const { return folder_ / "checkpoints"; }
  // Files as a provider wants them, kept until its job has ended.
  std::filesystem::path outbox_folder() const { return folder_ / "outbox"; }
  std::filesystem::path files_folder() const { return folder_ / "files"; }  // of the server's API
  std::filesystem::path log_file() const { return folder_ / "logs" / "idiolect.log"; }

  // Small remembered facts ("persona" → its source id); nullopt when never set.
  Result<std::optional<std::string>> Setting(const std::string& name);
  Status SetSetting(const std::string& name, const std::string& value);

 private:
  Workspace(std::filesystem::path folder, std::unique_ptr<Database> database);
  std::filesystem::path folder_;
  std::unique_ptr<Database> database_;
};

}  // namespace idiolect
