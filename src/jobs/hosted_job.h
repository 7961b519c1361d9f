#pragma once
// A fine-tuning job on somebody else's server, from prepared files to the end of the job, every
// step in the workspace before and after it happens: killed anywhere, the next run goes on, and
// nothing is uploaded or created twice. Used by `finetune --provider` and `jobs follow`.
//
// Where an answer was lost the server is looked at before anything is sent again: for a file by its
// name, which holds its hash; for a job by our run's id in its metadata, or where a server keeps
// none by its training file and time. What was sent a moment ago by a process that is gone gets
// `settle_ms` to appear.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "providers/dataset_form.h"
#include "providers/tuning_service.h"
#include "store/hosted.h"
#include "store/jobs.h"
#include "store/workspace.h"

namespace idiolect {

struct HostedRequest {
  std::filesystem::path dataset_folder;
  std::string persona_source_id;
  std::string model, suffix;
  int64_t epochs = 0, batch_size = 0, seed = -1;
  double rate = 0;
  std::string options = "{}";  // JSON kept with the run, to come back with
};

enum class HostedDecision { kAlreadyDone, kGoesOn, kNew };

// What is about to happen, before anything leaves the machine.
struct HostedPlan {
  PreparedFile train, valid;
  HostedRun run;
  HostedDecision decision = HostedDecision::kNew;
};

enum class Anew { kNo, kYes };

// Prepares the files in the provider's form and finds an earlier run of the same work: one that
// succeeded is kAlreadyDone, one that failed or was cancelled gives way to a new one. Sends
// nothing. kBadInput when the files break the provider's limits.
Result<HostedPlan> PlanHostedJob(Workspace& workspace, const HostedRequest& request,
                                 const Provider& provider, const Clock& clock, Anew anew);

// Gets what happens, as it does.
class HostedObserver {
 public:
  virtual ~HostedObserver() = default;
  virtual void OnUpload(const std::string& name, int64_t sent, int64_t bytes) = 0;
  virtual void OnFile(const std::string& name, const std::string& id, bool was_there) = 0;
  virtual void OnJob(const Job& job, bool was_there) = 0;
  virtual void OnStatus(const Job& job) = 0;
  virtual void OnEvent(const JobEvent& event) = 0;
  // The server is away; it is asked again in so many seconds.
  virtual void OnAway(const Error& error, int64_t seconds) = 0;
};

// Borrowed for the length of a call.
struct HostedContext {
  Workspace& workspace;
  TuningService& service;
  const Provider& provider;
  const Clock& clock;
  HostedObserver& observer;
  const Interrupt& interrupt;
};

// Both files of the plan on the server; afterwards the run's step is kCreate. kUnavailable,
// kInterrupted: the next call goes on.
Status EnsureUploaded(HostedContext& context, HostedPlan& plan);

// The job exists at the server and in the job table; the run's step is kFollow.
Result<Job> EnsureCreated(HostedContext& context, const HostedRequest& request, HostedRun& run);

// Until the job ends. Interrupted, it goes on at the server and the error says how to return. A
// server that is away is waited for up to `patience_s` seconds. A job that failed is no error here:
// see its status.
Result<Job> FollowHostedJob(HostedContext& context, HostedRun& run, int64_t patience_s = 1800);

// Once: the job's row and events brought up to date.
Result<Job> RefreshHostedJob(HostedContext& context, HostedRun& run);

}  // namespace idiolect
