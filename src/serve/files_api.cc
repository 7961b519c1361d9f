#include "serve/files_api.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "base/file.h"
#include "serve/disk_files.h"
#include "serve/ids.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

ApiError NoSuchFile(const std::string& id) {
  return Refuse(404, "No such File object: " + id, "id").value();
}

ApiResult<StoredFile> RequireFile(Service& service, const std::string& id) {
  ASSIGN_OR_REFUSE(auto file, service.WithWorkspace([&](Workspace& workspace) {
    return FindStoredFile(workspace.database(), id);
  }));
  if (!file || (file->expires_at > 0 && file->expires_at <= service.clock->UnixSeconds())) {
    return tl::unexpected<ApiError>(NoSuchFile(id));
  }
  return *std::move(file);
}

ApiResult<void> CheckPurpose(const std::string& purpose) {
  static constexpr const char* kPurposes[] = {"assistants", "batch",     "fine-tune",
                                              "vision",     "user_data", "evals"};
  for (const char* known : kPurposes) {
    if (purpose == known) return {};
  }
  return Refuse(400,
                "'" + purpose +
                    "' is not one of ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', "
                    "'evals'] - 'purpose'",
                "purpose", "invalid_value");
}

ApiResult<void> CheckName(const std::string& purpose, const std::string& filename) {
  if (purpose == "fine-tune" && !filename.ends_with(".jsonl")) {
    return Refuse(400,
                  "Invalid file format for Fine-Tuning API. Must be a .jsonl file (one JSON "
                  "object a line).",
                  "file", "invalid_file_format");
  }
  return {};
}

// "expires_after[seconds]" of a form; 0 when not asked for.
ApiResult<int64_t> ExpiresAfter(const IncomingRequest& request) {
  const auto seconds = request.form.find("expires_after[seconds]");
  const auto anchor = request.form.find("expires_after[anchor]");
  if (seconds == request.form.end() && anchor == request.form.end()) return int64_t{0};
  if (anchor == request.form.end() || anchor->second != "created_at") {
    return Refuse(400, "Invalid 'expires_after[anchor]': must be 'created_at'.",
                  "expires_after[anchor]", "invalid_value");
  }
  const std::string text = seconds == request.form.end() ? "" : seconds->second;
  const bool digits = !text.empty() && text.size() < 10 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const int64_t value = digits ? std::strtoll(text.c_str(), nullptr, 10) : 0;
  if (value < 3600 || value > 2'592'000) {
    return Refuse(400, "Invalid 'expires_after[seconds]': must be an integer from 3600 to 2592000.",
                  "expires_after[seconds]", "invalid_value");
  }
  return value;
}

// Gives received bytes their name, durably, and the row that makes them a file.
Status KeepFile(Workspace& workspace, const StoredFile& file, const fs::path& received) {
  const fs::path place = workspace.files_folder() / file.id;
  std::error_code error;
  fs::rename(received, place, error);
  if (error) return Fail(ErrorKind::kFailed, "keeping an uploaded file: " + error.message());
  RETURN_IF_ERROR(SyncFile(place));
  if (auto added = AddStoredFile(workspace.database(), file); !added) {
    fs::remove(place, error);
    return added;
  }
  return {};
}

ApiResult<Upload> RequireUpload(Workspace& workspace, int64_t now, const std::string& id) {
  ASSIGN_OR_REFUSE(auto upload, FindUpload(workspace.database(), id));
  if (!upload) return Refuse(404, "No such Upload object: " + id, "upload_id");
  if (upload->status == "pending" && upload->expires_at <= now) {
    upload->status = "expired";
    REFUSE_IF_ERROR(SaveUpload(workspace.database(), *upload));
  }
  return *std::move(upload);
}

ApiResult<void> RequirePending(const Upload& upload) {
  if (upload.status == "pending") return {};
  return Refuse(400, "Upload " + upload.id + " has status '" + upload.status + "', not 'pending'.",
                "upload_id", "invalid_upload_status");
}

ApiResult<Json> UploadJson(Workspace& workspace, const Upload& upload) {
  Json json = {{"id", upload.id},
               {"object", "upload"},
               {"bytes", upload.bytes},
               {"created_at", upload.created_at},
               {"filename", upload.filename},
               {"purpose", upload.purpose},
               {"status", upload.status},
               {"expires_at", upload.expires_at}};
  if (!upload.file_id.empty()) {
    ASSIGN_OR_REFUSE(const auto file, FindStoredFile(workspace.database(), upload.file_id));
    if (file) json["file"] = FileJson(*file);
  }
  return json;
}

