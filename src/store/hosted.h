#pragma once
// What the workspace knows of other people's servers: files it uploaded there and fine-tuning runs
// it began. A row is written before each step and after it, so that a killed process leaves either
// nothing or a trace to go on from.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace idiolect {

class Database;

struct HostedFile {
  std::string provider, account;  // its name and its base URL
  std::string sha256;             // of what was sent
  std::string name;               // under which the server lists it
  int64_t bytes = 0;
  std::string file_id;    // empty: not known to have arrived
  std::string upload_id;  // of an upload in parts that is under way; empty: none
  std::string part_ids;   // JSON list
  int64_t part_bytes = 0;
  int64_t sent_at_ms = 0;  // when it was last begun to be sent; 0: never
};

// The steps of a run, in order; a run is at the one it has begun last.
enum class HostedStep { kUpload, kCreate, kFollow, kTest, kDone };
const char* HostedStepName(HostedStep step);

struct HostedRun {
  std::string run_id;  // ours; in the job's metadata at the provider
  std::string provider, account;
  std::string key;  // what makes two runs the same work
  HostedStep step = HostedStep::kUpload;
  std::string model, persona, dataset;         // dataset: folder, relative to the workspace
  std::string training_file, validation_file;  // the server's ids; empty before
  std::string job_id;                          // empty: none known to have been created
  std::string last_event;                      // the server's id of the newest event recorded
  int64_t created_at = 0;
  int64_t create_sent_at_ms = 0;  // when the job's creation was last sent; 0: never
  std::string options;            // JSON: project, location and bucket, to come back with
};

Status SaveHostedFile(Database& database, const HostedFile& file);  // inserts or replaces
Result<std::optional<HostedFile>> FindHostedFile(Database& database, const std::string& provider,
                                                 const std::string& account,
                                                 const std::string& sha256);

Status SaveHostedRun(Database& database, const HostedRun& run);  // inserts or replaces
// The newest run with this key, or nullopt.
Result<std::optional<HostedRun>> FindHostedRunByKey(Database& database, const std::string& key);
Result<std::optional<HostedRun>> FindHostedRunByJob(Database& database, const std::string& job_id);
Result<std::vector<HostedRun>> ListHostedRuns(Database& database);  // newest first

// About how many people's messages lie in the dataset's conversations.
Result<int64_t> CountPeopleInDataset(Database& database, int64_t dataset_id);

}  // namespace idiolect
