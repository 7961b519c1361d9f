#pragma once
// /v1/fine_tuning/jobs: what a client asks for becomes a row that TrainingQueue finds; what the
// trainer records is told as OpenAI's API tells it.

#include "serve/json_fields.h"
#include "serve/service.h"
#include "store/jobs.h"

namespace idiolect {

// `request` is empty for a job that `idiolect finetune` ran.
Json JobJson(const Job& job, const std::optional<JobRequest>& request,
             const std::string& organization);

ApiResult<Json> CreateJob(Service& service, IncomingRequest& request);
ApiResult<Json> ListJobsPage(Service& service, IncomingRequest& request);
ApiResult<Json> GetJob(Service& service, IncomingRequest& request);
ApiResult<Json> CancelJob(Service& service, IncomingRequest& request);
ApiResult<Json> PauseJob(Service& service, IncomingRequest& request);
ApiResult<Json> ResumeJob(Service& service, IncomingRequest& request);
ApiResult<Json> ListEvents(Service& service, IncomingRequest& request);
ApiResult<Json> ListCheckpoints(Service& service, IncomingRequest& request);

}  // namespace idiolect
