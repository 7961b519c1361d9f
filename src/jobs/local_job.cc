#include "jobs/local_job.h"

#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/process_place.h"
#include "base/version.h"
#include "dataset/reader.h"
#include "jobs/job_control.h"
#include "jobs/job_recorder.h"
#include "jobs/trained_model.h"

namespace idiolect {
namespace fs = std::filesystem;

namespace {

bool Prefers(const LocalJobRequest& request) {
  return request.options.method == TrainMethod::kPreference;
}

Status ReadDataset(const LocalJobRequest& request, TrainRequest* train) {
  const fs::path train_file = TrainFileOf(request.dataset_folder, request.options.method);
  const fs::path valid_file = ValidFileOf(request.dataset_folder, request.options.method);
  if (!Prefers(request)) {
    ASSIGN_OR_RETURN(train->train, ReadSamples(train_file));
    ASSIGN_OR_RETURN(train->valid, ReadSamples(valid_file));
    return {};
  }
  ASSIGN_OR_RETURN(train->train_pairs, ReadPreferences(train_file));
  // Few pairs may all have come from the training part.
  if (Exists(valid_file)) {
    ASSIGN_OR_RETURN(train->valid_pairs, ReadPreferences(valid_file));
  }
  return {};
}

// One of several processes, and not the first: trains along, records and publishes nothing.
Result<LocalJobOutcome> TrainAlong(const LocalJobRequest& request, TrainRequest train,
                                   const Engine& engine, TrainObserver& observer,
                                   const Interrupt& interrupt) {
  RETURN_IF_ERROR(ReadDataset(request, &train));
  ASSIGN_OR_RETURN(const TrainResult result, engine.Train(train, observer, interrupt));
  LocalJobOutcome outcome;
  outcome.decision = JobDecision::kTrainedAlong;
  outcome.job.status = "succeeded";
  outcome.job.model = request.base_name;
  outcome.job.result = TrainResultJson(result);
  return outcome;
}

tl::unexpected<Error> StoppedFromElsewhere(Workspace& workspace, const std::string& id) {
  const auto job = FindJob(workspace.database(), id);
  const bool paused = job && *job && (*job)->status == "paused";
  if (!paused) DropCheckpoint(workspace, id);
  return Fail(
      ErrorKind::kFailed,
      "job " + id + (paused ? " was paused from elsewhere" : " was cancelled from elsewhere"),
      paused ? "run the same command again: it goes on from the checkpoint" : "");
}

}  // namespace

fs::path TrainFileOf(const fs::path& dataset, TrainMethod method) {
  return dataset / (method == TrainMethod::kPreference ? "preference_train.jsonl" : "train.jsonl");
}
fs::path ValidFileOf(const fs::path& dataset, TrainMethod method) {
  return dataset / (method == TrainMethod::kPreference ? "preference_valid.jsonl" : "valid.jsonl");
}

Result<std::string> LocalJobKey(const LocalJobRequest& request) {
  Sha256 sha;
  sha.AddField("local");
  sha.AddField(kVersion);
  const fs::path& dataset = request.dataset_folder;
  for (const fs::path& file : {TrainFileOf(dataset, request.options.method),
                               ValidFileOf(dataset, request.options.method)}) {
    if (Prefers(request) && !Exists(file)) continue;
    ASSIGN_OR_RETURN(const auto digest, Sha256OfFile(file));
    sha.AddField(digest);
  }
  sha.AddField(request.base_sha256);
  sha.AddField(TrainOptionsJson(request.options));
  sha.AddField(request.engine.precision == Precision::kF32 ? "f32" : "");
  sha.AddField(request.suffix);
  return sha.Hex();
}

Result<LocalJobOutcome> RunLocalJob(Workspace& workspace, const LocalJobRequest& request,
                                    const Engine& engine, const Clock& clock,
                                    TrainObserver& observer, const Interrupt& interrupt) {
  Database& database = workspace.database();
  LocalJobOutcome outcome;
  Job& job = outcome.job;
  ASSIGN_OR_RETURN(const auto key, LocalJobKey(request));
  ASSIGN_OR_RETURN(auto known, FindJobByKey(database, key));
  if (known && known->status == "succeeded" &&
      TrainedKindOf(workspace.folder() / known->adapter) != TrainedKind::kNothing) {
    return LocalJobOutcome{std::move(*known), JobDecision::kAlreadyDone};
  }
  TrainRequest train;
  train.base = request.base;
  train.base_name = request.base_name;
  train.options = request.options;
  train.engine = request.engine;
  ASSIGN_OR_RETURN(const ProcessPlace place, PlaceOfProcess());
  if (!place.first()) return TrainAlong(request, std::move(train), engine, observer, interrupt);
  if (known && (known->status == "running" || known->status == "paused")) {
    job = std::move(*known);
    outcome.decision = JobDecision::kResumed;
  } else {
    job.created_at = clock.UnixSeconds();
    // The same work started twice in one second would be the same id, and then it is the same job.
    job.id = "ftjob-" + Sha256Hex(key + std::to_string(job.created_at)).substr(0, 24);
    job.provider = "local";
    job.model = request.base_name;
    job.persona = request.persona_source_id;
    job.dataset = RelativeTo(request.dataset_folder, workspace.folder()).string();
    job.key = key;
    job.hyperparameters = TrainOptionsJson(request.options);
    job.result = "{}";
  }
  RETURN_IF_ERROR(MakeFolders(workspace.checkpoints_folder()));
  ASSIGN_OR_RETURN(const auto lock,
                   FileLock::Take(JobLockFile(workspace, job.id), interrupt, [] {}));
  if (outcome.decision == JobDecision::kResumed) {
    // Another process may have had the lock until now, and brought the job to its end.
    ASSIGN_OR_RETURN(const auto now, FindJob(database, job.id));
    if (!now || JobEnded(*now)) {
      return RunLocalJob(workspace, request, engine, clock, observer, interrupt);
    }
  }
  job.status = "running";
  RETURN_IF_ERROR(SaveJob(database, job));

  JobRecorder recorder(database, job, clock, observer);
  const auto fail = [&](Error error) -> Result<LocalJobOutcome> {
    if (error.kind != ErrorKind::kInterrupted) {
      job.status = "failed";
      job.error = error.message;
      job.finished_at = clock.UnixSeconds();
      recorder.Event("error", "message", error.message, "");
      RETURN_IF_ERROR(SaveJob(database, job));
    }
    return tl::unexpected<Error>(std::move(error));
  };
  if (outcome.decision == JobDecision::kStarted) {
    recorder.Event("info", "message", "Created fine-tuning job: " + job.id, "");
  }

  if (const Status read = ReadDataset(request, &train); !read) return fail(read.error());
  const std::string system_prompt = SystemPromptOf(train);

  train.checkpoint_folder = workspace.checkpoints_folder() / job.id;
  train.output_folder = TrainedFolder(workspace.models_folder() / job.id, train.options);
  JobWatch watch(database, job.id, recorder, interrupt);
  auto result = engine.Train(train, watch, watch.stop());
  if (!result) {
    if (watch.stop().Requested() && !interrupt.Requested()) {
      return StoppedFromElsewhere(workspace, job.id);
    }
    return fail(result.error());
  }
  RETURN_IF_ERROR(recorder.status());

  RETURN_IF_ERROR(
      WritePersonaCard(train.output_folder, {request.persona_name, request.persona_source_id,
                                             system_prompt, request.base_name, job.dataset}));
  const std::string suffix =
      request.suffix.empty() ? ModelSuffix(request.persona_name) : request.suffix;
  job.adapter = RelativeTo(train.output_folder, workspace.folder()).string();
  job.fine_tuned_model =
      "ft:" + request.base_name + ":local:" + suffix + ":" + job.id.substr(job.id.size() - 8);
  job.status = "succeeded";
  job.finished_at = clock.UnixSeconds();
  job.result = TrainResultJson(*result);
  recorder.Event("info", "message", "New fine-tuned model created: " + job.fine_tuned_model, "");
  recorder.Event("info", "message", "The job has successfully completed", "");
  RETURN_IF_ERROR(recorder.status());
  RETURN_IF_ERROR(SaveJob(database, job));
  Log(LogLevel::kInfo, "job " + job.id + " succeeded");
  std::error_code ignored;
  fs::remove_all(train.checkpoint_folder, ignored);
  return outcome;
}

}  // namespace idiolect
