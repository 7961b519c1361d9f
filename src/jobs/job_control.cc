#include "jobs/job_control.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "store/database.h"

namespace idiolect {
namespace {

constexpr auto kPassOnPause = std::chrono::milliseconds(50);

const char* Participle(LocalJobAction action) {
  switch (action) {
    case LocalJobAction::kCancel:
      return "cancelled";
    case LocalJobAction::kPause:
      return "paused";
    case LocalJobAction::kResume:
      return "resumed";
  }
  return "";
}

Status SetStatus(Database& database, const Clock& clock, Job& job, LocalJobAction action) {
  const char* status = "queued";
  JobEvent event;
  event.message = "The job was resumed";
  if (action == LocalJobAction::kCancel) {
    status = "cancelled";
    event.message = "The job was cancelled";
    job.finished_at = clock.UnixSeconds();
  } else if (action == LocalJobAction::kPause) {
    status = "paused";
    event.message = "The job is paused";
  }
  if (job.status == status) return {};
  job.status = status;
  event.created_at = clock.UnixSeconds();
  event.level = "info";
  event.type = "message";
  RETURN_IF_ERROR(AddJobEvent(database, job.id, event));
  return SaveJob(database, job);
}

Result<Job> RequireJob(Database& database, const std::string& id) {
  ASSIGN_OR_RETURN(auto job, FindJob(database, id));
  if (!job) return Fail(ErrorKind::kNotFound, "there is no job " + id, "the list: idiolect jobs");
  return *std::move(job);
}

Status CheckAllowed(const Job& job, const std::optional<JobRequest>& request,
                    LocalJobAction action) {
  const bool paused = job.status == "paused" || (request && request->wanted == "pause");
  if (action == LocalJobAction::kResume ? !paused : JobEnded(job)) {
    return Fail(ErrorKind::kMisuse, "job " + job.id + " has status '" + job.status +
                                        "' and cannot be " + Participle(action));
  }
  if (action == LocalJobAction::kResume && !request) {
    return Fail(ErrorKind::kMisuse, "job " + job.id + " was started by `idiolect finetune`",
                "run the same command again: it goes on from the checkpoint");
  }
  return {};
}

}  // namespace

bool JobEnded(const Job& job) {
  return job.status == "succeeded" || job.status == "failed" || job.status == "cancelled";
}

std::filesystem::path JobLockFile(const Workspace& workspace, const std::string& job_id) {
  return workspace.checkpoints_folder() / (job_id + ".lock");
}

void DropCheckpoint(const Workspace& workspace, const std::string& job_id) {
  std::error_code ignored;
  std::filesystem::remove_all(workspace.checkpoints_folder() / job_id, ignored);
}

Status SettleFinetuneJob(Workspace& workspace, Job job, LocalJobAction action, const Clock& clock) {
  return SetStatus(workspace.database(), clock, job, action);
}

Result<Job> ControlLocalJob(Workspace& workspace, const std::string& job_id, LocalJobAction action,
                            const Clock& clock, const Interrupt& interrupt,
                            const std::function<void()>& on_wait) {
  Database& database = workspace.database();
  ASSIGN_OR_RETURN(Job job, RequireJob(database, job_id));
  ASSIGN_OR_RETURN(auto request, FindJobRequest(database, job_id));
  RETURN_IF_ERROR(CheckAllowed(job, request, action));
  if (!request) {
    RETURN_IF_ERROR(SettleFinetuneJob(workspace, job, action, clock));
  } else {
    request->wanted = action == LocalJobAction::kCancel  ? "cancel"
                      : action == LocalJobAction::kPause ? "pause"
                                                         : "run";
    RETURN_IF_ERROR(SaveJobRequest(database, *request));
    // A server that is up takes it from here.
    if (action == LocalJobAction::kResume) {
      if (job.status == "paused") RETURN_IF_ERROR(SetStatus(database, clock, job, action));
      return job;
    }
  }
  RETURN_IF_ERROR(MakeFolders(workspace.checkpoints_folder()));
  ASSIGN_OR_RETURN(const auto lock,
                   FileLock::Take(JobLockFile(workspace, job_id), interrupt, on_wait));
  // No trainer is at work now and none can begin. The job may have ended before it heard of us.
  ASSIGN_OR_RETURN(job, RequireJob(database, job_id));
  if (!JobEnded(job)) RETURN_IF_ERROR(SetStatus(database, clock, job, action));
  if (job.status == "cancelled") DropCheckpoint(workspace, job_id);
  return job;
}

JobWatch::JobWatch(Database& database, std::string job_id, TrainObserver& next,
                   const Interrupt& interrupt)
    : database_(database), job_id_(std::move(job_id)), next_(next), passes_on_([this, &interrupt] {
        while (!done_.Requested()) {
          if (interrupt.Requested()) return stop_.Request();
          std::this_thread::sleep_for(kPassOnPause);
        }
      }) {}

JobWatch::~JobWatch() {
  done_.Request();
  passes_on_.join();
}

void JobWatch::OnPlan(const TrainPlan& plan) {
  Look();
  if (!stop_.Requested()) next_.OnPlan(plan);
}
void JobWatch::OnResume(int64_t step) {
  next_.OnResume(step);
}
void JobWatch::OnStep(const TrainStep& step) {
  next_.OnStep(step);
  Look();
}
void JobWatch::OnValidation(const Validation& validation) {
  next_.OnValidation(validation);
  Look();
}

void JobWatch::Look() {
  const auto job = FindJob(database_, job_id_);
  // A table that cannot be read now is no wish.
  if (job && *job && (*job)->status != "running") stop_.Request();
}

}  // namespace idiolect
