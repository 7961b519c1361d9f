#include "store/database.h"

#include <sqlite3.h>

#include <utility>

namespace idiolect {
namespace {

tl::unexpected<Error> SqliteError(sqlite3* db, const std::string& doing) {
  const int code = sqlite3_errcode(db);
  std::string hint;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      hint = "another idiolect is writing to this workspace: wait for it to end";
      break;
    case SQLITE_FULL:
      hint = "free some disk space and run the command again";
      break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      hint = "check the permissions of the workspace folder";
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      hint = "the file is damaged: move it away and import the chats again";
      break;
    default:
      break;
  }
  return Fail(ErrorKind::kFailed, doing + ": " + sqlite3_errmsg(db), hint);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}
Statement& Statement::Bind(int index, double value) {
  sqlite3_bind_double(statement_, index, value);
  return *this;
}
Statement& Statement::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL, which is not what an empty text means.
  sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}
Statement& Statement::BindNull(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}
Statement& Statement::BindBlob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  auto failed = SqliteError(db_, "using the workspace database");
  sqlite3_reset(statement_);
  return failed;
}

Status Statement::Run() {
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return {};
  }
}

void Statement::Reset() {
  sqlite3_reset(statement_);
}

int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double Statement::Real(int column) const {
  return sqlite3_column_double(statement_, column);
}
std::string_view Statement::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  return {static_cast<const char*>(bytes),
          bytes == nullptr ? 0 : static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}
bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    auto failed = raw != nullptr
                      ? SqliteError(raw, "opening " + path.string())
                      : Fail(ErrorKind::kFailed, "opening " + path.string() + ": out of memory");
    sqlite3_close(raw);
    return failed;
  }
  std::unique_ptr<Database> database(new Database(raw));
  sqlite3_busy_timeout(raw, 10'000);
  // Write-ahead logging lets a status command read while a build writes. NORMAL loses nothing that
  // was committed when the program dies; only a power cut may take the last transactions, whole.
  // An empty file has nothing to lose, so making it does not wait for the disk at every step; the
  // caller sets synchronous once its tables are there (BeDurable).
  RETURN_IF_ERROR(database->Execute(
      "PRAGMA synchronous=OFF; PRAGMA page_size=16384; PRAGMA journal_mode=WAL;"
      "PRAGMA cache_size=-16384; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY;"
      // 128 MiB: an import is copied into the database once, when it is closed, and not at its
      // commit too.
      "PRAGMA wal_autocheckpoint=8192"));
  return database;
}

Database::~Database() {
  sqlite3_close(db_);
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK) {
    return SqliteError(db_, "preparing a query on the workspace database");
  }
  return Statement(db_, statement);
}

Status Database::Execute(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return SqliteError(db_, "using the workspace database");
  }
  return {};
}

Status Database::BeDurable() {
  return Execute("PRAGMA synchronous=NORMAL");
}

int64_t Database::LastInsertId() const {
  return sqlite3_last_insert_rowid(db_);
}
int64_t Database::Changes() const {
  return sqlite3_changes64(db_);
}

Result<Transaction> Transaction::Begin(Database& database) {
  // IMMEDIATE: a second writer waits here, at the start, and not in the middle of its work.
  RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Nothing can be done about a failed rollback, and SQLite has then rolled back by itself.
  if (database_ != nullptr) (void)database_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  RETURN_IF_ERROR(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace idiolect
