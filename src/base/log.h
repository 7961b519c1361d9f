#pragma once
// The project's log: a rotating file in the workspace. Message text, names and keys never go in
// above debug level.

#include <exception>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace idiolect {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// Opens `path` (5 MiB, three old files kept). Before that, Log() drops what it gets.
Status OpenLog(const std::filesystem::path& path, LogLevel level);
// Thread-safe.
void Log(LogLevel level, std::string_view line);
// What the last catch of a thread caught. Its words may quote what it was working on, so above
// debug level only its type is told.
void LogBug(std::string_view where, const std::exception& bug);

}  // namespace idiolect
