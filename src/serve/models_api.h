#pragma once
// /v1/models: what may be named in "model". Deleting removes an adapter from the disk, or an alias.

#include "serve/json_fields.h"
#include "serve/service.h"

namespace idiolect {

ApiResult<Json> ListModels(Service& service, IncomingRequest& request);
ApiResult<Json> GetModel(Service& service, IncomingRequest& request);
ApiResult<Json> DeleteModel(Service& service, IncomingRequest& request);

}  // namespace idiolect
