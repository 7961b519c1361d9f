#pragma once
// A fine-tuning job on this machine: from a dataset folder to a published model, with every step
// in the workspace's job table, in the shape OpenAI's API gives it. Used by `finetune`, `run` and
// later the server; knows the engine only as core/engine.h.
//
// The same work is the same job: a job is found again by the hash of its dataset, base model and
// options, so that a killed run goes on and a finished one is not repeated.

#include <filesystem>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "core/engine.h"
#include "store/jobs.h"
#include "store/workspace.h"

namespace idiolect {

// What a trained model must be told to speak as it was trained: kept beside its adapter or weights
// as persona.json.
struct PersonaCard {
  std::string name;           // shown to the user
  std::string source_id;      // "telegram:user123"
  std::string system_prompt;  // of the training samples; empty when they had none
  std::string base_model;     // catalogue name or file
  std::string dataset;        // folder, relative to the workspace
};
Result<PersonaCard> ReadPersonaCard(const std::filesystem::path& folder);

struct LocalJobRequest {
  std::filesystem::path dataset_folder;
  std::string persona_source_id;
  std::string persona_name;
  std::string base_name;       // as the user named it
  std::filesystem::path base;  // the file
  std::string base_sha256;
  std::string suffix;  // of the model's name; empty: from the persona's name
  TrainOptions options;
  EngineOptions engine;
};

enum class JobDecision {
  kAlreadyDone,
  kResumed,
  kStarted,
  kTrainedAlong,  // as one of several processes (base/process_place.h); the first one has the job
};

// What a dataset folder holds for a method: chat lines, or pairs as `export --dpo` writes them.
std::filesystem::path TrainFileOf(const std::filesystem::path& dataset, TrainMethod method);
std::filesystem::path ValidFileOf(const std::filesystem::path& dataset, TrainMethod method);

struct LocalJobOutcome {
  Job job;
  JobDecision decision = JobDecision::kStarted;
};

// The key under which the job of this request is filed.
Result<std::string> LocalJobKey(const LocalJobRequest& request);

// Runs to the end, or fails; interrupted, the job stays `running` and the next call goes on from
// its checkpoint. A failure of the engine makes the job `failed` with the reason; a next call
// starts over. `observer` gets what the engine reports, after it has been recorded.
Result<LocalJobOutcome> RunLocalJob(Workspace& workspace, const LocalJobRequest& request,
                                    const Engine& engine, const Clock& clock,
                                    TrainObserver& observer, const Interrupt& interrupt);

}  // namespace idiolect
