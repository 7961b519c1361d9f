#include "cli/context.h"

#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "base/log.h"

namespace idiolect {
namespace {

Status UseLog(const Workspace& workspace) {
  const char* level = std::getenv("IDIOLECT_LOG");
  return OpenLog(workspace.log_file(), level != nullptr && std::string_view(level) == "debug"
                                           ? LogLevel::kDebug
                                           : LogLevel::kInfo);
}

}  // namespace

std::string ChooseWorkspace(const std::string& option) {
  if (!option.empty()) return option;
  const char* environment = std::getenv("IDIOLECT_WORKSPACE");
  if (environment != nullptr && *environment != '\0') return environment;
  return Exists("idiolect.toml") ? "." : "workspace";
}

void Context::Print(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stdout);
  std::fflush(stdout);
}

void Context::Note(std::string_view line) const {
  if (!global.quiet) progress->Warn(line);
}

void Context::Next(std::string_view command) const {
  std::string line = std::string(Say({"next: ", "дальше: "})) + "idiolect ";
  if (!global.workspace.empty()) line += "--workspace " + global.workspace + " ";
  Note(line + std::string(command));
}

Result<std::unique_ptr<Workspace>> Context::OpenWorkspace() const {
  const std::string folder = ChooseWorkspace(global.workspace);
  ASSIGN_OR_RETURN(auto workspace, Workspace::Open(folder));
  RETURN_IF_ERROR(UseLog(*workspace));
  if (global.workspace.empty()) Note(std::string(Say({"workspace: ", "папка: "})) + folder);
  return workspace;
}

Result<std::unique_ptr<Workspace>> Context::OpenExistingWorkspace() const {
  const std::string folder = ChooseWorkspace(global.workspace);
  ASSIGN_OR_RETURN(auto workspace, Workspace::OpenExisting(folder));
  RETURN_IF_ERROR(UseLog(*workspace));
  if (global.workspace.empty()) Note(std::string(Say({"workspace: ", "папка: "})) + folder);
  return workspace;
}

}  // namespace idiolect
