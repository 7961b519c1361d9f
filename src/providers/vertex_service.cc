// Vertex AI (Gemini Enterprise Agent Platform): files in a Cloud Storage bucket, tuning jobs,
// answers by streamGenerateContent. A file's id is its gs:// address, a job's id the last part of
// its resource name.
#include <algorithm>

#include "base/text.h"
#include "providers/api_call.h"
#include "providers/google_token.h"
#include "providers/services.h"
#include "providers/sse.h"

namespace idiolect {
namespace {

constexpr char kFolder[] = "idiolect/";
constexpr char kRunMark[] = "idiolect run ";
constexpr int64_t kChunk = 8 << 20;  // a multiple of 256 KiB, as Cloud Storage wants

std::string StatusWord(const std::string& state) {
  static const std::pair<const char*, const char*> kWords[] = {
      {"JOB_STATE_QUEUED", "queued"},
      {"JOB_STATE_PENDING", "queued"},
      {"JOB_STATE_RUNNING", "running"},
      {"JOB_STATE_SUCCEEDED", "succeeded"},
      {"JOB_STATE_FAILED", "failed"},
      {"JOB_STATE_EXPIRED", "failed"},
      {"JOB_STATE_CANCELLING", "running"},
      {"JOB_STATE_CANCELLED", "cancelled"},
      {"JOB_STATE_PAUSED", "paused"},
      {"JOB_STATE_UPDATING", "running"},
      {"JOB_STATE_PARTIALLY_SUCCEEDED", "succeeded"}};
  for (const auto& [theirs, ours] : kWords) {
    if (state == theirs) return ours;
  }
  return state;
}

std::string LastPart(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

// ---- chat ---------------------------------------------------------------------------------------

class VertexChatSession : public ChatSession {
 public:
  VertexChatSession(ApiCaller& caller, std::string path, std::string model)
      : caller_(caller), path_(std::move(path)), model_(std::move(model)) {}

  Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                              const GenerateOptions& options, const TextSink& sink,
                              const Interrupt& interrupt) override {
    const std::string doing = "asking " + model_;
    ASSIGN_OR_RETURN(auto request, caller_.JsonRequest(path_ + ":streamGenerateContent?alt=sse",
                                                       BodyOf(messages, options)));
    request.total_timeout_s = 0;
    Generation made;
    SseReader reader;
    bool began = false, stopped = false, finished = false;
    const auto take = [&](std::string_view data) {
      const Json chunk = Json::parse(data, nullptr, /*allow_exceptions=*/false);
      const Json& usage = ChildOf(chunk, "usageMetadata");
      if (usage.is_object()) {
        made.prompt_tokens = static_cast<int>(IntegerOf(usage, "promptTokenCount"));
        made.completion_tokens = static_cast<int>(IntegerOf(usage, "candidatesTokenCount"));
      }
      const Json& candidates = ChildOf(chunk, "candidates");
      if (!candidates.is_array() || candidates.empty()) return true;
      const Json& parts = ChildOf(ChildOf(candidates.front(), "content"), "parts");
      if (parts.is_array()) {
        for (const Json& part : parts) {
          const std::string piece = RepairUtf8(TextOf(part, "text"));
          if (piece.empty()) continue;
          made.text += piece;
          stopped = !sink(piece);
          if (stopped) return false;
        }
      }
      const std::string finish = TextOf(candidates.front(), "finishReason");
      if (!finish.empty()) finished = true;
      if (finish == "MAX_TOKENS") made.finish = FinishReason::kLength;
      return true;
    };
    request.on_body = [&](std::string_view bytes) {
      began = true;
      return !interrupt.Requested() && reader.Feed(bytes, take);
    };
    request.begun = &began;
    const HttpAnswer answer = caller_.Send(request, Repeat::kAlways, interrupt);
    if (!stopped && !reader.too_large()) reader.End(take);
    if (interrupt.Requested() || stopped) {
      made.finish = FinishReason::kInterrupted;
      return made;
    }
    if (!answer.Ok()) return tl::unexpected<Error>(caller_.ErrorOf(doing, answer));
    if (!finished) {
      return Fail(ErrorKind::kUnavailable, doing + ": the answer broke off", "ask again");
    }
    return made;
  }

 private:
  static Json BodyOf(const std::vector<ChatMessage>& messages, const GenerateOptions& options) {
    Json body;
    body["contents"] = Json::array();
    for (const auto& message : messages) {
      const Json parts = {{{"text", message.content}}};
      if (message.role == "system") {
        body["systemInstruction"] = {{"role", "system"}, {"parts", parts}};
      } else {
        body["contents"].push_back(
            {{"role", message.role == "assistant" ? "model" : "user"}, {"parts", parts}});
      }
    }
    // Tuned thinking models answer best without thoughts (contract 2.2).
    body["generationConfig"] = {{"maxOutputTokens", options.max_tokens},
                                {"temperature", options.temperature},
                                {"topP", options.top_p},
                                {"seed", static_cast<int64_t>(options.seed & 0x7fffffff)},
                                {"thinkingConfig", {{"thinkingBudget", 0}}}};
    if (!options.stop.empty()) body["generationConfig"]["stopSequences"] = options.stop;
    return body;
  }

  ApiCaller& caller_;
  std::string path_, model_;
};

class VertexChatModel : public ChatModel {
 public:
  VertexChatModel(ApiCaller& caller, std::string path, std::string model)
      : caller_(caller), path_(std::move(path)), model_(std::move(model)) {}
  std::string Name() const override { return model_; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::make_unique<VertexChatSession>(caller_, path_, model_);
  }

