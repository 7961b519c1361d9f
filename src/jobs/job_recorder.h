#pragma once
// What every job of this machine shares, whoever asked for it: the engine's reports written into
// the job's events, options and results as JSON, the persona's card beside the adapter.

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "core/engine.h"
#include "jobs/local_job.h"
#include "store/jobs.h"

namespace idiolect {

class Database;

std::string TrainOptionsJson(const TrainOptions& options);  // a JSON object
std::string TrainResultJson(const TrainResult& result);     // a JSON object
// Letters and digits of a name in Latin script, for a model's name and folders.
std::string ModelSuffix(const std::string& name);
// Of the first sample or pair; empty when it has none.
std::string SystemPromptOf(const TrainRequest& request);
Status WritePersonaCard(const std::filesystem::path& folder, const PersonaCard& card);
std::filesystem::path RelativeTo(const std::filesystem::path& path,
                                 const std::filesystem::path& folder);

// Writes what the engine reports into the job's events before `next` sees it. Thread-compatible.
class JobRecorder : public TrainObserver {
 public:
  // All must outlive it. `job.hyperparameters` is set to what was resolved.
  JobRecorder(Database& database, Job& job, const Clock& clock, TrainObserver& next);

  void OnPlan(const TrainPlan& plan) override;
  void OnResume(int64_t step) override;
  void OnStep(const TrainStep& step) override;
  void OnValidation(const Validation& v) override;

  // `data` is a JSON object or empty.
  void Event(const char* level, const char* type, std::string message, std::string data);
  // The first thing that could not be written; training goes on, the job then says so.
  const Status& status() const { return status_; }

 private:
  void Keep(Status status);

  Database& database_;
  Job& job_;
  const Clock& clock_;
  TrainObserver& next_;
  bool preferences_ = false;
  Status status_;
};

}  // namespace idiolect