Status DropParts(Workspace& workspace, const std::string& upload_id) {
  ASSIGN_OR_RETURN(const auto parts, ListUploadParts(workspace.database(), upload_id));
  for (const UploadPart& part : parts) {
    std::error_code ignored;
    fs::remove(workspace.files_folder() / part.id, ignored);
  }
  return DeleteUploadParts(workspace.database(), upload_id);
}

}  // namespace

Json FileJson(const StoredFile& file) {
  Json json = {
      {"id", file.id}, {"object", "file"}, {"bytes", file.bytes}, {"created_at", file.created_at}};
  if (file.expires_at > 0) json["expires_at"] = file.expires_at;
  json["filename"] = file.filename;
  json["purpose"] = file.purpose;
  json["status"] = "processed";
  return json;
}

ApiResult<Json> CreateFile(Service& service, IncomingRequest& request) {
  const auto purpose = request.form.find("purpose");
  if (purpose == request.form.end()) {
    return Refuse(400, "Missing required parameter: 'purpose'.", "purpose",
                  "missing_required_parameter");
  }
  API_RETURN_IF_ERROR(CheckPurpose(purpose->second));
  const auto received = request.files.find("file");
  if (received == request.files.end()) {
    return Refuse(400, "Missing required parameter: 'file'.", "file", "missing_required_parameter");
  }
  API_RETURN_IF_ERROR(CheckName(purpose->second, received->second.filename));
  if (received->second.bytes == 0) {
    return Refuse(400, "File is empty.", "file", "invalid_file_format");
  }
  API_ASSIGN(const int64_t keep_seconds, ExpiresAfter(request));
  StoredFile file;
  file.id = "file-" + RandomId(24);
  file.purpose = purpose->second;
  file.filename = received->second.filename;
  file.bytes = received->second.bytes;
  file.sha256 = received->second.sha256;
  file.created_at = service.clock->UnixSeconds();
  file.expires_at = keep_seconds == 0 ? 0 : file.created_at + keep_seconds;
  REFUSE_IF_ERROR(service.WithWorkspace(
      [&](Workspace& workspace) { return KeepFile(workspace, file, received->second.path); }));
  received->second.path.clear();
  return FileJson(file);
}

ApiResult<Json> ListFiles(Service& service, IncomingRequest& request) {
  FileListing listing;
  listing.purpose = request.query["purpose"];
  listing.after = request.query["after"];
  API_ASSIGN(listing.limit, QueryInteger(request, "limit", 1, 10'000, 10'000));
  if (const std::string& order = request.query["order"]; order == "asc") {
    listing.order = ListOrder::kOldestFirst;
  } else if (!order.empty() && order != "desc") {
    return Refuse(400, "Invalid value for 'order': must be 'asc' or 'desc'.", "order",
                  "invalid_value");
  }
  const int64_t limit = listing.limit++;
  ASSIGN_OR_REFUSE(auto files, service.WithWorkspace([&](Workspace& workspace) {
    return ListStoredFiles(workspace.database(), listing);
  }));
  const bool more = static_cast<int64_t>(files.size()) > limit;
  if (more) files.resize(static_cast<size_t>(limit));
  Json data = Json::array();
  for (const StoredFile& file : files) data.push_back(FileJson(file));
  // OpenAI's file says these two are texts, also where there is nothing to name.
  return Json{{"object", "list"},
              {"data", std::move(data)},
              {"first_id", files.empty() ? "" : files.front().id},
              {"last_id", files.empty() ? "" : files.back().id},
              {"has_more", more}};
}

ApiResult<Json> GetFile(Service& service, IncomingRequest& request) {
  API_ASSIGN(const StoredFile file, RequireFile(service, request.segments[2]));
  return FileJson(file);
}

ApiResult<Json> DeleteFile(Service& service, IncomingRequest& request) {
  API_ASSIGN(const StoredFile file, RequireFile(service, request.segments[2]));
  REFUSE_IF_ERROR(service.WithWorkspace([&](Workspace& workspace) -> Status {
    RETURN_IF_ERROR(DeleteStoredFile(workspace.database(), file.id));
    std::error_code ignored;
    fs::remove(workspace.files_folder() / file.id, ignored);
    return {};
  }));
  return Json{{"id", file.id}, {"object", "file"}, {"deleted", true}};
}

