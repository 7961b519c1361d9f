#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "base/file.h"
#include "cli/command.h"
#include "cli/engine_loader.h"
#include "cli/stages.h"
#include "jobs/requested_job.h"
#include "providers/file_lock.h"
#include "providers/model_store.h"

namespace idiolect {
namespace {

struct Options {
  std::string job;
  EngineOptions engine;
  std::string precision = "auto";
  int checkpoint_seconds = 60;
};

// A server that is killed takes its trainer along: the trainer writes its checkpoint and ends.
Status EndWithParent(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || ::getppid() != parent) {
    return Fail(ErrorKind::kFailed, "the server that started this trainer has ended");
  }
  return {};
}

}  // namespace

CommandAction DeclareWork(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language, {"job", {"the job's id", "id задания"}}, options->job).Required();
  AddOption(app, language,
            {"--checkpoint-seconds", {"between checkpoints", "между контрольными точками"}},
            options->checkpoint_seconds)
      .Within(0, 86'400);
  AddEngineOptions(app, language, options->engine, options->precision);
  return [options](Context& context) -> Status {
    const pid_t parent = ::getppid();
    RETURN_IF_ERROR(EndWithParent(parent));
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->engine));
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    RETURN_IF_ERROR(MakeFolders(workspace->checkpoints_folder()));
    // The trainer of a server that was killed may still be writing its checkpoint.
    ASSIGN_OR_RETURN(const auto lock,
                     FileLock::Take(workspace->checkpoints_folder() / (options->job + ".lock"),
                                    *context.interrupt, [] {}));
    RequestedJobInputs inputs;
    inputs.job_id = options->job;
    inputs.engine = options->engine;
    inputs.checkpoint_every_seconds = options->checkpoint_seconds;
    inputs.find_base = [](const std::string& name) -> Result<std::filesystem::path> {
      ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
      return store.Find(name);
    };
    inputs.load_engine = [] { return LoadEngine(); };
    return RunRequestedJob(*workspace, inputs, *context.clock, *context.interrupt);
  };
}

}  // namespace idiolect
