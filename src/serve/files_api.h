#pragma once
// /v1/files and /v1/uploads. Bytes lie in the workspace's files/ under ids of ours; no name a
// client sent is ever part of a path.

#include <memory>

#include "serve/json_fields.h"
#include "serve/service.h"
#include "store/files.h"

namespace idiolect {

Json FileJson(const StoredFile& file);

ApiResult<Json> CreateFile(Service& service, IncomingRequest& request);
ApiResult<Json> ListFiles(Service& service, IncomingRequest& request);
ApiResult<Json> GetFile(Service& service, IncomingRequest& request);
ApiResult<Json> DeleteFile(Service& service, IncomingRequest& request);
void SendFileContent(Service& service, const std::shared_ptr<HttpExchange>& exchange);

ApiResult<Json> CreateUpload(Service& service, IncomingRequest& request);
ApiResult<Json> AddPart(Service& service, IncomingRequest& request);
ApiResult<Json> CompleteUpload(Service& service, IncomingRequest& request);
ApiResult<Json> CancelUpload(Service& service, IncomingRequest& request);

// Removes expired files, expired uploads with their parts, and what a killed server left half
// received. Called at the start and then from time to time.
enum class SweepLeftovers { kNo, kYes };
Status SweepFiles(Workspace& workspace, int64_t now, SweepLeftovers leftovers);

}  // namespace idiolect
