#include "serve/page.h"

#include "base/file.h"
#include "base/version.h"

namespace idiolect {

void SendPage(Service&, const std::shared_ptr<HttpExchange>& exchange) {
  const IncomingRequest& request = exchange->request();
  const std::string name = request.path == "/"        ? "index.html"
                           : request.segments.empty() ? ""
                                                      : request.segments[0];
  for (const PageFile& file : PageFiles()) {
    if (name != file.name) continue;
    HttpResponse response;
    response.content_type = file.content_type;
    response.body = file.content;
    response.headers = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
         "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"}};
    return exchange->Send(std::move(response));
  }
  exchange->Send(ErrorResponse(
      Refuse(404, "Invalid URL (" + request.method + " " + request.path + ")").value()));
}

ApiResult<Json> PageOverview(Service& service, IncomingRequest&) {
  ASSIGN_OR_REFUSE(const auto models, service.WithWorkspace([&](Workspace& workspace) {
    return ListNamedModels(workspace, *service.store);
  }));
  Json list = Json::array();
  for (const NamedModel& model : models) {
    list.push_back({{"id", model.id},
                    {"kind", model.kind == ModelKind::kBase    ? "base"
                             : model.kind == ModelKind::kTuned ? "tuned"
                                                               : "alias"},
                    {"base", model.base_name},
                    {"persona", model.persona},
                    {"system_prompt", model.system_prompt},
                    {"job", model.job_id}});
  }
  return Json{
      {"version", kVersion}, {"machine", service.models->Describe()}, {"models", std::move(list)}};
}

ApiResult<Json> PageReport(Service& service, IncomingRequest&) {
  const auto folder =
      service.WithWorkspace([](Workspace& workspace) { return workspace.folder() / "reports"; });
  Json pages = Json::array();
  // As `idiolect report` names them; instructions.md is for the dataset's next owner, not about the
  // persona.
  for (const char* name : {"style", "collection", "dataset"}) {
    const auto path = folder / (std::string(name) + ".md");
    if (!Exists(path)) continue;
    ASSIGN_OR_REFUSE(std::string text, ReadFile(path));
    pages.push_back({{"name", name}, {"text", std::move(text)}});
  }
  return Json{{"pages", std::move(pages)}};
}

}  // namespace idiolect
