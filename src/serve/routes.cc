#include "serve/routes.h"

#include "serve/chat_api.h"
#include "serve/files_api.h"
#include "serve/jobs_api.h"
#include "serve/models_api.h"
#include "serve/page.h"
#include "serve/status_api.h"
#include "serve/tokens_api.h"

namespace idiolect {

const std::vector<Route>& Routes() {
  constexpr BodyKind kNone = BodyKind::kNone, kJson = BodyKind::kMemory, kForm = BodyKind::kForm;
  constexpr TokenRule kToken = TokenRule::kNeeded, kOpen = TokenRule::kNotNeeded;
  static const std::vector<Route> routes = {
      {"POST", "/v1/chat/completions", kJson, kToken, nullptr, AnswerChat},
      {"POST", "/v1/completions", kJson, kToken, nullptr, AnswerCompletion},
      {"GET", "/v1/models", kNone, kToken, ListModels, nullptr},
      {"GET", "/v1/models/{model}", kNone, kToken, GetModel, nullptr},
      {"DELETE", "/v1/models/{model}", kNone, kToken, DeleteModel, nullptr},
      {"POST", "/v1/files", kForm, kToken, CreateFile, nullptr},
      {"GET", "/v1/files", kNone, kToken, ListFiles, nullptr},
      {"GET", "/v1/files/{file_id}", kNone, kToken, GetFile, nullptr},
      {"DELETE", "/v1/files/{file_id}", kNone, kToken, DeleteFile, nullptr},
      {"GET", "/v1/files/{file_id}/content", kNone, kToken, nullptr, SendFileContent},
      {"POST", "/v1/uploads", kJson, kToken, CreateUpload, nullptr},
      {"POST", "/v1/uploads/{upload_id}/parts", kForm, kToken, AddPart, nullptr},
      {"POST", "/v1/uploads/{upload_id}/complete", kJson, kToken, CompleteUpload, nullptr},
      {"POST", "/v1/uploads/{upload_id}/cancel", kJson, kToken, CancelUpload, nullptr},
      {"POST", "/v1/fine_tuning/jobs", kJson, kToken, CreateJob, nullptr},
      {"GET", "/v1/fine_tuning/jobs", kNone, kToken, ListJobsPage, nullptr},
      {"GET", "/v1/fine_tuning/jobs/{job_id}", kNone, kToken, GetJob, nullptr},
      {"POST", "/v1/fine_tuning/jobs/{job_id}/cancel", kJson, kToken, CancelJob, nullptr},
      {"POST", "/v1/fine_tuning/jobs/{job_id}/pause", kJson, kToken, PauseJob, nullptr},
      {"POST", "/v1/fine_tuning/jobs/{job_id}/resume", kJson, kToken, ResumeJob, nullptr},
      {"GET", "/v1/fine_tuning/jobs/{job_id}/events", kNone, kToken, ListEvents, nullptr},
      {"GET", "/v1/fine_tuning/jobs/{job_id}/checkpoints", kNone, kToken, ListCheckpoints, nullptr},
      {"POST", "/tokenize", kJson, kToken, nullptr, Tokenize},
      {"POST", "/detokenize", kJson, kToken, nullptr, Detokenize},
      {"GET", "/health", kNone, kOpen, Health, nullptr},
      {"GET", "/metrics", kNone, kToken, nullptr, SendMetrics},
      {"GET", "/", kNone, kOpen, nullptr, SendPage},
      {"GET", "/{page_file}", kNone, kOpen, nullptr, SendPage},
      {"GET", "/page/overview", kNone, kToken, PageOverview, nullptr},
      {"GET", "/page/report", kNone, kToken, PageReport, nullptr},
  };
  return routes;
}

bool MatchesPattern(std::string_view pattern, const std::vector<std::string>& segments) {
  size_t at = 1;
  for (const std::string& segment : segments) {
    if (at > pattern.size()) return false;
    const size_t end = std::min(pattern.find('/', at), pattern.size());
    const std::string_view want = pattern.substr(at, end - at);
    if (want.starts_with('{') ? segment.empty() : want != segment) return false;
    at = end + 1;
  }
  return at > pattern.size();
}

RouteMatch FindRoute(const std::string& method, const std::vector<std::string>& segments) {
  RouteMatch match;
  for (const Route& route : Routes()) {
    if (!MatchesPattern(route.pattern, segments)) continue;
    if (method == route.method) {
      match.route = &route;
      return match;
    }
    match.methods += (match.methods.empty() ? "" : ", ") + std::string(route.method);
  }
  return match;
}

}  // namespace idiolect