void SendFileContent(Service& service, const std::shared_ptr<HttpExchange>& exchange) {
  auto file = RequireFile(service, exchange->request().segments[2]);
  if (!file) return exchange->Send(ErrorResponse(file.error()));
  HttpResponse head;
  head.content_type = "application/octet-stream";
  // Not inline: a browser must not run what a client uploaded.
  head.headers.emplace_back("Content-Disposition", "attachment");
  const fs::path path = service.WithWorkspace(
      [&](Workspace& workspace) { return workspace.files_folder() / file->id; });
  exchange->SendFile(std::move(head), path);
}

ApiResult<Json> CreateUpload(Service& service, IncomingRequest& request) {
  API_ASSIGN(const Json body, ParseObject(request.body));
  Fields fields(body);
  for (const char* name : {"filename", "purpose", "bytes", "mime_type"}) fields.Require(name);
  Upload upload;
  upload.filename = fields.Text("filename").value_or("");
  upload.purpose = fields.Text("purpose").value_or("");
  upload.bytes = fields.Integer("bytes", 1, service.options.most_upload_bytes).value_or(0);
  fields.Text("mime_type");
  if (const Json* expires = fields.ObjectOrNull("expires_after")) {
    Fields inner(*expires, "expires_after.");
    inner.Require("anchor");
    inner.Require("seconds");
    const auto anchor = inner.Text("anchor");
    if (anchor && *anchor != "created_at") {
      inner.Fault(Refuse(400, "Invalid 'expires_after.anchor': must be 'created_at'.",
                         "expires_after.anchor", "invalid_value")
                      .value());
    }
    upload.file_expires_after = inner.Integer("seconds", 3600, 2'592'000).value_or(0);
    if (auto done = inner.Done(); !done) fields.Fault(done.error());
  }
  API_RETURN_IF_ERROR(fields.Done());
  API_RETURN_IF_ERROR(CheckPurpose(upload.purpose));
  API_RETURN_IF_ERROR(CheckName(upload.purpose, upload.filename));
  upload.id = "upload_" + RandomId(24);
  upload.status = "pending";
  upload.created_at = service.clock->UnixSeconds();
  upload.expires_at = upload.created_at + 3600;
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    REFUSE_IF_ERROR(SaveUpload(workspace.database(), upload));
    return UploadJson(workspace, upload);
  });
}

ApiResult<Json> AddPart(Service& service, IncomingRequest& request) {
  const auto data = request.files.find("data");
  // curl and the SDKs send a file field; a plain one would have come as text.
  if (data == request.files.end()) {
    return Refuse(400, "Missing required parameter: 'data'.", "data", "missing_required_parameter");
  }
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    const int64_t now = service.clock->UnixSeconds();
    API_ASSIGN(const Upload upload, RequireUpload(workspace, now, request.segments[2]));
    API_RETURN_IF_ERROR(RequirePending(upload));
    ASSIGN_OR_REFUSE(const auto parts, ListUploadParts(workspace.database(), upload.id));
    int64_t sum = data->second.bytes;
    for (const UploadPart& part : parts) sum += part.bytes;
    // Parts sent again after a lost answer are not all used; but disks are not endless.
    if (sum > 2 * upload.bytes + service.options.most_part_bytes) {
      return Refuse(400, "The parts hold far more bytes than the Upload announced.", "data",
                    "upload_too_large");
    }
    const UploadPart part{"part_" + RandomId(24), upload.id, data->second.bytes, now};
    std::error_code error;
    fs::rename(data->second.path, workspace.files_folder() / part.id, error);
    if (error) {
      return tl::unexpected<ApiError>(FromError(
          Error{ErrorKind::kFailed, "keeping a part of an upload: " + error.message(), ""}));
    }
    data->second.path.clear();
    REFUSE_IF_ERROR(AddUploadPart(workspace.database(), part));
    return Json{{"id", part.id},
                {"object", "upload.part"},
                {"created_at", part.created_at},
                {"upload_id", part.upload_id}};
  });
}

