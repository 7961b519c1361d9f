#pragma once
// A fine-tuning job that a client of the server's API asked for: from its uploaded files to a
// published adapter, recorded in the job table as it goes. Runs in a process of its own
// (`idiolect work`); the server starts that process, ends it, and has the last word on the status
// when it ended otherwise than here.

#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "core/engine.h"
#include "store/jobs.h"
#include "store/workspace.h"

namespace idiolect {

struct RequestedJobInputs {
  std::string job_id;
  EngineOptions engine;
  int checkpoint_every_seconds = 60;
  // The base model's file by its name; called once.
  std::function<Result<std::filesystem::path>(const std::string&)> find_base;
  // Loads the engine; called only after the files were found right.
  std::function<Result<std::unique_ptr<Engine>>()> load_engine;
};

// What the request's hyperparameters mean to the trainer: "auto" leaves a zero for the plan.
// kBadInput when they are not what the API checked before.
Result<TrainOptions> TrainOptionsOf(const JobRequest& request);

// Ends with the job succeeded or failed in the table (both are success here), or fails:
// kInterrupted after a checkpoint, anything else when the table itself could not be used. Running
// it again goes on from the checkpoint.
Status RunRequestedJob(Workspace& workspace, const RequestedJobInputs& inputs, const Clock& clock,
                       const Interrupt& interrupt);

// The step metrics of a job as OpenAI's result file has them: CSV with a header, encoded in base64.
std::string ResultFileContent(const std::vector<JobEvent>& events);

}  // namespace idiolect
