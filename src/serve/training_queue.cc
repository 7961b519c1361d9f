#include "serve/training_queue.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "jobs/job_control.h"

extern char** environ;

namespace idiolect {
namespace {

// How often the table is asked what other processes want: `idiolect jobs` writes it there.
constexpr int kLookMs = 1000;

Status AddEvent(Workspace& workspace, const Clock& clock, const std::string& job_id,
                const char* level, std::string message) {
  JobEvent event;
  event.created_at = clock.UnixSeconds();
  event.level = level;
  event.type = "message";
  event.message = std::move(message);
  return AddJobEvent(workspace.database(), job_id, event);
}

// A child with its stderr in our hands.
class Child {
 public:
  static Result<Child> Start(const std::vector<std::string>& arguments) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return Fail(ErrorKind::kFailed, "starting a trainer: no pipe");
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.data()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // Ctrl-C in the server's terminal is the server's: the trainer is told by it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    sigset_t all;
    ::sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes, &all);
    Child child;
    const int failed =
        ::posix_spawn(&child.pid_, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    ::close(ends[1]);
    child.errors_ = ends[0];
    if (failed != 0) {
      child.pid_ = -1;
      return Fail(ErrorKind::kFailed, std::string("starting a trainer: ") + std::strerror(failed));
    }
    return child;
  }
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), errors_(std::exchange(other.errors_, -1)) {}
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (errors_ >= 0) ::close(errors_);
  }

  // Reads what it wrote last. Its own children may hold the pipe: it is not waited for.
  void Drain() {
    pollfd waiting{errors_, POLLIN, 0};
    char bytes[4096];
    while (::poll(&waiting, 1, 0) > 0) {
      const ssize_t got = ::read(errors_, bytes, sizeof bytes);
      if (got <= 0) return;
      words_.append(bytes, static_cast<size_t>(got));
    }
  }
  // Waits up to `milliseconds`; true when the child ended.
  bool Wait(int milliseconds, int* status) {
    pollfd waiting{errors_, POLLIN, 0};
    if (::poll(&waiting, 1, milliseconds) > 0) {
      char bytes[4096];
      const ssize_t got = ::read(errors_, bytes, sizeof bytes);
      if (got > 0) {
        words_.append(bytes, static_cast<size_t>(got));
        if (words_.size() > 8192) words_.erase(0, words_.size() - 4096);
      } else {
        // Closed before the end: poll would return at once for ever.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
    return ::waitpid(pid_, status, WNOHANG) == pid_;
  }
  void Signal(int signal) const { ::kill(pid_, signal); }
  const std::string& last_words() const { return words_; }

 private:
  Child() = default;
  pid_t pid_ = -1;
  int errors_ = -1;
  std::string words_;
};

// The program's own "error: …" line, or how it ended.
std::string ReasonOf(int status, const std::string& words) {
  const size_t at = words.rfind("error: ");
  if (at != std::string::npos) return words.substr(at + 7, words.find('\n', at) - at - 7);
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    std::string reason = std::string("the trainer was ended by signal ") + std::to_string(signal) +
                         " (" + ::strsignal(signal) + ")";
    if (signal == SIGKILL) reason += "; the system may have run out of memory";
    return reason;
  }
  return "the trainer ended with exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

TrainingQueue::TrainingQueue(Service& service, TrainerCommand command)
    : service_(service), command_(std::move(command)) {}

TrainingQueue::~TrainingQueue() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TrainingQueue::Start() {
  thread_ = std::thread([this] { Run(); });
}

void TrainingQueue::Wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

std::string TrainingQueue::running_job() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

void TrainingQueue::Run() {
  for (;;) {
    auto job = Next();
    if (job && *job) {
      if (auto status = Train(**job); !status) {
        Log(LogLevel::kError, "the training queue failed: " + status.error().message);
      } else {
        std::unique_lock lock(mutex_);
        running_.clear();
        if (ending_) return;
        continue;
      }
    } else if (!job) {
      Log(LogLevel::kError, "the training queue failed: " + job.error().message);
    }
    std::unique_lock lock(mutex_);
    running_.clear();
    // After a failure of the database it is tried again, but not at once.
    wake_.wait_for(lock, std::chrono::milliseconds(job ? kLookMs : 5 * kLookMs),
                   [this] { return ending_ || woken_; });
    if (ending_) return;
    woken_ = false;
  }
}

Result<std::optional<Job>> TrainingQueue::Next() {
  return service_.WithWorkspace([&](Workspace& workspace) -> Result<std::optional<Job>> {
    ASSIGN_OR_RETURN(auto jobs, ListJobs(workspace.database()));
    std::reverse(jobs.begin(), jobs.end());
    // One that had begun goes first.
    std::stable_partition(jobs.begin(), jobs.end(),
                          [](const Job& job) { return job.status == "running"; });
    for (Job& job : jobs) {
      if (JobEnded(job) || job.status == "paused") continue;
      ASSIGN_OR_RETURN(const auto request, FindJobRequest(workspace.database(), job.id));
      // What was wanted of a job whose trainer went down with an earlier server.
      if (request && request->wanted != "run") {
        const bool cancel = request->wanted == "cancel";
        job.status = cancel ? "cancelled" : "paused";
        if (cancel) job.finished_at = service_.clock->UnixSeconds();
        RETURN_IF_ERROR(SaveJob(workspace.database(), job));
        continue;
      }
      if (request) {
        const std::lock_guard lock(mutex_);
        running_ = job.id;
        stop_ = ending_;
        return std::optional<Job>(std::move(job));
      }
    }
    return std::optional<Job>();
  });
}

Status TrainingQueue::Train(const Job& job) {
  std::vector<std::string> arguments = command_.arguments;
  arguments.push_back(job.id);
  auto child = Child::Start(arguments);
  if (!child) return Settle(job.id, /*wait_status=*/127 << 8, "error: " + child.error().message);
  int status = 0, asked_ms = -1, looked_ms = 0;
  while (!child->Wait(100, &status)) {
    looked_ms += 100;
    if (looked_ms >= kLookMs) {
      looked_ms = 0;
      const auto request = service_.WithWorkspace(
          [&](Workspace& workspace) { return FindJobRequest(workspace.database(), job.id); });
      const std::lock_guard lock(mutex_);
      if (request && *request && (*request)->wanted != "run") stop_ = true;
    }
    const std::lock_guard lock(mutex_);
    if (!stop_) continue;
    if (asked_ms < 0) child->Signal(SIGTERM);
    asked_ms = std::max(asked_ms, 0) + 100;
    if (asked_ms > command_.stop_seconds * 1000) child->Signal(SIGKILL);
  }
  child->Drain();
  return Settle(job.id, status, child->last_words());
}

// The trainer is gone; the table must not say that it works.
Status TrainingQueue::Settle(const std::string& job_id, int wait_status,
                             const std::string& last_words) {
  bool ending;
  {
    const std::lock_guard lock(mutex_);
    ending = ending_;
  }
  return service_.WithWorkspace([&](Workspace& workspace) -> Status {
    Database& database = workspace.database();
    ASSIGN_OR_RETURN(auto job, FindJob(database, job_id));
    ASSIGN_OR_RETURN(auto request, FindJobRequest(database, job_id));
    if (!job || !request || JobEnded(*job) || job->status == "paused") return {};
    if (request->wanted == "cancel") {
      job->status = "cancelled";
      job->finished_at = service_.clock->UnixSeconds();
      RETURN_IF_ERROR(
          AddEvent(workspace, *service_.clock, job_id, "info", "The job was cancelled"));
      DropCheckpoint(workspace, job_id);
      return SaveJob(database, *job);
    }
    if (request->wanted == "pause") {
      job->status = "paused";
      RETURN_IF_ERROR(AddEvent(workspace, *service_.clock, job_id, "info", "The job is paused"));
      return SaveJob(database, *job);
    }
    // A stop that was taken back, or that came from elsewhere, is no failure: the job is taken up
    // again.
    if (ending || (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 130)) return {};
    const std::string reason = ReasonOf(wait_status, last_words);
    job->status = "failed";
    job->error = reason;
    job->finished_at = service_.clock->UnixSeconds();
    request->error_code = "trainer_crashed";
    RETURN_IF_ERROR(SaveJobRequest(database, *request));
    RETURN_IF_ERROR(
        AddEvent(workspace, *service_.clock, job_id, "error", "The job failed: " + reason));
    return SaveJob(database, *job);
  });
}

ApiResult<void> TrainingQueue::Want(const std::string& job_id, const char* wanted,
                                    const char* status, const char* event) {
  return service_.WithWorkspace([&](Workspace& workspace) -> ApiResult<void> {
    Database& database = workspace.database();
    ASSIGN_OR_REFUSE(auto job, FindJob(database, job_id));
    ASSIGN_OR_REFUSE(auto request, FindJobRequest(database, job_id));
    if (!job) {
      return Refuse(404, "Could not find fine tune: " + job_id, "fine_tuning_job_id",
                    "fine_tune_not_found");
    }
    const bool resume = std::string_view(wanted) == "run";
    const bool pausing = request && request->wanted == "pause";
    if (resume ? (job->status != "paused" && !pausing) : JobEnded(*job)) {
      return Refuse(400,
                    "Job " + job_id + " has status '" + job->status + "' and cannot be " +
                        (resume                                ? "resumed."
                         : std::string_view(wanted) == "pause" ? "paused."
                                                               : "cancelled."),
                    "fine_tuning_job_id", "invalid_job_status");
    }
    if (!request) {
      if (resume) {
        return Refuse(400,
                      "Job " + job_id +
                          " was started by `idiolect finetune`, not by this server: run it again "
                          "there to go on.",
                      "fine_tuning_job_id", "not_run_by_this_server");
      }
      REFUSE_IF_ERROR(SettleFinetuneJob(
          workspace, *std::move(job),
          std::string_view(wanted) == "pause" ? LocalJobAction::kPause : LocalJobAction::kCancel,
          *service_.clock));
      return {};
    }
    if (request->wanted == wanted) return {};
    request->wanted = wanted;
    REFUSE_IF_ERROR(SaveJobRequest(database, *request));
    const std::lock_guard lock(mutex_);
    if (running_ == job_id) {
      // The status changes when the trainer has ended (Settle). A pause taken back before that is
      // a trainer that stops and is started again.
      if (!resume) stop_ = true;
      if (resume) woken_ = true;
      return {};
    }
    job->status = status;
    if (std::string_view(status) == "cancelled") job->finished_at = service_.clock->UnixSeconds();
    REFUSE_IF_ERROR(AddEvent(workspace, *service_.clock, job_id, "info", event));
    REFUSE_IF_ERROR(SaveJob(database, *job));
    if (JobEnded(*job)) DropCheckpoint(workspace, job_id);
    return {};
  });
}

ApiResult<void> TrainingQueue::Cancel(const std::string& job_id) {
  return Want(job_id, "cancel", "cancelled", "The job was cancelled");
}
ApiResult<void> TrainingQueue::Pause(const std::string& job_id) {
  return Want(job_id, "pause", "paused", "The job is paused");
}
ApiResult<void> TrainingQueue::Resume(const std::string& job_id) {
  API_RETURN_IF_ERROR(Want(job_id, "run", "queued", "The job was resumed"));
  Wake();
  return {};
}

}  // namespace idiolect