ApiResult<Json> CompleteUpload(Service& service, IncomingRequest& request) {
  API_ASSIGN(const Json body, ParseObject(request.body));
  Fields fields(body);
  fields.Require("part_ids");
  const Json* ids = fields.ArrayOrNull("part_ids");
  const std::string md5 = fields.Text("md5").value_or("");
  API_RETURN_IF_ERROR(fields.Done());
  std::vector<std::string> wanted;
  for (const Json& id : *ids) {
    if (!id.is_string()) {
      return Refuse(400, "Invalid type for 'part_ids': expected an array of strings.", "part_ids",
                    "invalid_type");
    }
    wanted.push_back(id.get<std::string>());
  }
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    const int64_t now = service.clock->UnixSeconds();
    API_ASSIGN(Upload upload, RequireUpload(workspace, now, request.segments[2]));
    // A client whose answer was lost asks again: the same file, not a second one.
    if (upload.status == "completed") return UploadJson(workspace, upload);
    API_RETURN_IF_ERROR(RequirePending(upload));
    ASSIGN_OR_REFUSE(const auto parts, ListUploadParts(workspace.database(), upload.id));
    int64_t sum = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto part = std::find_if(parts.begin(), parts.end(),
                                     [&](const UploadPart& p) { return p.id == wanted[i]; });
      if (part == parts.end() || std::count(wanted.begin(), wanted.end(), wanted[i]) > 1) {
        return Refuse(400, "Part " + wanted[i] + " is not one of this Upload, or named twice.",
                      "part_ids", "invalid_part_id");
      }
      sum += part->bytes;
    }
    if (sum != upload.bytes) {
      return Refuse(400,
                    "The parts hold " + std::to_string(sum) + " bytes, but the Upload announced " +
                        std::to_string(upload.bytes) + ".",
                    "part_ids", "upload_size_mismatch");
    }
    StoredFile file;
    file.id = "file-" + RandomId(24);
    file.purpose = upload.purpose;
    file.filename = upload.filename;
    file.bytes = upload.bytes;
    file.created_at = now;
    file.expires_at = upload.file_expires_after == 0 ? 0 : now + upload.file_expires_after;
    ASSIGN_OR_REFUSE(const auto joined, JoinFiles(workspace.files_folder(), wanted,
                                                  workspace.files_folder() / file.id));
    std::error_code ignored;
    if (!md5.empty() && md5 != joined.md5) {
      fs::remove(workspace.files_folder() / file.id, ignored);
      return Refuse(400, "The MD5 of the joined parts is not the one given.", "md5",
                    "md5_mismatch");
    }
    file.sha256 = joined.sha256;
    REFUSE_IF_ERROR(AddStoredFile(workspace.database(), file));
    upload.status = "completed";
    upload.file_id = file.id;
    REFUSE_IF_ERROR(SaveUpload(workspace.database(), upload));
    REFUSE_IF_ERROR(DropParts(workspace, upload.id));
    return UploadJson(workspace, upload);
  });
}

ApiResult<Json> CancelUpload(Service& service, IncomingRequest& request) {
  return service.WithWorkspace([&](Workspace& workspace) -> ApiResult<Json> {
    API_ASSIGN(Upload upload,
               RequireUpload(workspace, service.clock->UnixSeconds(), request.segments[2]));
    API_RETURN_IF_ERROR(RequirePending(upload));
    upload.status = "cancelled";
    REFUSE_IF_ERROR(SaveUpload(workspace.database(), upload));
    REFUSE_IF_ERROR(DropParts(workspace, upload.id));
    return UploadJson(workspace, upload);
  });
}

Status SweepFiles(Workspace& workspace, int64_t now, SweepLeftovers leftovers) {
  std::error_code ignored;
  ASSIGN_OR_RETURN(const auto expired, ListExpiredFiles(workspace.database(), now));
  for (const StoredFile& file : expired) {
    RETURN_IF_ERROR(DeleteStoredFile(workspace.database(), file.id));
    fs::remove(workspace.files_folder() / file.id, ignored);
  }
  ASSIGN_OR_RETURN(auto uploads, ListPendingUploads(workspace.database()));
  for (Upload& upload : uploads) {
    if (upload.expires_at > now) continue;
    upload.status = "expired";
    RETURN_IF_ERROR(SaveUpload(workspace.database(), upload));
    RETURN_IF_ERROR(DropParts(workspace, upload.id));
  }
  if (leftovers == SweepLeftovers::kNo) return {};
  for (fs::directory_iterator entry(workspace.files_folder(), ignored), end;
       !ignored && entry != end; entry.increment(ignored)) {
    if (entry->path().filename().string().starts_with("incoming-")) {
      std::error_code failed;
      fs::remove(entry->path(), failed);
    }
  }
  return {};
}

}  // namespace idiolect
