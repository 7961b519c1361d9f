#pragma once
// SQLite behind two small classes: a connection and a statement. Only `store` includes this; other
// modules call the typed functions beside it (messages.h, samples.h, jobs.h, runs.h).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace idiolect {

class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  // Parameters are numbered from 1. Text and blobs are borrowed until the next Reset.
  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, double value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindNull(int index);
  Statement& BindBlob(int index, std::string_view bytes);

  // True: a row is there. False: done (and reset, ready to be bound again).
  Result<bool> Step();
  // Runs to the end, ignoring rows, and resets.
  Status Run();
  void Reset();

  // Columns are numbered from 0. Text is valid until the next Step or Reset.
  int64_t Integer(int column) const;
  double Real(int column) const;
  std::string_view Text(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, sqlite3_stmt* statement) : db_(database), statement_(statement) {}
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  // Not yet safe against a power cut: call BeDurable when the tables are made.
  static Result<std::unique_ptr<Database>> Open(const std::filesystem::path& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement> Prepare(std::string_view sql);
  // One or more statements without parameters.
  Status Execute(const std::string& sql);
  // From here on what is committed survives a power cut up to the last checkpoint, whole.
  Status BeDurable();
  int64_t LastInsertId() const;
  int64_t Changes() const;
  sqlite3* raw() { return db_; }

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&&) noexcept;
  ~Transaction();
  Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace idiolect
