#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.h"
#include "cli/command.h"
#include "cli/hosted.h"
#include "jobs/job_control.h"
#include "store/jobs.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string id;
  size_t answers = 5;
  CLI::App *follow = nullptr, *cancel = nullptr, *pause = nullptr, *resume = nullptr;
};

Json JobJson(const Job& job) {
  return {{"id", job.id},
          {"provider", job.provider},
          {"status", job.status},
          {"model", job.model},
          {"fine_tuned_model", job.fine_tuned_model},
          {"dataset", job.dataset},
          {"created_at", job.created_at},
          {"finished_at", job.finished_at},
          {"error", job.error}};
}

Status List(Context& context, Workspace& workspace) {
  ASSIGN_OR_RETURN(const auto jobs, ListJobs(workspace.database()));
  // Runs that have no job yet: killed or refused before it was created.
  ASSIGN_OR_RETURN(const auto runs, ListHostedRuns(workspace.database()));
  if (context.json()) {
    Json out;
    out["jobs"] = Json::array();
    for (const auto& job : jobs) out["jobs"].push_back(JobJson(job));
    out["unfinished"] = Json::array();
    for (const auto& run : runs) {
      if (!run.job_id.empty()) continue;
      out["unfinished"].push_back({{"run", run.run_id},
                                   {"provider", run.provider},
                                   {"model", run.model},
                                   {"step", HostedStepName(run.step)},
                                   {"created_at", run.created_at}});
    }
    context.Print(out.dump(1, ' ', false, Json::error_handler_t::replace));
    return {};
  }
  std::string text;
  for (const auto& job : jobs) {
    text += job.id + "  " + job.provider + "  " + job.status + "  " + FormatIsoUtc(job.created_at) +
            "  " + (job.fine_tuned_model.empty() ? job.model : job.fine_tuned_model) + "\n";
    if (!job.error.empty()) text += "    " + job.error + "\n";
  }
  for (const auto& run : runs) {
    if (!run.job_id.empty()) continue;
    text += run.run_id + "  " + run.provider + "  " +
            context.Say({"not created yet, at step ", "ещё не создано, шаг "}) +
            HostedStepName(run.step) + "  " + FormatIsoUtc(run.created_at) + "  " + run.model +
            "\n";
  }
  if (text.empty()) text = context.Say({"no jobs yet", "заданий пока нет"});
  context.Print(text);
  context.Next("jobs follow ID");
  return {};
}

std::string Dumped(const Job& job) {
  return JobJson(job).dump(1, ' ', false, Json::error_handler_t::replace);
}

Status ActHosted(Context& context, Workspace& workspace, const HostedRun& run, JobAction action) {
  const std::string& id = run.job_id;
  ASSIGN_OR_RETURN(auto opened, OpenService(context, workspace.folder(), ChoiceOfRun(run)));
  ASSIGN_OR_RETURN(const auto remote, opened->service->Act(id, action));
  ASSIGN_OR_RETURN(auto job, FindJob(workspace.database(), id));
  if (job) {
    if (!remote.status.empty()) job->status = remote.status;
    if (remote.finished_at != 0) job->finished_at = remote.finished_at;
    RETURN_IF_ERROR(SaveJob(workspace.database(), *job));
  }
  context.Print(context.json() ? Dumped(*job) : id + "  " + remote.status);
  return {};
}

Status ActHere(Context& context, Workspace& workspace, const std::string& id, JobAction action) {
  const LocalJobAction local = action == JobAction::kCancel  ? LocalJobAction::kCancel
                               : action == JobAction::kPause ? LocalJobAction::kPause
                                                             : LocalJobAction::kResume;
  ASSIGN_OR_RETURN(const Job job,
                   ControlLocalJob(workspace, id, local, *context.clock, *context.interrupt, [&] {
                     context.Note(context.Say({"the trainer writes its checkpoint and stops …",
                                               "обучение записывает контрольную точку и "
                                               "останавливается …"}));
                   }));
  context.Print(context.json() ? Dumped(job) : id + "  " + job.status);
  if (action == JobAction::kResume) {
    context.Note(context.Say({"a running server goes on with it; where none runs:",
                              "его продолжит работающий сервер; если он не запущен:"}));
    context.Next("serve");
  }
  return {};
}

Status Act(Context& context, Workspace& workspace, const std::string& id, JobAction action) {
  ASSIGN_OR_RETURN(const auto run, FindHostedRunByJob(workspace.database(), id));
  return run ? ActHosted(context, workspace, *run, action)
             : ActHere(context, workspace, id, action);
}

// Tells the events of a job of this machine until it ends or is paused; whoever trains it writes
// them.
Status FollowHere(Context& context, Workspace& workspace, const std::string& id) {
  int64_t seen = 0;
  for (;;) {
    // The status first: events that come before it changes are told before the end.
    ASSIGN_OR_RETURN(const auto job, FindJob(workspace.database(), id));
    if (!job) return Fail(ErrorKind::kNotFound, "there is no job " + id, "the list: idiolect jobs");
    ASSIGN_OR_RETURN(const auto events, ListJobEventsAfter(workspace.database(), id, seen));
    for (const JobEvent& event : events) {
      seen = event.id;
      context.Note(FormatIsoUtc(event.created_at) + "  " + event.message);
    }
    if (JobEnded(*job) || job->status == "paused") {
      context.Print(context.json()
                        ? Dumped(*job)
                        : id + "  " + job->status +
                              (job->fine_tuned_model.empty() ? "" : "  " + job->fine_tuned_model));
      if (job->status == "failed") return Fail(ErrorKind::kFailed, job->error);
      if (job->status == "succeeded") context.Next("chat --model " + job->fine_tuned_model);
      if (job->status == "paused") context.Next("jobs resume " + id);
      return {};
    }
    for (int tenths = 0; tenths < 5; ++tenths) {
      if (context.interrupt->Requested()) {
        return Fail(ErrorKind::kInterrupted, "no longer following; the job goes on",
                    "come back with: idiolect jobs follow " + id);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

}  // namespace

CommandAction DeclareJobs(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  const auto sub = [&](const char* name, Text help) {
    CLI::App* command = AddCommand(app, language, name, help);
    AddOption(*command, language, {"ID", {"of the list", "из списка"}}, options->id).Required();
    return command;
  };
  options->follow = sub("follow", {"watch a job to its end, then test and save the model",
                                   "следить до конца, затем проверить и сохранить модель"});
  AddOption(*options->follow, language,
            {"--answers", {"to ask for in the test", "ответов в проверке"}}, options->answers);
  options->cancel = sub("cancel", {"end it for good", "отменить совсем"});
  options->pause = sub("pause", {"here, and where the provider can", "здесь и где сервис умеет"});
  options->resume = sub("resume", {"a paused one", "продолжить после паузы"});
  AllowOneCommand(app);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    if (Chosen(*options->cancel)) return Act(context, *workspace, options->id, JobAction::kCancel);
    if (Chosen(*options->pause)) return Act(context, *workspace, options->id, JobAction::kPause);
    if (Chosen(*options->resume)) return Act(context, *workspace, options->id, JobAction::kResume);
    if (!Chosen(*options->follow)) return List(context, *workspace);
    ASSIGN_OR_RETURN(auto run, FindHostedRunByJob(workspace->database(), options->id));
    if (!run) return FollowHere(context, *workspace, options->id);
    ASSIGN_OR_RETURN(auto opened, OpenService(context, workspace->folder(), ChoiceOfRun(*run)));
    return FinishHostedJob(context, *workspace, *opened, *run, options->answers);
  };
}

}  // namespace idiolect
