#include "base/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <typeinfo>

#include "base/file.h"

namespace idiolect {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

constexpr char kName[] = "idiolect";

}  // namespace

Status OpenLog(const std::filesystem::path& path, LogLevel level) {
  RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  try {
    spdlog::drop(kName);
    auto logger = spdlog::rotating_logger_mt(kName, path.string(), 5 << 20, 3);
    logger->set_level(ToSpdlog(level));
    logger->flush_on(spdlog::level::info);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kFailed, "opening the log " + path.string() + ": " + e.what(),
                "check the permissions of the folder");
  }
  return {};
}

void Log(LogLevel level, std::string_view line) {
  if (auto logger = spdlog::get(kName)) {
    logger->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }
}

void LogBug(std::string_view where, const std::exception& bug) {
  Log(LogLevel::kError, "a bug in " + std::string(where) + ": " + typeid(bug).name());
  Log(LogLevel::kDebug, bug.what());
}

}  // namespace idiolect