 private:
  ApiCaller& caller_;
  std::string path_, model_;
};

// ---- files and jobs -----------------------------------------------------------------------------

class VertexService : public TuningService {
 public:
  VertexService(const ServiceOptions& options, HttpClient& http, const Clock& clock,
                const Interrupt& interrupt)
      : caller_(options, http, interrupt),
        options_(caller_.options()),
        token_(options.key, http, clock, interrupt),
        parent_("/v1/projects/" + UrlEncode(options.project) + "/locations/" +
                UrlEncode(options.location)),
        storage_(options.provider.storage_url) {
    caller_.token = [this] { return token_.Get(); };
  }

  Result<std::vector<RemoteFile>> ListFiles() override {
    std::vector<RemoteFile> files;
    RETURN_IF_ERROR(Pages("listing the bucket", Objects() + "?prefix=idiolect%2F", "items",
                          [&](const Json& row) {
                            files.push_back(FileOf(row));
                            return true;
                          }));
    return files;
  }

  Result<std::optional<RemoteFile>> FindFile(const std::string& id) override {
    auto json = caller_.Ask("looking at a file", "GET", ObjectPath(id));
    if (!json && json.error().kind == ErrorKind::kNotFound) return std::optional<RemoteFile>();
    if (!json) return tl::unexpected<Error>(json.error());
    return std::optional<RemoteFile>(FileOf(*json));
  }

