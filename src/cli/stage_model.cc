#include "base/file.h"
#include "cli/stages.h"
#include "jobs/trained_model.h"
#include "providers/model_store.h"
#include "store/jobs.h"

namespace idiolect {
namespace {

Result<LoadedModel> FromJob(Workspace& workspace, const Job& job) {
  LoadedModel model;
  model.folder = workspace.folder() / job.adapter;
  ASSIGN_OR_RETURN(const auto card, ReadPersonaCard(model.folder));
  model.persona_name = card.name;
  model.system_prompt = card.system_prompt;
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  auto base = store.Find(job.model);
  // A whole model answers without the one that it was trained from.
  if (!base && TrainedKindOf(model.folder) == TrainedKind::kAdapter) {
    return tl::unexpected<Error>(std::move(base).error());
  }
  model.spec =
      TrainedSpec(model.folder, base ? *base : std::filesystem::path(), job.fine_tuned_model);
  model.trained_from = {base ? *base : std::filesystem::path(), {}, job.model};
  return model;
}

}  // namespace

Result<ModelSpec> BaseOf(const LoadedModel& model) {
  if (!model.trained_from.base.empty()) return model.trained_from;
  return Fail(ErrorKind::kNotFound,
              "opening the base model of " + model.spec.name + ": " + model.trained_from.name +
                  " is no longer here",
              "idiolect models pull " + model.trained_from.name);
}

Result<LoadedModel> ChooseModel(Context& context, Workspace& workspace, const std::string& wanted) {
  ASSIGN_OR_RETURN(auto jobs, ListJobs(workspace.database()));
  for (const Job& job : jobs) {
    const bool named = wanted.empty() || wanted == job.id || wanted == job.fine_tuned_model;
    if (!named || job.status != "succeeded") continue;
    if (!job.adapter.empty()) return FromJob(workspace, job);
    // It lives on somebody else's server: nothing is sent there unless the user names it.
    if (!wanted.empty()) {
      return Fail(ErrorKind::kMisuse, job.fine_tuned_model + " is at " + job.provider,
                  "idiolect chat --provider " + job.provider + " --model " + job.fine_tuned_model);
    }
  }
  if (wanted.empty()) {
    return Fail(ErrorKind::kNotFound, "no model has been trained in this workspace yet",
                "train one: idiolect finetune; or talk with a base model: idiolect chat --model "
                "smollm2-135m-instruct");
  }
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  auto base = store.Find(wanted);
  if (!base) {
    Error error = base.error();
    error.hint += "; trained models are listed by idiolect status";
    return tl::unexpected<Error>(std::move(error));
  }
  (void)context;
  LoadedModel model;
  model.spec.base = *base;
  model.spec.name = wanted;
  model.trained_from = model.spec;
  return model;
}

}  // namespace idiolect
