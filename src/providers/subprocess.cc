#include "providers/subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

namespace idiolect {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr int kPollsBeforeKill = 30;

// posix_spawn's two argument objects, freed together.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

std::string_view NameOf(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& added) {
  std::vector<std::string> merged = added;
  for (char** at = environ; *at != nullptr; ++at) {
    bool replaced = false;
    for (const auto& line : added) replaced = replaced || NameOf(line) == NameOf(*at);
    if (!replaced) merged.emplace_back(*at);
  }
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int ExitStatus(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

// The child leads a process group of its own, so that a Ctrl-C reaches us alone and we end the
// whole group.
void EndGroup(pid_t child) {
  kill(-child, SIGTERM);
  int status = 0;
  for (int polls = 0; polls < kPollsBeforeKill; ++polls) {
    if (waitpid(child, &status, WNOHANG) != 0) return;
    std::this_thread::sleep_for(kPoll);
  }
  kill(-child, SIGKILL);
  waitpid(child, &status, 0);
}

}  // namespace

Result<int> RunProgram(const ProgramRun& run, const Interrupt& interrupt,
                       const std::function<void()>& while_running) {
  auto arguments = run.arguments;
  auto environment = MergedEnvironment(run.environment);
  const auto argument_pointers = Pointers(arguments);
  const auto environment_pointers = Pointers(environment);

  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&settings.actions, STDOUT_FILENO, run.output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&settings.actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&settings.attributes, 0);

  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0].c_str(), &settings.actions, &settings.attributes,
                   argument_pointers.data(), environment_pointers.data());
  if (failed != 0) {
    return Fail(failed == ENOENT ? ErrorKind::kNotFound : ErrorKind::kFailed,
                "starting " + arguments[0] + ": " + std::strerror(failed));
  }
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return ExitStatus(status);
    if (ended < 0 && errno != EINTR) {
      return Fail(ErrorKind::kFailed, "waiting for " + arguments[0] + ": " + std::strerror(errno));
    }
    if (interrupt.Requested()) {
      EndGroup(child);
      return Fail(ErrorKind::kInterrupted, arguments[0] + " was interrupted");
    }
    if (while_running) while_running();
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace idiolect
