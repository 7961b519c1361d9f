#include "serve/model_book.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"
#include "jobs/local_job.h"
#include "jobs/trained_model.h"
#include "serve/json_fields.h"
#include "store/files.h"
#include "store/jobs.h"

namespace idiolect {
namespace {

constexpr std::string_view kCheckpointMark = ":ckpt-step-";

int64_t ChangedAt(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<int64_t>(info.st_mtime) : 0;
}

std::vector<NamedModel> Bases(const std::vector<ListedModel>& listed) {
  std::vector<NamedModel> models;
  for (const ListedModel& model : listed) {
    if (model.state != ModelState::kReady) continue;
    NamedModel base;
    base.id = model.name;
    base.created = ChangedAt(model.path);
    base.owner = model.catalogue ? "catalogue" : "user";
    base.spec.base = model.path;
    base.spec.name = model.name;
    base.base_name = model.name;
    models.push_back(std::move(base));
  }
  return models;
}

}  // namespace

int64_t KeptStep(const std::string& job_result) {
  const Json result = Json::parse(job_result, nullptr, false);
  if (!result.is_object()) return 0;
  if (const auto list = result.find("validations"); list != result.end() && list->is_array()) {
    int64_t best = 0;
    for (const Json& v : *list) {
      if (v.is_object() && v.value("best", false) && v.value("epoch", 0) > 0) {
        best = v.value("step", int64_t{0});
      }
    }
    if (best > 0) return best;
  }
  return result.value("steps", int64_t{0});
}

Result<std::vector<NamedModel>> ListNamedModels(Workspace& workspace, const ModelStore& store) {
  ASSIGN_OR_RETURN(const auto listed, store.List());
  std::vector<NamedModel> models = Bases(listed);
  const size_t bases = models.size();
  ASSIGN_OR_RETURN(const auto jobs, ListJobs(workspace.database()));
  for (const Job& job : jobs) {
    if (job.status != "succeeded" || job.adapter.empty()) continue;
    const auto folder = workspace.folder() / job.adapter;
    const TrainedKind kind = TrainedKindOf(folder);
    if (kind == TrainedKind::kNothing) continue;
    NamedModel tuned;
    tuned.id = job.fine_tuned_model;
    tuned.kind = ModelKind::kTuned;
    tuned.created = job.finished_at;
    tuned.owner = "local";
    tuned.job_id = job.id;
    tuned.base_name = job.model;
    tuned.folder = folder;
    std::filesystem::path trained_from;
    for (size_t i = 0; i < bases; ++i) {
      if (models[i].id == job.model) trained_from = models[i].spec.base;
    }
    if (trained_from.empty() && kind == TrainedKind::kAdapter) {
      auto file = store.Find(job.model);  // a path, as `finetune --model FILE` allows
      if (!file) continue;
      trained_from = *std::move(file);
    }
    tuned.spec = TrainedSpec(folder, trained_from, tuned.id);
    if (const auto card = ReadPersonaCard(folder)) {
      tuned.persona = card->name;
      tuned.system_prompt = card->system_prompt;
    }
    models.push_back(std::move(tuned));
  }
  ASSIGN_OR_RETURN(const auto aliases, ListAliases(workspace.database()));
  const size_t real = models.size();
  for (const Alias& alias : aliases) {
    for (size_t i = 0; i < real; ++i) {
      if (models[i].id != alias.target && models[i].job_id != alias.target) continue;
      NamedModel model = models[i];
      model.id = alias.name;
      model.kind = ModelKind::kAlias;
      models.push_back(std::move(model));
      break;
    }
  }
  return models;
}

Result<std::optional<NamedModel>> FindNamedModel(Workspace& workspace, const ModelStore& store,
                                                 const std::string& id) {
  ASSIGN_OR_RETURN(auto models, ListNamedModels(workspace, store));
  for (NamedModel& model : models) {
    if (model.id == id || (!id.empty() && model.job_id == id && model.kind == ModelKind::kTuned)) {
      return std::optional<NamedModel>(std::move(model));
    }
  }
  const size_t mark = id.rfind(kCheckpointMark);
  if (mark == std::string::npos) return std::optional<NamedModel>();
  for (NamedModel& model : models) {
    if (model.kind != ModelKind::kTuned || model.id != id.substr(0, mark)) continue;
    ASSIGN_OR_RETURN(const auto job, FindJob(workspace.database(), model.job_id));
    if (job && std::to_string(KeptStep(job->result)) == id.substr(mark + kCheckpointMark.size())) {
      return std::optional<NamedModel>(std::move(model));
    }
  }
  return std::optional<NamedModel>();
}

ApiError NoSuchModel(const std::string& id) {
  return Refuse(404, "The model `" + id + "` does not exist or you do not have access to it.",
                "model", "model_not_found")
      .value();
}

}  // namespace idiolect
