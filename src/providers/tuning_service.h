#pragma once
// A hosted fine-tuning service as the orchestration (jobs/hosted_job.h) and the commands see it:
// files, jobs, events, models, chat. One implementation speaks OpenAI's shape with the differences
// of the provider's row; Vertex AI and the Gemini API have one each.
//
// What creates something says whether it surely did not happen or perhaps did: then the caller
// looks before it tries again, so that nothing is uploaded or trained twice.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "core/chat_model.h"
#include "providers/http.h"
#include "providers/provider_table.h"

namespace idiolect {

struct RemoteFile {
  std::string id, name, purpose;
  std::string status;  // as the server says it: "uploaded", "processed", "error", …
  std::string status_details;
  int64_t bytes = 0, created_at = 0;
};

// How far a resumable upload came; kept by the caller between processes.
struct UploadMemory {
  std::string upload_id;  // or the session's address
  std::vector<std::string> part_ids;
  int64_t part_bytes = 0;
};

struct UploadRequest {
  std::filesystem::path path;
  int64_t bytes = 0;
  std::string name;  // under which the server lists it; holds the content's hash
  UploadMemory memory;
  std::function<Status(const UploadMemory&)> remember;  // after every part
  std::function<void(int64_t sent)> on_sent;
};

struct TuningRequest {
  std::string model;
  std::string training_file, validation_file;  // the server's ids; the second may be empty
  std::string suffix;
  std::string run_id;      // ours; in the job's metadata where the server keeps one
  int64_t epochs = 0;      // 0: the server's choice
  int64_t batch_size = 0;  // 0: the server's choice
  double rate = 0;         // 0: the server's choice; else what the row's `rate` says
  int64_t seed = -1;       // negative: the server's choice
};

struct RemoteJob {
  std::string id, model, training_file;
  std::string status;       // OpenAI's words; one not known is passed on as it is
  std::string run_id;       // as the server kept it; empty: it keeps none
  std::string tuned_model;  // empty until it succeeded
  std::string error_code, error_message;
  std::vector<std::string> result_files;
  int64_t created_at = 0, finished_at = 0, estimated_finish = 0;
  int64_t trained_tokens = 0;
  std::string hyperparameters = "{}";  // JSON object, as the server settled it

  bool Ended() const {
    return status == "succeeded" || status == "failed" || status == "cancelled";
  }
};

struct RemoteEvent {
  std::string id;
  int64_t created_at = 0;
  std::string level, type, message;
  std::string data;  // JSON object or empty
};

struct RemoteModel {
  std::string id, owner;
  std::string until;  // last day but one of its life ("shutdown_date"), empty: none told
  int64_t created_at = 0;
};

template <typename T>
struct Created {
  std::optional<T> made;
  Error error;              // where it was not made
  bool maybe_done = false;  // the server may have acted: look before trying again

  static Created Made(T value) { return {std::move(value), {}, false}; }
  static Created Refused(Error error) { return {std::nullopt, std::move(error), false}; }
  static Created Maybe(Error error) { return {std::nullopt, std::move(error), true}; }
};

enum class JobAction { kCancel, kPause, kResume };

// Thread-compatible. Errors: kNotFound, kUnavailable (away, even after the tries), kInterrupted,
// kFailed (refused: key, money, rights; the message is the server's, without keys), kBadInput (an
// answer that is not what the API promises).
class TuningService {
 public:
  virtual ~TuningService() = default;

  virtual Result<std::vector<RemoteFile>> ListFiles() = 0;
  virtual Result<std::optional<RemoteFile>> FindFile(const std::string& id) = 0;
  virtual Created<RemoteFile> Upload(const UploadRequest& request) = 0;
  virtual Status DeleteFile(const std::string& id) = 0;
  virtual Result<std::string> FileContent(const std::string& id) = 0;

  virtual Created<RemoteJob> CreateJob(const TuningRequest& request) = 0;
  virtual Result<std::optional<RemoteJob>> FindJob(const std::string& id) = 0;
  // Newest first, `most` at most.
  virtual Result<std::vector<RemoteJob>> ListJobs(size_t most) = 0;
  // Oldest first; those after the event `known_id`, all when it is empty or not there any more.
  virtual Result<std::vector<RemoteEvent>> Events(const std::string& job_id,
                                                  const std::string& known_id) = 0;
  virtual Result<RemoteJob> Act(const std::string& job_id, JobAction action) = 0;

  virtual Result<std::vector<RemoteModel>> ListModels() = 0;
  // nullopt also when the server has no way to ask.
  virtual Result<std::optional<RemoteModel>> FindModel(const std::string& id) = 0;
  // Over HTTP, streaming. The service must outlive it.
  virtual Result<std::unique_ptr<ChatModel>> Chat(const std::string& model) = 0;
};

struct ServiceOptions {
  Provider provider;                      // base_url filled in
  std::string key;                        // empty: none
  std::string key_source;                 // for messages: "OPENAI_API_KEY of .env"
  std::string closed_hint;                // what to try when the provider does not take jobs
  std::string project, location, bucket;  // Vertex
  Language language = Language::kEnglish;
};

// By the row's shape. `http`, `interrupt` and `clock` are borrowed.
std::unique_ptr<TuningService> MakeTuningService(const ServiceOptions& options, HttpClient& http,
                                                 const Clock& clock, const Interrupt& interrupt);

}  // namespace idiolect