  // A resumable session; ifGenerationMatch=0 makes the server itself refuse to write it twice.
  Created<RemoteFile> Upload(const UploadRequest& request) override {
    const std::string doing = "uploading " + request.name;
    const std::string id = "gs://" + options_.bucket + "/" + kFolder + request.name;
    UploadMemory memory = request.memory;
    int64_t at = 0;
    if (!memory.upload_id.empty()) {
      const auto known = Resume(memory.upload_id, request.bytes);
      if (known.finished) return Created<RemoteFile>::Maybe({ErrorKind::kUnavailable, doing, ""});
      if (known.gone) memory = {};
      at = known.received;
    }
    if (memory.upload_id.empty()) {
      at = 0;
      auto post =
          caller_.JsonRequest(storage_ + "/upload/storage/v1/b/" + UrlEncode(options_.bucket) +
                                  "/o?uploadType=resumable&ifGenerationMatch=0&name=" +
                                  UrlEncode(kFolder + request.name),
                              {{"contentType", "application/jsonl"}});
      if (!post) return Created<RemoteFile>::Refused(post.error());
      const HttpAnswer answer = caller_.Send(*post, Repeat::kAlways);
      if (answer.status == 412) return Found(doing, id);
      if (!answer.Ok()) return Created<RemoteFile>::Refused(caller_.ErrorOf(doing, answer));
      const auto location = answer.headers.find("location");
      if (location == answer.headers.end()) {
        return Created<RemoteFile>::Refused(
            {ErrorKind::kBadInput, doing + ": the server opened no upload session", ""});
      }
      memory.upload_id = location->second;
      memory.part_bytes = kChunk;
      if (auto kept = request.remember(memory); !kept) {
        return Created<RemoteFile>::Refused(kept.error());
      }
    }
    while (at < request.bytes) {
      const int64_t bytes = std::min(kChunk, request.bytes - at);
      auto put = caller_.Request("PUT", memory.upload_id);
      if (!put) return Created<RemoteFile>::Refused(put.error());
      put->headers.push_back("Content-Range: bytes " + std::to_string(at) + "-" +
                             std::to_string(at + bytes - 1) + "/" + std::to_string(request.bytes));
      put->headers.emplace_back("Content-Type: application/jsonl");
      put->file = FileRange{request.path, static_cast<uint64_t>(at), static_cast<uint64_t>(bytes)};
      put->total_timeout_s = 0;
      if (request.on_sent) {
        put->on_sent = [&](uint64_t sent) { request.on_sent(at + static_cast<int64_t>(sent)); };
      }
      const bool last = at + bytes == request.bytes;
      const HttpAnswer answer = caller_.Send(*put, Repeat::kUnlessMaybeDone);
      if (answer.status == 308 && !answer.error) {
        at = ReceivedOf(answer);
        if (last) continue;
        continue;
      }
      if (answer.status == 412) return Found(doing, id);
      if (answer.Ok()) {
        return Created<RemoteFile>::Made(
            FileOf(Json::parse(answer.body, nullptr, /*allow_exceptions=*/false)));
      }
      return Created<RemoteFile>::Maybe(caller_.ErrorOf(doing, answer));
    }
    return Found(doing, id);
  }

  Status DeleteFile(const std::string& id) override {
    ASSIGN_OR_RETURN(const auto request, caller_.Request("DELETE", ObjectPath(id)));
    const HttpAnswer answer = caller_.Send(request, Repeat::kAlways);
    if (!answer.Ok()) return tl::unexpected<Error>(caller_.ErrorOf("deleting a file", answer));
    return {};
  }

  Result<std::string> FileContent(const std::string& id) override {
    ASSIGN_OR_RETURN(auto request, caller_.Request("GET", ObjectPath(id) + "?alt=media"));
    request.most_answer_bytes = uint64_t{1} << 30;
    request.total_timeout_s = 0;
    auto answer = caller_.Send(request, Repeat::kAlways);
    if (!answer.Ok()) {
      return tl::unexpected<Error>(caller_.ErrorOf("getting a file's content", answer));
    }
    return std::move(answer.body);
  }

  Created<RemoteJob> CreateJob(const TuningRequest& request) override {
    Json spec = {{"trainingDatasetUri", request.training_file}};
    if (!request.validation_file.empty()) spec["validationDatasetUri"] = request.validation_file;
    Json parameters = Json::object();
    // 64-bit numbers are texts in Google's JSON.
    if (request.epochs > 0) parameters["epochCount"] = std::to_string(request.epochs);
    if (request.rate > 0) parameters["learningRateMultiplier"] = request.rate;
    if (!parameters.empty()) spec["hyperParameters"] = parameters;
    const Json body = {
        {"baseModel", request.model},
        {"tunedModelDisplayName", request.suffix.empty() ? "idiolect" : request.suffix},
        {"description", kRunMark + request.run_id},
        {"supervisedTuningSpec", spec}};
    auto post = caller_.JsonRequest(parent_ + "/tuningJobs", body);
    if (!post) return Created<RemoteJob>::Refused(post.error());
    auto made = caller_.Create("creating the job", *post);
    if (!made.made) return {std::nullopt, std::move(made.error), made.maybe_done};
    auto job = JobOf(*made.made);
    if (job.id.empty()) {
      return Created<RemoteJob>::Maybe(
          {ErrorKind::kBadInput, "creating the job: the answer is not what the API promises", ""});
    }
    return Created<RemoteJob>::Made(std::move(job));
  }

