#pragma once
// The tables of workspace.db, described where they are made (schema.cc), and the way from an older
// version to this one.

#include "base/result.h"

namespace idiolect {

class Database;

constexpr int kSchemaVersion = 5;

// Makes the tables in a new database, upgrades an older one, refuses a newer one.
Status PrepareSchema(Database& database);

}  // namespace idiolect
