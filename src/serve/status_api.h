#pragma once
// /health for whoever watches the process, /metrics for Prometheus.

#include <memory>

#include "serve/json_fields.h"
#include "serve/service.h"

namespace idiolect {

ApiResult<Json> Health(Service& service, IncomingRequest& request);
void SendMetrics(Service& service, const std::shared_ptr<HttpExchange>& exchange);

}  // namespace idiolect