  Result<std::optional<RemoteJob>> FindJob(const std::string& id) override {
    auto json = caller_.Ask("looking at the job", "GET", parent_ + "/tuningJobs/" + UrlEncode(id));
    if (!json && json.error().kind == ErrorKind::kNotFound) return std::optional<RemoteJob>();
    if (!json) return tl::unexpected<Error>(json.error());
    return std::optional<RemoteJob>(JobOf(*json));
  }

  Result<std::vector<RemoteJob>> ListJobs(size_t most) override {
    std::vector<RemoteJob> jobs;
    RETURN_IF_ERROR(Pages("listing the jobs", parent_ + "/tuningJobs?pageSize=100", "tuningJobs",
                          [&](const Json& row) {
                            jobs.push_back(JobOf(row));
                            return jobs.size() < most;
                          }));
    return jobs;
  }

  // Vertex tells states and no events.
  Result<std::vector<RemoteEvent>> Events(const std::string&, const std::string&) override {
    return std::vector<RemoteEvent>();
  }

  Result<RemoteJob> Act(const std::string& job_id, JobAction action) override {
    if (action != JobAction::kCancel) {
      return Fail(ErrorKind::kMisuse, "Vertex AI cannot pause or resume a tuning job",
                  "it can cancel: idiolect jobs cancel ID");
    }
    RETURN_IF_ERROR(caller_.Post("cancelling the job",
                                 parent_ + "/tuningJobs/" + UrlEncode(job_id) + ":cancel",
                                 Json::object(), Repeat::kAlways));
    ASSIGN_OR_RETURN(auto job, FindJob(job_id));
    if (!job) return Fail(ErrorKind::kNotFound, "the job " + job_id + " is gone");
    return *std::move(job);
  }

  Result<std::vector<RemoteModel>> ListModels() override {
    std::vector<RemoteModel> models;
    for (const auto& model : options_.provider.models) {
      models.push_back({model.id, "google", model.until, 0});
    }
    ASSIGN_OR_RETURN(const auto jobs, ListJobs(1000));
    for (const auto& job : jobs) {
      if (!job.tuned_model.empty())
        models.push_back({job.tuned_model, "tuned", "", job.created_at});
    }
    return models;
  }
  Result<std::optional<RemoteModel>> FindModel(const std::string&) override {
    return std::optional<RemoteModel>();
  }

  Result<std::unique_ptr<ChatModel>> Chat(const std::string& model) override {
    // A tuned model is an endpoint's resource name; a base model has a short one.
    const std::string path = model.find('/') == model.npos
                                 ? parent_ + "/publishers/google/models/" + UrlEncode(model)
                                 : "/v1/" + model;
    return std::make_unique<VertexChatModel>(caller_, path, model);
  }

 private:
  struct Known {
    bool finished = false, gone = false;
    int64_t received = 0;
  };

  std::string Objects() const {
    return storage_ + "/storage/v1/b/" + UrlEncode(options_.bucket) + "/o";
  }
  std::string ObjectPath(const std::string& id) const {
    const std::string start = "gs://" + options_.bucket + "/";
    return Objects() + "/" + UrlEncode(id.starts_with(start) ? id.substr(start.size()) : id);
  }

  static RemoteFile FileOf(const Json& json) {
    RemoteFile file;
    const std::string name = TextOf(json, "name");
    file.id = "gs://" + TextOf(json, "bucket") + "/" + name;
    file.name = LastPart(name);
    file.purpose = "fine-tune";
    file.status = "processed";
    file.bytes = IntegerOf(json, "size");
    file.created_at = TimeOf(json, "timeCreated");
    return file;
  }

