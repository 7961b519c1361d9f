#include "cli/engine_loader.h"

#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"

namespace idiolect {
namespace {

constexpr char kModule[] = "libidiolect_engine.so";

std::filesystem::path ProgramFolder() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return ".";
  return std::filesystem::path(std::string(path, static_cast<size_t>(size))).parent_path();
}

}  // namespace

Result<std::unique_ptr<Engine>> LoadEngine() {
  std::vector<std::filesystem::path> places;
  if (const char* given = std::getenv("IDIOLECT_ENGINE")) places.emplace_back(given);
  const auto folder = ProgramFolder();
  places.push_back(folder.parent_path() / "lib" / kModule);
  places.push_back(folder.parent_path() / "lib" / "idiolect" / kModule);
  places.push_back(folder / kModule);
  for (const auto& place : places) {
    if (!Exists(place)) continue;
    void* module = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
      return Fail(ErrorKind::kFailed, "loading the engine " + place.string() + ": " + ::dlerror(),
                  "install LibTorch (scripts/setup does) and build again with make");
    }
    const auto create =
        reinterpret_cast<CreateEngineFunction>(::dlsym(module, "idiolect_create_engine"));
    Engine* engine = create == nullptr ? nullptr : create(kEngineAbi);
    if (engine == nullptr) {
      return Fail(ErrorKind::kFailed,
                  "the engine " + place.string() + " is of another version than this program",
                  "build both again with make");
    }
    return std::unique_ptr<Engine>(engine);
  }
  return Fail(ErrorKind::kNotFound,
              "the engine (" + std::string(kModule) + ") is not beside the program",
              "build it with make, or set IDIOLECT_ENGINE to its path");
}

}  // namespace idiolect
