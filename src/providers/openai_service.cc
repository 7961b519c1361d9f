// OpenAI's files, uploads, fine-tuning jobs and models, with the differences that the provider's
// row names (Azure, Nebius, Together, compatible servers).
#include <algorithm>
#include <set>

#include "base/base64.h"
#include "base/log.h"
#include "providers/api_call.h"
#include "providers/http_chat_model.h"
#include "providers/services.h"

namespace idiolect {
namespace {

constexpr size_t kMostPages = 1000;

std::string StatusWord(const std::string& word) {
  static const std::pair<const char*, const char*> kWords[] = {{"pending", "queued"},
                                                               {"notRunning", "queued"},
                                                               {"created", "queued"},
                                                               {"compressing", "running"},
                                                               {"uploading", "running"},
                                                               {"cancel_requested", "running"},
                                                               {"completed", "succeeded"},
                                                               {"error", "failed"},
                                                               {"user_error", "failed"},
                                                               {"canceled", "cancelled"},
                                                               {"validating", "validating_files"}};
  for (const auto& [theirs, ours] : kWords) {
    if (word == theirs) return ours;
  }
  return word;
}

RemoteFile FileOf(const Json& json) {
  RemoteFile file;
  file.id = TextOf(json, "id");
  file.name = TextOf(json, "filename");
  file.purpose = TextOf(json, "purpose");
  file.status = TextOf(json, "status");
  file.status_details = TextOf(json, "status_details");
  file.bytes = IntegerOf(json, "bytes");
  file.created_at = TimeOf(json, "created_at");
  const Json& processed = ChildOf(json, "Processed");  // Together
  if (processed.is_boolean() && file.status.empty()) {
    file.status = processed.get<bool>() ? "processed" : "uploaded";
  }
  return file;
}

RemoteJob JobOf(const Json& json) {
  RemoteJob job;
  job.id = TextOf(json, "id");
  job.model = TextOf(json, "model");
  job.training_file = TextOf(json, "training_file");
  job.status = StatusWord(TextOf(json, "status"));
  job.run_id = TextOf(ChildOf(json, "metadata"), "idiolect_run");
  job.tuned_model = TextOf(json, "fine_tuned_model");
  for (const char* name : {"model_output_name", "output_name"}) {  // Together
    if (job.tuned_model.empty() && job.status == "succeeded") job.tuned_model = TextOf(json, name);
  }
  const Json& error = ChildOf(json, "error");
  job.error_code = TextOf(error, "code");
  job.error_message = TextOf(error, "message");
  const Json& files = ChildOf(json, "result_files");
  if (files.is_array()) {
    for (const Json& file : files) {
      if (file.is_string()) job.result_files.push_back(file.get<std::string>());
      if (file.is_object() && !TextOf(file, "id").empty()) {
        job.result_files.push_back(TextOf(file, "id"));
      }
    }
  }
  job.created_at = TimeOf(json, "created_at");
  job.finished_at = TimeOf(json, "finished_at");
  job.estimated_finish = TimeOf(json, "estimated_finish");
  job.trained_tokens = IntegerOf(json, "trained_tokens");
  if (job.trained_tokens == 0) job.trained_tokens = IntegerOf(json, "token_count");
  const Json& flat = ChildOf(json, "hyperparameters");
  const Json& method = ChildOf(json, "method");
  const Json& nested = ChildOf(ChildOf(method, TextOf(method, "type").c_str()), "hyperparameters");
  const Json& parameters = nested.is_object() ? nested : flat;
  if (parameters.is_object()) {
    job.hyperparameters = parameters.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return job;
}

RemoteEvent EventOf(const Json& json) {
  RemoteEvent event;
  event.id = TextOf(json, "id");
  event.created_at = TimeOf(json, "created_at");
  event.level = TextOf(json, "level");
  event.type = TextOf(json, "type");
  event.message = TextOf(json, "message");
  const Json& data = ChildOf(json, "data");
  if (data.is_object() && !data.empty()) {
    event.data = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  // An id is what tells an event already seen; Together's have none.
  if (event.id.empty()) event.id = std::to_string(event.created_at) + " " + event.message;
  return event;
}

class OpenAiService : public TuningService {
 public:
  OpenAiService(const ServiceOptions& options, HttpClient& http, const Interrupt& interrupt)
      : caller_(options, http, interrupt), row_(caller_.options().provider) {}

  // ---- files ----

  Result<std::vector<RemoteFile>> ListFiles() override {
    std::vector<RemoteFile> files;
    RETURN_IF_ERROR(Pages("listing the files", row_.files_path + "?purpose=fine-tune",
                          [&files](const Json& row) {
                            files.push_back(FileOf(row));
                            return true;
                          }));
    return files;
  }

  Result<std::optional<RemoteFile>> FindFile(const std::string& id) override {
    auto json = caller_.Ask("looking at a file", "GET", row_.files_path + "/" + UrlEncode(id));
    if (!json && json.error().kind == ErrorKind::kNotFound) return std::optional<RemoteFile>();
    if (!json) return tl::unexpected<Error>(json.error());
    auto file = FileOf(*json);
    if (file.id.empty()) return Strange("looking at a file");
    return std::optional<RemoteFile>(std::move(file));
  }

  Created<RemoteFile> Upload(const UploadRequest& request) override {
    if (row_.parts_above > 0 && request.bytes > row_.parts_above) return UploadInParts(request);
    const std::string doing = "uploading " + request.name;
    auto post = caller_.Request("POST", row_.upload_path);
    if (!post) return Created<RemoteFile>::Refused(post.error());
    std::vector<FormField> fields = {{"purpose", "fine-tune"}};
    if (row_.job_form == JobForm::kTogether) {
      fields.push_back({"file_name", request.name});
      fields.push_back({"file_type", "jsonl"});
    }
    SetMultipart(fields, "file", request.name,
                 {request.path, 0, static_cast<uint64_t>(request.bytes)}, &*post);
    post->total_timeout_s = 0;  // large files are slow; a stall ends it
    if (request.on_sent) {
      post->on_sent = [&request](uint64_t sent) {
        request.on_sent(std::min(static_cast<int64_t>(sent), request.bytes));
      };
    }
    return Uploaded(doing, caller_.Create(doing, *post));
  }

  Status DeleteFile(const std::string& id) override {
    auto done = caller_.Ask("deleting a file", "DELETE", row_.files_path + "/" + UrlEncode(id));
    if (!done) return tl::unexpected<Error>(done.error());
    return {};
  }

  Result<std::string> FileContent(const std::string& id) override {
    ASSIGN_OR_RETURN(auto request,
                     caller_.Request("GET", row_.files_path + "/" + UrlEncode(id) + "/content"));
    request.most_answer_bytes = uint64_t{1} << 30;
    request.total_timeout_s = 0;
    auto answer = caller_.Send(request, Repeat::kAlways);
    if (!answer.Ok()) {
      return tl::unexpected<Error>(caller_.ErrorOf("getting a file's content", answer));
    }
    return std::move(answer.body);
  }

  // ---- jobs ----

  Created<RemoteJob> CreateJob(const TuningRequest& request) override {
    const std::string doing = "creating the job";
    auto post = caller_.JsonRequest(row_.jobs_path, JobBody(request));
    if (!post) return Created<RemoteJob>::Refused(post.error());
    auto made = caller_.Create(doing, *post);
    if (!made.made) return {std::nullopt, std::move(made.error), made.maybe_done};
    auto job = JobOf(*made.made);
    if (job.id.empty()) return Created<RemoteJob>::Maybe(Strange(doing).value());
    return Created<RemoteJob>::Made(std::move(job));
  }

  Result<std::optional<RemoteJob>> FindJob(const std::string& id) override {
    auto json = caller_.Ask("looking at the job", "GET", JobPath(id));
    if (!json && json.error().kind == ErrorKind::kNotFound) return std::optional<RemoteJob>();
    if (!json) return tl::unexpected<Error>(json.error());
    auto job = JobOf(*json);
    if (job.id.empty() || job.status.empty()) return Strange("looking at the job");
    return std::optional<RemoteJob>(std::move(job));
  }

  Result<std::vector<RemoteJob>> ListJobs(size_t most) override {
    std::vector<RemoteJob> jobs;
    RETURN_IF_ERROR(Pages("listing the jobs", row_.jobs_path + "?limit=100", [&](const Json& row) {
      jobs.push_back(JobOf(row));
      return jobs.size() < most;
    }));
    return jobs;
  }

  Result<std::vector<RemoteEvent>> Events(const std::string& job_id,
                                          const std::string& known_id) override {
    std::vector<RemoteEvent> events;
    // Newest first: read back to the one we know.
    RETURN_IF_ERROR(Pages("reading the job's events", JobPath(job_id) + "/events?limit=100",
                          [&](const Json& row) {
                            auto event = EventOf(row);
                            if (!known_id.empty() && event.id == known_id) return false;
                            events.push_back(std::move(event));
                            return true;
                          }));
    // Some servers give them oldest first.
    const bool newest_first =
        events.size() < 2 || events.front().created_at >= events.back().created_at;
    if (newest_first) std::reverse(events.begin(), events.end());
    return events;
  }

  Result<RemoteJob> Act(const std::string& job_id, JobAction action) override {
    const char* word = action == JobAction::kCancel  ? "cancel"
                       : action == JobAction::kPause ? "pause"
                                                     : "resume";
    const std::string doing = std::string("asking to ") + word + " the job";
    // No body at all: OpenAI's description has none.
    ASSIGN_OR_RETURN(const auto request, caller_.Request("POST", JobPath(job_id) + "/" + word));
    const HttpAnswer answer = caller_.Send(request, Repeat::kAlways);
    if (!answer.Ok()) return tl::unexpected<Error>(caller_.ErrorOf(doing, answer));
    const Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    auto job = JobOf(json);
    if (job.id.empty()) return Strange(doing);
    return job;
  }

  // ---- models ----

  Result<std::vector<RemoteModel>> ListModels() override {
    std::vector<RemoteModel> models;
    ASSIGN_OR_RETURN(const auto answer, AskList("listing the models", "/models"));
    for (const Json& row : answer) models.push_back(ModelOf(row));
    return models;
  }

  Result<std::optional<RemoteModel>> FindModel(const std::string& id) override {
    auto json = caller_.Ask("looking at the model", "GET", "/models/" + UrlEncode(id));
    if (!json && json.error().kind == ErrorKind::kNotFound) return std::optional<RemoteModel>();
    if (!json) return tl::unexpected<Error>(json.error());
    return std::optional<RemoteModel>(ModelOf(*json));
  }

  Result<std::unique_ptr<ChatModel>> Chat(const std::string& model) override {
    return MakeHttpChatModel(caller_, model);
  }

 private:
  tl::unexpected<Error> Strange(const std::string& doing) const {
    return Fail(ErrorKind::kBadInput,
                doing + " at " + row_.title + ": the answer is not what the API promises",
                "check the base URL: " + row_.base_url);
  }

  std::string JobPath(const std::string& id) const { return row_.jobs_path + "/" + UrlEncode(id); }

  static RemoteModel ModelOf(const Json& json) {
    return {TextOf(json, "id"), TextOf(json, "owned_by"), TextOf(json, "shutdown_date"),
            TimeOf(json, "created")};
  }

  // The rows of a list, which some servers give without the object around it.
  Result<std::vector<Json>> AskList(const std::string& doing, const std::string& path) {
    ASSIGN_OR_RETURN(const auto request, caller_.Request("GET", path));
    const HttpAnswer answer = caller_.Send(request, Repeat::kAlways);
    if (!answer.Ok()) return tl::unexpected<Error>(caller_.ErrorOf(doing, answer));
    const Json json = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
    const Json& rows = json.is_array() ? json : ChildOf(json, "data");
    if (!rows.is_array()) return Strange(doing);
    return std::vector<Json>(rows.begin(), rows.end());
  }

  // All rows of a paged list until `take` says enough. The next page begins after the last id.
  template <typename Take>
  Status Pages(const std::string& doing, const std::string& path, const Take& take) {
    std::string after;
    std::set<std::string> seen;
    for (size_t page = 0; page < kMostPages; ++page) {
      std::string url = path;
      if (!after.empty()) {
        url += (path.find('?') == path.npos ? "?after=" : "&after=") + UrlEncode(after);
      }
      ASSIGN_OR_RETURN(const auto json, caller_.Ask(doing, "GET", url));
      const Json& rows = ChildOf(json, "data");
      if (!rows.is_array()) return Strange(doing);
      for (const Json& row : rows) {
        after = TextOf(row, "id");
        if (!after.empty() && !seen.insert(after).second) return {};  // a page again
        if (!take(row)) return {};
      }
      const Json& more = ChildOf(json, "has_more");
      if (rows.empty() || after.empty() || !more.is_boolean() || !more.get<bool>()) return {};
    }
    return {};
  }

  Created<RemoteFile> Uploaded(const std::string& doing, Created<Json> made) {
    if (!made.made) return {std::nullopt, std::move(made.error), made.maybe_done};
    auto file = FileOf(*made.made);
    if (file.id.empty()) return Created<RemoteFile>::Maybe(Strange(doing).value());
    return Created<RemoteFile>::Made(std::move(file));
  }

  // POST /uploads, its parts, complete. Parts that arrived are remembered; an upload that expired
  // is begun again. Only the last call makes a file, so only there a lost answer matters.
  Created<RemoteFile> UploadInParts(const UploadRequest& request) {
    const std::string doing = "uploading " + request.name;
    UploadMemory memory = request.memory;
    for (int begun = 0;; ++begun) {
      if (memory.upload_id.empty() || memory.part_bytes <= 0) {
        memory = {};
        auto json = caller_.Post(doing, "/uploads",
                                 {{"filename", request.name},
                                  {"purpose", "fine-tune"},
                                  {"bytes", request.bytes},
                                  {"mime_type", "text/jsonl"}},
                                 Repeat::kAlways);
        if (!json) return Created<RemoteFile>::Refused(json.error());
        memory.upload_id = TextOf(*json, "id");
        memory.part_bytes = row_.part_bytes;
        if (memory.upload_id.empty()) return Created<RemoteFile>::Refused(Strange(doing).value());
        if (auto kept = request.remember(memory); !kept) {
          return Created<RemoteFile>::Refused(kept.error());
        }
      }
      const auto parts = SendParts(request, &memory);
      const bool gone = !parts && (parts.error().kind == ErrorKind::kNotFound ||
                                   parts.error().kind == ErrorKind::kFailed);
      if (!parts && !(gone && begun == 0)) return Created<RemoteFile>::Refused(parts.error());
      if (parts) break;
      memory = {};  // expired or cancelled: once more from the start
    }
    auto post = caller_.JsonRequest("/uploads/" + UrlEncode(memory.upload_id) + "/complete",
                                    {{"part_ids", memory.part_ids}});
    if (!post) return Created<RemoteFile>::Refused(post.error());
    auto made = caller_.Create(doing, *post);
    if (!made.made) {
      // What cannot be completed is begun anew next time.
      if (!made.maybe_done && made.error.kind != ErrorKind::kUnavailable &&
          made.error.kind != ErrorKind::kInterrupted) {
        (void)request.remember({});
      }
      return {std::nullopt, std::move(made.error), made.maybe_done};
    }
    auto file = FileOf(ChildOf(*made.made, "file"));
    if (file.id.empty()) return Created<RemoteFile>::Maybe(Strange(doing).value());
    return Created<RemoteFile>::Made(std::move(file));
  }

  Status SendParts(const UploadRequest& request, UploadMemory* memory) {
    const std::string doing = "uploading " + request.name;
    const int64_t size = memory->part_bytes;
    for (auto at = static_cast<int64_t>(memory->part_ids.size()) * size; at < request.bytes;
         at += size) {
      const int64_t bytes = std::min(size, request.bytes - at);
      ASSIGN_OR_RETURN(
          auto post,
          caller_.Request("POST", "/uploads/" + UrlEncode(memory->upload_id) + "/parts"));
      SetMultipart({}, "data", request.name,
                   {request.path, static_cast<uint64_t>(at), static_cast<uint64_t>(bytes)}, &post);
      post.total_timeout_s = 0;
      if (request.on_sent) {
        post.on_sent = [&](uint64_t sent) {
          request.on_sent(at + std::min(static_cast<int64_t>(sent), bytes));
        };
      }
      const HttpAnswer answer = caller_.Send(post, Repeat::kAlways);
      if (!answer.Ok()) return tl::unexpected<Error>(caller_.ErrorOf(doing, answer));
      const std::string id = TextOf(Json::parse(answer.body, nullptr, false), "id");
      if (id.empty()) return Strange(doing);
      memory->part_ids.push_back(id);
      RETURN_IF_ERROR(request.remember(*memory));
    }
    return {};
  }

  Json JobBody(const TuningRequest& request) const {
    Json body = {{"model", request.model}, {"training_file", request.training_file}};
    if (!request.validation_file.empty()) body["validation_file"] = request.validation_file;
    if (!request.suffix.empty()) body["suffix"] = request.suffix;
    if (row_.job_form == JobForm::kTogether) {
      if (request.epochs > 0) body["n_epochs"] = request.epochs;
      if (request.batch_size > 0) body["batch_size"] = request.batch_size;
      if (request.rate > 0) body["learning_rate"] = request.rate;
      if (request.seed >= 0) body["random_seed"] = request.seed;
      if (!request.validation_file.empty()) body["n_evals"] = 1;
      body["training_method"] = {{"method", "sft"}, {"train_on_inputs", false}};
      body["training_type"] = {{"type", "Lora"}};
      return body;
    }
    Json parameters = Json::object();
    if (request.epochs > 0) parameters["n_epochs"] = request.epochs;
    if (request.batch_size > 0) parameters["batch_size"] = request.batch_size;
    if (request.rate > 0) parameters["learning_rate_multiplier"] = request.rate;
    if (row_.job_form == JobForm::kMethod) {
      Json method = {{"type", "supervised"}, {"supervised", Json::object()}};
      if (!parameters.empty()) method["supervised"]["hyperparameters"] = parameters;
      body["method"] = std::move(method);
    } else {
      if (row_.rate == RateMeaning::kAbsolute) parameters["lora"] = true;  // Nebius
      body["hyperparameters"] = std::move(parameters);
    }
    if (request.seed >= 0) body["seed"] = request.seed;
    if (row_.metadata) body["metadata"] = {{"idiolect_run", request.run_id}};
    return body;
  }

  ApiCaller caller_;
  const Provider& row_;
};

}  // namespace

std::unique_ptr<TuningService> MakeOpenAiService(const ServiceOptions& options, HttpClient& http,
                                                 const Interrupt& interrupt) {
  return std::make_unique<OpenAiService>(options, http, interrupt);
}

std::unique_ptr<TuningService> MakeTuningService(const ServiceOptions& options, HttpClient& http,
                                                 const Clock& clock, const Interrupt& interrupt) {
  switch (options.provider.shape) {
    case ServiceShape::kVertex:
      return MakeVertexService(options, http, clock, interrupt);
    case ServiceShape::kGemini:
      return MakeGeminiService(options, http, interrupt);
    case ServiceShape::kOpenAi:
      break;
  }
  return MakeOpenAiService(options, http, interrupt);
}

}  // namespace idiolect