  static RemoteJob JobOf(const Json& json) {
    RemoteJob job;
    job.id = LastPart(TextOf(json, "name"));
    job.model = TextOf(json, "baseModel");
    job.status = StatusWord(TextOf(json, "state"));
    const Json& spec = ChildOf(json, "supervisedTuningSpec");
    job.training_file = TextOf(spec, "trainingDatasetUri");
    const std::string description = TextOf(json, "description");
    if (description.starts_with(kRunMark)) job.run_id = description.substr(sizeof kRunMark - 1);
    const Json& tuned = ChildOf(json, "tunedModel");
    job.tuned_model = TextOf(tuned, "endpoint");
    if (job.tuned_model.empty()) job.tuned_model = TextOf(tuned, "model");
    const Json& error = ChildOf(json, "error");
    job.error_message = TextOf(error, "message");
    if (const int64_t code = IntegerOf(error, "code"); code != 0)
      job.error_code = std::to_string(code);
    job.created_at = TimeOf(json, "createTime");
    job.finished_at = TimeOf(json, "endTime");
    const Json& stats = ChildOf(ChildOf(json, "tuningDataStats"), "supervisedTuningDataStats");
    job.trained_tokens = IntegerOf(stats, "totalBillableTokenCount");
    const Json& parameters = ChildOf(spec, "hyperParameters");
    if (parameters.is_object()) {
      job.hyperparameters = parameters.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    return job;
  }

  // "bytes=0-8388607"
  static int64_t ReceivedOf(const HttpAnswer& answer) {
    const auto range = answer.headers.find("range");
    if (range == answer.headers.end()) return 0;
    const size_t dash = range->second.rfind('-');
    return dash == std::string::npos
               ? 0
               : std::strtoll(range->second.c_str() + dash + 1, nullptr, 10) + 1;
  }

  // How far the session of an earlier process came.
  Known Resume(const std::string& session, int64_t bytes) {
    auto put = caller_.Request("PUT", session);
    if (!put) return {false, true, 0};
    put->headers.push_back("Content-Range: bytes */" + std::to_string(bytes));
    const HttpAnswer answer = caller_.Send(*put, Repeat::kAlways);
    if (answer.status == 308) return {false, false, ReceivedOf(answer)};
    if (answer.Ok()) return {true, false, bytes};
    return {false, true, 0};
  }

  Created<RemoteFile> Found(const std::string& doing, const std::string& id) {
    auto file = FindFile(id);
    if (!file) return Created<RemoteFile>::Maybe(file.error());
    if (*file) return Created<RemoteFile>::Made(*std::move(*file));
    return Created<RemoteFile>::Maybe(
        {ErrorKind::kUnavailable, doing + ": the bucket does not show it yet", ""});
  }

  template <typename Take>
  Status Pages(const std::string& doing, const std::string& path, const char* field,
               const Take& take) {
    std::string token;
    for (int page = 0; page < 1000; ++page) {
      ASSIGN_OR_RETURN(const auto json,
                       caller_.Ask(doing, "GET",
                                   token.empty() ? path : path + "&pageToken=" + UrlEncode(token)));
      const Json& rows = ChildOf(json, field);
      if (rows.is_array()) {
        for (const Json& row : rows) {
          if (!take(row)) return {};
        }
      }
      token = TextOf(json, "nextPageToken");
      if (token.empty()) return {};
    }
    return {};
  }

  ApiCaller caller_;
  const ServiceOptions& options_;
  GoogleToken token_;
  std::string parent_, storage_;
};

}  // namespace

std::unique_ptr<TuningService> MakeVertexService(const ServiceOptions& options, HttpClient& http,
                                                 const Clock& clock, const Interrupt& interrupt) {
  return std::make_unique<VertexService>(options, http, clock, interrupt);
}

}  // namespace idiolect
