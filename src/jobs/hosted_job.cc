#include "jobs/hosted_job.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "providers/file_lock.h"
#include "store/database.h"

namespace idiolect {
namespace {

constexpr int kMostTries = 4;      // of sending, looking in between
constexpr size_t kMostJobs = 500;  // looked through for one of ours
constexpr int64_t kClockSlack = 600;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Error WithHint(Error error, std::string hint) {
  if (error.hint.empty()) error.hint = std::move(hint);
  return error;
}

Error Interrupted(const char* what) {
  return {ErrorKind::kInterrupted, std::string(what) + " was interrupted",
          "run the same command again: it goes on from here"};
}

std::string RelativeTo(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code error;
  const auto relative = std::filesystem::relative(path, folder, error);
  return error || relative.empty() ? path.string() : relative.string();
}

Result<std::string> KeyOf(const HostedRequest& request, const Provider& provider,
                          const HostedPlan& plan) {
  Sha256 sha;
  for (const auto& part : {std::string("hosted"), provider.name, provider.base_url, request.model,
                           request.suffix, std::to_string(request.epochs),
                           std::to_string(request.batch_size), std::to_string(request.seed),
                           std::to_string(request.rate), plan.train.sha256, plan.valid.sha256}) {
    sha.AddField(part);
  }
  return sha.Hex();
}

Status CheckLimits(const Provider& provider, const PreparedFile& train) {
  if (train.lines < provider.min_examples) {
    return Fail(ErrorKind::kBadInput,
                provider.title + " wants " + std::to_string(provider.min_examples) +
                    " examples at least, the dataset has " + std::to_string(train.lines),
                "build from more chats, or train here: idiolect finetune");
  }
  if (train.bytes > provider.most_file_bytes) {
    return Fail(ErrorKind::kBadInput,
                provider.title + " takes files up to " + GroupDigits(provider.most_file_bytes) +
                    " bytes, the dataset has " + GroupDigits(train.bytes),
                "build a smaller one, or train here: idiolect finetune");
  }
  return {};
}

// ---- files --------------------------------------------------------------------------------------

bool Broken(const RemoteFile& file) {
  return file.status == "error" || file.status == "failed";
}

std::string PartIdsText(const std::vector<std::string>& ids) {
  return nlohmann::json(ids).dump();
}

std::vector<std::string> PartIdsOf(const std::string& text) {
  std::vector<std::string> ids;
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_array()) return ids;
  for (const auto& id : json) {
    if (id.is_string()) ids.push_back(id.get<std::string>());
  }
  return ids;
}

class FileUpload {
 public:
  FileUpload(HostedContext& context, const PreparedFile& file, const char* split)
      : context_(context), database_(context.workspace.database()), file_(file) {
    row_.provider = context.provider.name;
    row_.account = context.provider.base_url;
    row_.sha256 = file.sha256;
    row_.name = std::string("idiolect-") + split + "-" + file.sha256.substr(0, 16) + ".jsonl";
    row_.bytes = file.bytes;
  }

  // The server's id of the file.
  Result<std::string> Ensure() {
    ASSIGN_OR_RETURN(auto known,
                     FindHostedFile(database_, row_.provider, row_.account, row_.sha256));
    if (known) {
      known->name = row_.name;
      row_ = *std::move(known);
    }
    if (!row_.file_id.empty()) {
      ASSIGN_OR_RETURN(const auto there, context_.service.FindFile(row_.file_id));
      if (there && !Broken(*there)) return Ready(*there, true);
      row_.file_id.clear();  // deleted there, or another account's
      row_.sent_at_ms = 0;
      RETURN_IF_ERROR(Save());
    }
    Error last;
    for (int tried = 0; tried < kMostTries; ++tried) {
      ASSIGN_OR_RETURN(const auto found, LookTwice());
      if (found) return Ready(*found, true);
      row_.sent_at_ms = NowMs();
      RETURN_IF_ERROR(Save());
      auto created = context_.service.Upload(Request());
      if (created.made) return Ready(*created.made, false);
      if (!created.maybe_done) {
        // Surely not there: the next process need not wait for it to appear.
        row_.sent_at_ms = 0;
        RETURN_IF_ERROR(Save());
        return tl::unexpected<Error>(std::move(created.error));
      }
      if (created.error.kind == ErrorKind::kInterrupted) {
        return tl::unexpected<Error>(Interrupted("uploading"));
      }
      Log(LogLevel::kWarn, "upload: the answer was lost, looking");
      last = std::move(created.error);
    }
    return tl::unexpected<Error>(
        WithHint(std::move(last), "run the same command later: it looks first whether it arrived"));
  }

