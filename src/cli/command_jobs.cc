#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/hosted.h"
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

Result<HostedRun> RunOf(Workspace& workspace, const std::string& id) {
  ASSIGN_OR_RETURN(auto run, FindHostedRunByJob(workspace.database(), id));
  if (run) return *std::move(run);
  ASSIGN_OR_RETURN(const auto job, FindJob(workspace.database(), id));
  if (!job) return Fail(ErrorKind::kNotFound, "there is no job " + id, "the list: idiolect jobs");
  return Fail(ErrorKind::kMisuse, "the job " + id + " runs on this machine, not at a provider",
              "Ctrl-C pauses it, idiolect finetune goes on with it");
}

Status Act(Context& context, Workspace& workspace, const std::string& id, JobAction action) {
  ASSIGN_OR_RETURN(const auto run, RunOf(workspace, id));
  ASSIGN_OR_RETURN(auto opened, OpenService(context, workspace.folder(), ChoiceOfRun(run)));
  ASSIGN_OR_RETURN(const auto remote, opened->service->Act(id, action));
  ASSIGN_OR_RETURN(auto job, FindJob(workspace.database(), id));
  if (job) {
    if (!remote.status.empty()) job->status = remote.status;
    if (remote.finished_at != 0) job->finished_at = remote.finished_at;
    RETURN_IF_ERROR(SaveJob(workspace.database(), *job));
  }
  context.Print(context.json() ? JobJson(*job).dump(1, ' ', false, Json::error_handler_t::replace)
                               : id + "  " + remote.status);
  return {};
}

}  // namespace

CommandAction DeclareJobs(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  const auto sub = [&](const char* name, Text help) {
    CLI::App* command = app.add_subcommand(name, Say(language, help));
    AddOption(*command, language, {"ID", {"of the list", "из списка"}}, options->id)->required();
    return command;
  };
  options->follow = sub("follow", {"watch a job to its end, then test and save the model",
                                   "следить до конца, затем проверить и сохранить модель"});
  AddOption(*options->follow, language,
            {"--answers", {"to ask for in the test", "ответов в проверке"}}, options->answers);
  options->cancel = sub("cancel", {"end it for good", "отменить совсем"});
  options->pause = sub("pause", {"where the provider can", "где сервис умеет"});
  options->resume = sub("resume", {"a paused one", "продолжить после паузы"});
  app.require_subcommand(0, 1);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    if (options->cancel->parsed()) return Act(context, *workspace, options->id, JobAction::kCancel);
    if (options->pause->parsed()) return Act(context, *workspace, options->id, JobAction::kPause);
    if (options->resume->parsed()) return Act(context, *workspace, options->id, JobAction::kResume);
    if (!options->follow->parsed()) return List(context, *workspace);
    ASSIGN_OR_RETURN(auto run, RunOf(*workspace, options->id));
    ASSIGN_OR_RETURN(auto opened, OpenService(context, workspace->folder(), ChoiceOfRun(run)));
    return FinishHostedJob(context, *workspace, *opened, run, options->answers);
  };
}

}  // namespace idiolect
