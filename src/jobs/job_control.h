#pragma once
// Cancelling, pausing and resuming a job of this machine from another process than the one that
// trains it. The job table is where both meet: what is wanted is written there, and whoever trains
// looks at it between two steps (JobWatch) or is told to stop by the server, which looks, too. A
// trainer holds the job's lock for as long as it works, so a job without one is settled here at
// once, server or not.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "core/engine.h"
#include "providers/file_lock.h"
#include "store/jobs.h"
#include "store/workspace.h"

namespace idiolect {

enum class LocalJobAction { kCancel, kPause, kResume };

// Succeeded, failed or cancelled: nothing changes any more.
bool JobEnded(const Job& job);

// The lock that a job's trainer holds.
std::filesystem::path JobLockFile(const Workspace& workspace, const std::string& job_id);

// A job that will never go on needs its checkpoint no more.
void DropCheckpoint(const Workspace& workspace, const std::string& job_id);

// The same for a job of `idiolect finetune`, without waiting: its status is what the trainer looks
// at. The job was found not to have ended.
Status SettleFinetuneJob(Workspace& workspace, Job job, LocalJobAction action, const Clock& clock);

// Does it and returns the job as it then is. Where a trainer is to stop, waits until it has;
// `on_wait` is called once before. Fails with kNotFound, with kMisuse where the job's status does
// not allow it or where `finetune` itself is the way to resume, with kInterrupted when interrupted
// while waiting (what is wanted stays written).
Result<Job> ControlLocalJob(Workspace& workspace, const std::string& job_id, LocalJobAction action,
                            const Clock& clock, const Interrupt& interrupt,
                            const std::function<void()>& on_wait);

// Passes on what the engine reports, and wants the training stopped once the table no longer says
// that the job is running, or once `interrupt` is requested. All must outlive it.
class JobWatch : public TrainObserver {
 public:
  JobWatch(Database& database, std::string job_id, TrainObserver& next, const Interrupt& interrupt);
  ~JobWatch() override;
  const Interrupt& stop() const { return stop_; }

  void OnPlan(const TrainPlan& plan) override;
  void OnResume(int64_t step) override;
  void OnStep(const TrainStep& step) override;
  void OnValidation(const Validation& validation) override;

 private:
  void Look();

  Database& database_;
  const std::string job_id_;
  TrainObserver& next_;
  Interrupt stop_, done_;
  std::thread passes_on_;  // the interrupt, between two reports
};

}  // namespace idiolect