 private:
  Status Save() { return SaveHostedFile(database_, row_); }

  // By the name, which holds the hash. Some servers change names: then the size must do, too.
  Result<std::optional<RemoteFile>> Look() {
    auto files = context_.service.ListFiles();
    if (!files) {
      // A server that has no list: what was never sent cannot be there.
      const bool no_list = files.error().kind == ErrorKind::kNotFound;
      if (no_list && row_.sent_at_ms == 0) return std::optional<RemoteFile>();
      return tl::unexpected<Error>(files.error());
    }
    for (const auto& file : *files) {
      if (file.name == row_.name && (file.bytes == 0 || file.bytes == row_.bytes) &&
          !Broken(file)) {
        return std::optional<RemoteFile>(file);
      }
    }
    return std::optional<RemoteFile>();
  }

  Result<std::optional<RemoteFile>> LookTwice() {
    ASSIGN_OR_RETURN(auto found, Look());
    const int64_t left =
        row_.sent_at_ms == 0 ? 0 : row_.sent_at_ms + context_.provider.settle_ms - NowMs();
    if (found || left <= 0) return found;
    if (!PauseFor(std::min(left, context_.provider.settle_ms), context_.interrupt)) {
      return tl::unexpected<Error>(Interrupted("uploading"));
    }
    return Look();
  }

  UploadRequest Request() {
    UploadRequest request;
    request.path = file_.path;
    request.bytes = file_.bytes;
    request.name = row_.name;
    request.memory = {row_.upload_id, PartIdsOf(row_.part_ids), row_.part_bytes};
    request.remember = [this](const UploadMemory& memory) {
      row_.upload_id = memory.upload_id;
      row_.part_ids = PartIdsText(memory.part_ids);
      row_.part_bytes = memory.part_bytes;
      return Save();
    };
    request.on_sent = [this](int64_t sent) {
      context_.observer.OnUpload(row_.name, sent, row_.bytes);
    };
    return request;
  }

  Result<std::string> Ready(const RemoteFile& file, bool was_there) {
    const bool news = row_.file_id != file.id;
    row_.file_id = file.id;
    row_.upload_id.clear();
    row_.part_ids.clear();
    if (news) RETURN_IF_ERROR(Save());
    context_.observer.OnFile(row_.name, file.id, was_there);
    // Servers read the file before a job may use it; those that never say so are not waited for
    // long, the job's own validation tells.
    RemoteFile now = file;
    int64_t wait = std::max<int64_t>(std::min<int64_t>(500, context_.provider.poll_ms), 20);
    for (int64_t waited = 0; waited < context_.provider.poll_ms * 6; waited += wait) {
      if (now.status == "processed" || now.status == "succeeded" || now.status.empty()) break;
      if (Broken(now)) {
        return Fail(ErrorKind::kBadInput,
                    context_.provider.title + " could not read the file: " +
                        (now.status_details.empty() ? now.status : now.status_details));
      }
      if (!PauseFor(wait, context_.interrupt)) {
        return tl::unexpected<Error>(Interrupted("waiting for the file"));
      }
      wait = std::min<int64_t>(wait * 2, context_.provider.poll_ms);
      ASSIGN_OR_RETURN(auto again, context_.service.FindFile(file.id));
      if (!again) break;
      now = *std::move(again);
    }
    return file.id;
  }

