#include "serve/status_api.h"

#include "base/version.h"
#include "serve/worker_pool.h"
#include "store/jobs.h"

namespace idiolect {

ApiResult<Json> Health(Service& service, IncomingRequest&) {
  // A database that cannot be read is what a watcher wants to hear of.
  ASSIGN_OR_REFUSE(const auto unused, service.WithWorkspace([](Workspace& workspace) {
    return workspace.Setting("persona");
  }));
  (void)unused;
  return Json{{"status", "ok"}, {"version", kVersion}};
}

void SendMetrics(Service& service, const std::shared_ptr<HttpExchange>& exchange) {
  std::map<std::string, double> gauges = {
      {"idiolect_answers_running", static_cast<double>(service.answers->running())},
      {"idiolect_answers_waiting", static_cast<double>(service.answers->waiting())},
      {"idiolect_connections", static_cast<double>(service.connections())},
      {"idiolect_uptime_seconds",
       static_cast<double>(service.clock->UnixSeconds() - service.started_at)}};
  for (const char* status :
       {"validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"}) {
    gauges["idiolect_jobs{status=\"" + std::string(status) + "\"}"] = 0;
  }
  const auto jobs =
      service.WithWorkspace([](Workspace& workspace) { return ListJobs(workspace.database()); });
  if (!jobs) return exchange->Send(ErrorResponse(FromError(jobs.error())));
  for (const Job& job : *jobs) ++gauges["idiolect_jobs{status=\"" + job.status + "\"}"];
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = service.metrics.Text(gauges);
  exchange->Send(std::move(response));
}

}  // namespace idiolect
