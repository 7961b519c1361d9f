#include "serve/models_api.h"

#include <system_error>

#include "store/files.h"
#include "store/jobs.h"

namespace idiolect {
namespace {

Json ModelJson(const NamedModel& model) {
  return {{"id", model.id},
          {"object", "model"},
          {"created", model.created},
          {"owned_by", model.owner},
          {"shutdown_date", nullptr}};
}

ApiResult<NamedModel> RequireModel(Service& service, const std::string& id) {
  ASSIGN_OR_REFUSE(auto model, service.WithWorkspace([&](Workspace& workspace) {
    return FindNamedModel(workspace, *service.store, id);
  }));
  if (!model) return tl::unexpected<ApiError>(NoSuchModel(id));
  return *std::move(model);
}

}  // namespace

ApiResult<Json> ListModels(Service& service, IncomingRequest&) {
  ASSIGN_OR_REFUSE(const auto models, service.WithWorkspace([&](Workspace& workspace) {
    return ListNamedModels(workspace, *service.store);
  }));
  Json data = Json::array();
  for (const NamedModel& model : models) data.push_back(ModelJson(model));
  return Json{{"object", "list"}, {"data", std::move(data)}};
}

ApiResult<Json> GetModel(Service& service, IncomingRequest& request) {
  API_ASSIGN(NamedModel model, RequireModel(service, request.segments[2]));
  model.id = request.segments[2];
  return ModelJson(model);
}

ApiResult<Json> DeleteModel(Service& service, IncomingRequest& request) {
  const std::string& id = request.segments[2];
  API_ASSIGN(const NamedModel model, RequireModel(service, id));
  if (model.kind == ModelKind::kBase) {
    return Refuse(403, "Base models are shared by all workspaces and are not deleted here.",
                  "model", "model_not_deletable");
  }
  REFUSE_IF_ERROR(service.WithWorkspace([&](Workspace& workspace) -> Status {
    if (model.kind == ModelKind::kAlias) return DeleteAlias(workspace.database(), model.id);
    ASSIGN_OR_RETURN(auto job, FindJob(workspace.database(), model.job_id));
    if (!job) return {};
    job->adapter.clear();
    RETURN_IF_ERROR(SaveJob(workspace.database(), *job));
    std::error_code ignored;
    std::filesystem::remove_all(model.folder, ignored);
    return {};
  }));
  if (model.kind == ModelKind::kTuned) service.models->Forget(model.spec);
  return Json{{"id", id}, {"object", "model"}, {"deleted", true}};
}

}  // namespace idiolect