  HostedContext& context_;
  Database& database_;
  const PreparedFile& file_;
  HostedFile row_;
};

// ---- the job ------------------------------------------------------------------------------------

// Our job among the server's: by our run's id, else by its training file and time.
Result<std::optional<RemoteJob>> LookForJob(HostedContext& context, const HostedRun& run) {
  ASSIGN_OR_RETURN(auto jobs, context.service.ListJobs(kMostJobs));
  for (auto& job : jobs) {
    if (!job.run_id.empty() && job.run_id == run.run_id)
      return std::optional<RemoteJob>(std::move(job));
  }
  for (auto& job : jobs) {
    if (!job.run_id.empty() || job.training_file != run.training_file) continue;
    if (job.created_at != 0 && job.created_at < run.create_sent_at_ms / 1000 - kClockSlack)
      continue;
    ASSIGN_OR_RETURN(const auto other, FindJob(context.workspace.database(), job.id));
    if (!other) return std::optional<RemoteJob>(std::move(job));
  }
  return std::optional<RemoteJob>();
}

void TakeRemote(const RemoteJob& remote, Job* job) {
  if (!remote.status.empty()) job->status = remote.status;
  job->fine_tuned_model = remote.tuned_model;
  if (remote.hyperparameters != "{}") job->hyperparameters = remote.hyperparameters;
  if (remote.finished_at != 0) job->finished_at = remote.finished_at;
  if (remote.status == "failed") {
    job->error =
        remote.error_message.empty() ? "the provider gives no reason" : remote.error_message;
    if (!remote.error_code.empty()) job->error += " (" + remote.error_code + ")";
  }
  nlohmann::ordered_json result;
  if (remote.trained_tokens > 0) result["trained_tokens"] = remote.trained_tokens;
  if (remote.estimated_finish > 0) result["estimated_finish"] = remote.estimated_finish;
  if (!remote.result_files.empty()) result["result_files"] = remote.result_files;
  job->result = result.is_null() ? "{}" : result.dump();
}

// The job's row and the run's step in one transaction: both or neither.
Result<Job> Adopt(HostedContext& context, HostedRun& run, const RemoteJob& remote, bool was_there) {
  Job job;
  job.id = remote.id;
  job.provider = run.provider;
  job.model = run.model;
  job.persona = run.persona;
  job.dataset = run.dataset;
  job.key = run.key;
  job.hyperparameters = "{}";
  job.created_at = remote.created_at != 0 ? remote.created_at : context.clock.UnixSeconds();
  job.status = "queued";
  TakeRemote(remote, &job);
  run.job_id = remote.id;
  run.step = HostedStep::kFollow;
  Database& database = context.workspace.database();
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(database));
  RETURN_IF_ERROR(SaveJob(database, job));
  RETURN_IF_ERROR(SaveHostedRun(database, run));
  RETURN_IF_ERROR(transaction.Commit());
  Log(LogLevel::kInfo, "hosted job " + job.id + (was_there ? " found again" : " created"));
  context.observer.OnJob(job, was_there);
  return job;
}

Result<FileLock> LockWorkspace(HostedContext& context) {
  return FileLock::Take(context.workspace.folder() / "hosted.lock", context.interrupt, [] {});
}

}  // namespace

