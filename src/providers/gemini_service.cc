// The Gemini API's files (two days of life each). It has no tuning; everything else says so.
#include "providers/api_call.h"
#include "providers/services.h"

namespace idiolect {
namespace {

class GeminiService : public TuningService {
 public:
  GeminiService(const ServiceOptions& options, HttpClient& http, const Interrupt& interrupt)
      : caller_(options, http, interrupt) {}

  Result<std::vector<RemoteFile>> ListFiles() override {
    std::vector<RemoteFile> files;
    std::string token;
    for (int page = 0; page < 1000; ++page) {
      std::string path = "/v1beta/files?pageSize=100";
      if (!token.empty()) path += "&pageToken=" + UrlEncode(token);
      ASSIGN_OR_RETURN(const auto json, caller_.Ask("listing the files", "GET", path));
      const Json& rows = ChildOf(json, "files");
      if (rows.is_array()) {
        for (const Json& row : rows) files.push_back(FileOf(row));
      }
      token = TextOf(json, "nextPageToken");
      if (token.empty()) break;
    }
    return files;
  }

  Result<std::optional<RemoteFile>> FindFile(const std::string& id) override {
    auto json = caller_.Ask("looking at a file", "GET", "/v1beta/" + id);
    // Asking for a file that is gone is answered 403, too.
    if (!json && (json.error().kind == ErrorKind::kNotFound ||
                  json.error().message.find("has no right") != std::string::npos)) {
      return std::optional<RemoteFile>();
    }
    if (!json) return tl::unexpected<Error>(json.error());
    return std::optional<RemoteFile>(FileOf(*json));
  }

  // A resumable session: begun, then one request with all bytes that the server has not.
  Created<RemoteFile> Upload(const UploadRequest& request) override {
    const std::string doing = "uploading " + request.name;
    UploadMemory memory = request.memory;
    int64_t at = 0;
    if (!memory.upload_id.empty()) {
      auto query = caller_.Request("POST", memory.upload_id);
      if (!query) return Created<RemoteFile>::Refused(query.error());
      query->headers.emplace_back("X-Goog-Upload-Command: query");
      const HttpAnswer answer = caller_.Send(*query, Repeat::kAlways);
      const auto state = answer.headers.find("x-goog-upload-status");
      const auto size = answer.headers.find("x-goog-upload-size-received");
      if (answer.Ok() && state != answer.headers.end() && state->second == "active" &&
          size != answer.headers.end()) {
        at = std::min<int64_t>(std::strtoll(size->second.c_str(), nullptr, 10), request.bytes);
      } else {
        memory = {};
      }
    }
    if (memory.upload_id.empty()) {
      auto post =
          caller_.JsonRequest("/upload/v1beta/files", {{"file", {{"display_name", request.name}}}});
      if (!post) return Created<RemoteFile>::Refused(post.error());
      post->headers.emplace_back("X-Goog-Upload-Protocol: resumable");
      post->headers.emplace_back("X-Goog-Upload-Command: start");
      post->headers.push_back("X-Goog-Upload-Header-Content-Length: " +
                              std::to_string(request.bytes));
      post->headers.emplace_back("X-Goog-Upload-Header-Content-Type: text/plain");
      const HttpAnswer answer = caller_.Send(*post, Repeat::kAlways);
      if (!answer.Ok()) return Created<RemoteFile>::Refused(caller_.ErrorOf(doing, answer));
      const auto url = answer.headers.find("x-goog-upload-url");
      if (url == answer.headers.end()) {
        return Created<RemoteFile>::Refused(
            {ErrorKind::kBadInput, doing + ": the server opened no upload session", ""});
      }
      memory.upload_id = url->second;
      if (auto kept = request.remember(memory); !kept) {
        return Created<RemoteFile>::Refused(kept.error());
      }
    }
    auto put = caller_.Request("POST", memory.upload_id);
    if (!put) return Created<RemoteFile>::Refused(put.error());
    put->headers.emplace_back("X-Goog-Upload-Command: upload, finalize");
    put->headers.push_back("X-Goog-Upload-Offset: " + std::to_string(at));
    put->file = FileRange{request.path, static_cast<uint64_t>(at),
                          static_cast<uint64_t>(request.bytes - at)};
    put->total_timeout_s = 0;
    if (request.on_sent) {
      put->on_sent = [&](uint64_t sent) { request.on_sent(at + static_cast<int64_t>(sent)); };
    }
    auto made = caller_.Create(doing, *put);
    if (!made.made) return {std::nullopt, std::move(made.error), made.maybe_done};
    auto file = FileOf(ChildOf(*made.made, "file"));
    if (file.id.empty()) {
      return Created<RemoteFile>::Maybe(
          {ErrorKind::kBadInput, doing + ": the answer is not what the API promises", ""});
    }
    return Created<RemoteFile>::Made(std::move(file));
  }

  Status DeleteFile(const std::string& id) override {
    auto done = caller_.Ask("deleting a file", "DELETE", "/v1beta/" + id);
    if (!done) return tl::unexpected<Error>(done.error());
    return {};
  }
  Result<std::string> FileContent(const std::string&) override {
    return Fail(ErrorKind::kMisuse, "the Gemini API does not give files back");
  }

  Created<RemoteJob> CreateJob(const TuningRequest&) override {
    return Created<RemoteJob>::Refused(NoTuning());
  }
  Result<std::optional<RemoteJob>> FindJob(const std::string&) override {
    return tl::unexpected<Error>(NoTuning());
  }
  Result<std::vector<RemoteJob>> ListJobs(size_t) override { return std::vector<RemoteJob>(); }
  Result<std::vector<RemoteEvent>> Events(const std::string&, const std::string&) override {
    return std::vector<RemoteEvent>();
  }
  Result<RemoteJob> Act(const std::string&, JobAction) override {
    return tl::unexpected<Error>(NoTuning());
  }

  Result<std::vector<RemoteModel>> ListModels() override {
    std::vector<RemoteModel> models;
    ASSIGN_OR_RETURN(const auto json,
                     caller_.Ask("listing the models", "GET", "/v1beta/models?pageSize=1000"));
    const Json& rows = ChildOf(json, "models");
    if (rows.is_array()) {
      for (const Json& row : rows) models.push_back({TextOf(row, "name"), "google", "", 0});
    }
    return models;
  }
  Result<std::optional<RemoteModel>> FindModel(const std::string&) override {
    return std::optional<RemoteModel>();
  }
  Result<std::unique_ptr<ChatModel>> Chat(const std::string&) override {
    return tl::unexpected<Error>(NoTuning());
  }

 private:
  Error NoTuning() const {
    return {ErrorKind::kMisuse, caller_.options().provider.Note(caller_.options().language),
            "idiolect finetune --provider vertex"};
  }

  static RemoteFile FileOf(const Json& json) {
    RemoteFile file;
    file.id = TextOf(json, "name");  // "files/abc"
    file.name = TextOf(json, "displayName");
    file.purpose = "fine-tune";
    const std::string state = TextOf(json, "state");
    file.status = state == "ACTIVE" ? "processed" : state == "FAILED" ? "error" : "uploaded";
    file.bytes = IntegerOf(json, "sizeBytes");
    file.created_at = TimeOf(json, "createTime");
    return file;
  }

  ApiCaller caller_;
};

}  // namespace

std::unique_ptr<TuningService> MakeGeminiService(const ServiceOptions& options, HttpClient& http,
                                                 const Interrupt& interrupt) {
  return std::make_unique<GeminiService>(options, http, interrupt);
}

}  // namespace idiolect
