#pragma once
// Fine-tuning jobs and the models they made, in the fields OpenAI's API has, whoever runs them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

class Database;

struct Job {
  std::string id;        // "ftjob-…"
  std::string provider;  // "local"
  std::string model;     // base model's name
  std::string persona;   // source id
  std::string dataset;   // folder, relative to the workspace
  std::string status;    // validating_files, queued, running, paused, succeeded, failed, cancelled
  std::string key;       // what makes two jobs the same work: dataset hash, base, options
  std::string hyperparameters;   // JSON object
  std::string fine_tuned_model;  // empty until it succeeded
  std::string adapter;           // folder, relative to the workspace; empty until it succeeded
  std::string error;             // empty unless failed
  std::string result;            // JSON object: losses, tokens, seconds
  int64_t created_at = 0;
  int64_t finished_at = 0;  // 0: not yet
};

struct JobEvent {
  int64_t id = 0;  // ascending
  int64_t created_at = 0;
  std::string level;  // info, warn, error
  std::string type;   // message, metrics
  std::string message;
  std::string data;  // JSON object or empty
};

// What a client of the server's API asked for, beside the job; empty texts where it said nothing.
struct JobRequest {
  std::string job_id;
  std::string training_file;
  std::string validation_file;
  std::string suffix;
  int64_t seed = 0;
  std::string method = "{}";        // JSON as asked
  std::string integrations = "[]";  // JSON list
  std::string metadata = "{}";      // JSON object
  std::string error_code;           // of a failed job
  std::string error_param;
  std::string result_file;     // empty until succeeded
  std::string wanted = "run";  // run, pause, cancel: what the trainer is to do
};

Status SaveJob(Database& database, const Job& job);  // inserts or replaces
Result<std::optional<Job>> FindJob(Database& database, const std::string& id);
// The newest job with this key, or nullopt.
Result<std::optional<Job>> FindJobByKey(Database& database, const std::string& key);
Result<std::vector<Job>> ListJobs(Database& database);  // newest first

Status SaveJobRequest(Database& database, const JobRequest& request);  // inserts or replaces
Result<std::optional<JobRequest>> FindJobRequest(Database& database, const std::string& job_id);

Status AddJobEvent(Database& database, const std::string& job_id, const JobEvent& event);
Result<std::vector<JobEvent>> ListJobEvents(Database& database, const std::string& job_id);
// Those that are newer than event `after`, oldest first.
Result<std::vector<JobEvent>> ListJobEventsAfter(Database& database, const std::string& job_id,
                                                 int64_t after);
// At most `limit` events, newest first, that are older than event `before` (0: from the newest on).
Result<std::vector<JobEvent>> ListNewestJobEvents(Database& database, const std::string& job_id,
                                                  int64_t before, int64_t limit);
// Forgets events that a killed process wrote past its last checkpoint.
Status DropJobEventsAfterStep(Database& database, const std::string& job_id, int64_t step);

}  // namespace idiolect