Result<HostedPlan> PlanHostedJob(Workspace& workspace, const HostedRequest& request,
                                 const Provider& provider, const Clock& clock, Anew anew) {
  HostedPlan plan;
  const auto outbox = workspace.outbox_folder();
  ASSIGN_OR_RETURN(plan.train,
                   PrepareFile(request.dataset_folder / "train.jsonl", provider.data_form, outbox));
  ASSIGN_OR_RETURN(plan.valid,
                   PrepareFile(request.dataset_folder / "valid.jsonl", provider.data_form, outbox));
  RETURN_IF_ERROR(CheckLimits(provider, plan.train));
  ASSIGN_OR_RETURN(const auto key, KeyOf(request, provider, plan));
  Database& database = workspace.database();
  ASSIGN_OR_RETURN(auto known, FindHostedRunByKey(database, key));
  if (known) {
    std::string status;
    if (!known->job_id.empty()) {
      ASSIGN_OR_RETURN(const auto job, FindJob(database, known->job_id));
      if (job) status = job->status;
    }
    const bool over = status == "failed" || status == "cancelled";
    const bool done = status == "succeeded" && known->step == HostedStep::kDone;
    if (!over && !(done && anew == Anew::kYes)) {
      plan.run = *std::move(known);
      plan.decision = done ? HostedDecision::kAlreadyDone : HostedDecision::kGoesOn;
      return plan;
    }
  }
  HostedRun& run = plan.run;
  run.created_at = clock.UnixSeconds();
  // Must be another one than that of any run before, on this machine or another.
  run.run_id = "run-" + Sha256Hex(key + " " + std::to_string(NowMs()) + " " +
                                  std::to_string(::getpid()) + " " + workspace.folder().string())
                            .substr(0, 24);
  run.provider = provider.name;
  run.account = provider.base_url;
  run.key = key;
  run.model = request.model;
  run.persona = request.persona_source_id;
  run.dataset = RelativeTo(request.dataset_folder, workspace.folder());
  run.options = request.options;
  return plan;
}

Status EnsureUploaded(HostedContext& context, HostedPlan& plan) {
  ASSIGN_OR_RETURN(const auto lock, LockWorkspace(context));
  Database& database = context.workspace.database();
  RETURN_IF_ERROR(SaveHostedRun(database, plan.run));
  ASSIGN_OR_RETURN(plan.run.training_file, FileUpload(context, plan.train, "train").Ensure());
  if (plan.valid.lines > 0) {
    ASSIGN_OR_RETURN(plan.run.validation_file, FileUpload(context, plan.valid, "valid").Ensure());
  }
  if (plan.run.step == HostedStep::kUpload) plan.run.step = HostedStep::kCreate;
  return SaveHostedRun(database, plan.run);
}

Result<Job> EnsureCreated(HostedContext& context, const HostedRequest& request, HostedRun& run) {
  ASSIGN_OR_RETURN(const auto lock, LockWorkspace(context));
  Database& database = context.workspace.database();
  // Another process may have created it while this one waited for the lock.
  ASSIGN_OR_RETURN(auto fresh, FindHostedRunByKey(database, run.key));
  if (fresh && fresh->run_id == run.run_id) run = *std::move(fresh);
  if (!run.job_id.empty()) {
    ASSIGN_OR_RETURN(auto job, FindJob(database, run.job_id));
    if (job) return *std::move(job);
  }
  TuningRequest tuning;
  tuning.model = request.model;
  tuning.training_file = run.training_file;
  tuning.validation_file = run.validation_file;
  tuning.suffix = request.suffix;
  tuning.run_id = run.run_id;
  tuning.epochs = request.epochs;
  tuning.batch_size = request.batch_size;
  tuning.rate = request.rate;
  tuning.seed = request.seed;
  Error last;
  for (int tried = 0; tried < kMostTries; ++tried) {
    if (run.create_sent_at_ms > 0) {  // perhaps it is there
      ASSIGN_OR_RETURN(auto found, LookForJob(context, run));
      const int64_t left = run.create_sent_at_ms + context.provider.settle_ms - NowMs();
      if (!found && left > 0) {
        if (!PauseFor(std::min(left, context.provider.settle_ms), context.interrupt)) {
          return tl::unexpected<Error>(Interrupted("creating the job"));
        }
        ASSIGN_OR_RETURN(found, LookForJob(context, run));
      }
      if (found) return Adopt(context, run, *found, true);
    }
    run.create_sent_at_ms = NowMs();
    RETURN_IF_ERROR(SaveHostedRun(database, run));
    auto created = context.service.CreateJob(tuning);
    if (created.made) return Adopt(context, run, *created.made, false);
    if (!created.maybe_done) {
      run.create_sent_at_ms = 0;
      RETURN_IF_ERROR(SaveHostedRun(database, run));
      return tl::unexpected<Error>(std::move(created.error));
    }
    if (created.error.kind == ErrorKind::kInterrupted) {
      return tl::unexpected<Error>(Interrupted("creating the job"));
    }
    Log(LogLevel::kWarn, "creating the job: the answer was lost, looking");
    last = std::move(created.error);
  }
  return tl::unexpected<Error>(WithHint(
      std::move(last), "run the same command later: it looks first whether it was created"));
}

