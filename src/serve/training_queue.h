#pragma once
// Runs the jobs that were asked for through the API, one at a time, oldest first, each in a process
// of its own: when a trainer crashes its job failed with a reason and the server lives. A server
// that was killed finds its jobs in the table and goes on with them from their checkpoints. What
// other processes ask for in the table (`idiolect jobs`) is seen there within a second.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/api_error.h"
#include "serve/service.h"
#include "store/jobs.h"

namespace idiolect {

struct TrainerCommand {
  // The job's id comes after these: {"/usr/bin/idiolect", "--workspace", …, "work"}.
  std::vector<std::string> arguments;
  // A trainer that was asked to stop writes a checkpoint; after so long it is ended.
  int stop_seconds = 60;
};

// Thread-safe.
class TrainingQueue {
 public:
  TrainingQueue(Service& service, TrainerCommand command);
  // Stops the trainer; its job stays `running` and goes on with the next start.
  ~TrainingQueue();

  void Start();
  // There may be something to do: a new job, or one that was resumed.
  void Wake();
  // What a client may ask of a job; 400 where its status does not allow it.
  ApiResult<void> Cancel(const std::string& job_id);
  ApiResult<void> Pause(const std::string& job_id);
  ApiResult<void> Resume(const std::string& job_id);
  std::string running_job() const;

 private:
  void Run();
  Result<std::optional<Job>> Next();
  Status Train(const Job& job);
  Status Settle(const std::string& job_id, int wait_status, const std::string& last_words);
  ApiResult<void> Want(const std::string& job_id, const char* wanted, const char* status,
                       const char* event);

  Service& service_;
  const TrainerCommand command_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false, ending_ = false;
  std::string running_;  // the job's id
  bool stop_ = false;    // asked of the running trainer
  std::thread thread_;
};

}  // namespace idiolect
