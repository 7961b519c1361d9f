#include "cli/engine_loader.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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

// Empty where it is nowhere.
std::filesystem::path FindModule() {
  std::vector<std::filesystem::path> places;
  if (const char* given = std::getenv("IDIOLECT_ENGINE")) places.emplace_back(given);
  const auto folder = ProgramFolder();
  places.push_back(folder.parent_path() / "lib" / kModule);
  places.push_back(folder.parent_path() / "lib" / "idiolect" / kModule);
  places.push_back(folder / kModule);
  const auto place = std::find_if(places.begin(), places.end(),
                                  [](const auto& candidate) { return Exists(candidate); });
  return place == places.end() ? std::filesystem::path() : *place;
}

}  // namespace

Result<std::unique_ptr<Engine>> LoadEngine() {
  const auto place = FindModule();
  if (place.empty()) {
    return Fail(ErrorKind::kNotFound,
                "the engine (" + std::string(kModule) + ") is not beside the program",
                "build it with make, or set IDIOLECT_ENGINE to its path");
  }
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

int64_t EngineBuiltAt() {
  struct stat found;
  return ::stat(FindModule().c_str(), &found) == 0 ? static_cast<int64_t>(found.st_mtime) : 0;
}

}  // namespace idiolect