Result<Job> RefreshHostedJob(HostedContext& context, HostedRun& run) {
  Database& database = context.workspace.database();
  ASSIGN_OR_RETURN(auto known, FindJob(database, run.job_id));
  if (!known) return Fail(ErrorKind::kNotFound, "the workspace has no job " + run.job_id);
  Job job = *std::move(known);
  ASSIGN_OR_RETURN(const auto remote, context.service.FindJob(run.job_id));
  if (!remote) {
    job.status = "failed";
    job.error = context.provider.title + " no longer has the job";
    job.finished_at = context.clock.UnixSeconds();
    RETURN_IF_ERROR(SaveJob(database, job));
    return job;
  }
  // Read after the state, so that an ended job's last events are there.
  ASSIGN_OR_RETURN(const auto events, context.service.Events(run.job_id, run.last_event));
  const std::string before = job.status;
  TakeRemote(*remote, &job);
  ASSIGN_OR_RETURN(auto transaction, Transaction::Begin(database));
  std::vector<JobEvent> recorded;
  for (const auto& event : events) {
    recorded.push_back({0, event.created_at, event.level, event.type, event.message, event.data});
    RETURN_IF_ERROR(AddJobEvent(database, job.id, recorded.back()));
    run.last_event = event.id;
  }
  if (before != job.status &&
      context.provider.shape == ServiceShape::kVertex) {  // it has no events
    recorded.push_back(
        {0, context.clock.UnixSeconds(), "info", "message", "the job is now " + job.status, ""});
    RETURN_IF_ERROR(AddJobEvent(database, job.id, recorded.back()));
  }
  RETURN_IF_ERROR(SaveJob(database, job));
  RETURN_IF_ERROR(SaveHostedRun(database, run));
  RETURN_IF_ERROR(transaction.Commit());
  for (const auto& event : recorded) context.observer.OnEvent(event);
  if (before != job.status) {
    Log(LogLevel::kInfo, "hosted job " + job.id + ": " + job.status);
    context.observer.OnStatus(job);
  }
  return job;
}

Result<Job> FollowHostedJob(HostedContext& context, HostedRun& run, int64_t patience_s) {
  const auto interrupted = [&]() -> tl::unexpected<Error> {
    return Fail(ErrorKind::kInterrupted,
                "following was interrupted; the job goes on at " + context.provider.title,
                "come back: idiolect jobs follow " + run.job_id +
                    "; end it: idiolect jobs cancel " + run.job_id);
  };
  const int64_t longest = std::max<int64_t>(context.provider.poll_ms, 20);
  int64_t wait = std::min<int64_t>(longest, 1000), away_since = 0;
  for (;;) {
    auto job = RefreshHostedJob(context, run);
    if (job) {
      away_since = 0;
      if (job->status == "succeeded" || job->status == "failed" || job->status == "cancelled") {
        if (run.step == HostedStep::kFollow) run.step = HostedStep::kTest;
        RETURN_IF_ERROR(SaveHostedRun(context.workspace.database(), run));
        return job;
      }
    } else {
      if (context.interrupt.Requested()) return interrupted();
      const bool away =
          job.error().kind == ErrorKind::kUnavailable || job.error().kind == ErrorKind::kBadInput;
      if (!away) return job;
      const int64_t now = context.clock.UnixSeconds();
      if (away_since == 0) away_since = now;
      if (now - away_since >= patience_s) {
        Error error = job.error();
        error.hint = "the job goes on there; come back later: idiolect jobs follow " + run.job_id;
        return tl::unexpected<Error>(std::move(error));
      }
      context.observer.OnAway(job.error(), wait / 1000);
    }
    if (!PauseFor(wait, context.interrupt)) return interrupted();
    wait = std::min<int64_t>(wait * 3 / 2, longest);
  }
}

}  // namespace idiolect
