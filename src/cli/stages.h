#pragma once
// The stages as the commands and `run` share them: each knows how to choose its inputs, whether it
// must run, and what it prints.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/report.h"
#include "cli/context.h"
#include "cli/options.h"
#include "core/engine.h"
#include "dataset/build.h"
#include "jobs/local_job.h"
#include "store/messages.h"
#include "validate/training_time.h"

namespace idiolect {

enum class Explain { kNo, kYes };
enum class Force { kNo, kYes };

// What a stage did: its summary as JSON, and whether it had to run.
struct StageResult {
  std::string summary;
  bool ran = true;
};

// --- import ---
// Skipped when the same files (path, size, time of change) were imported by the last run.
Result<StageResult> ImportStage(Context& context, Workspace& workspace,
                                const std::vector<std::string>& paths, Explain explain,
                                Force force);

// --- people ---
// `wanted` as the user wrote it; empty: the remembered one. What is chosen in passing holds for
// that command, and is remembered only when nobody was chosen before.
enum class Remember { kIfFirst, kYes };
Result<PersonSummary> ChoosePersona(Context& context, Workspace& workspace,
                                    const std::string& wanted,
                                    Remember remember = Remember::kIfFirst);
std::string ShownName(const PersonSummary& person);

// --- build ---
Result<StageResult> BuildStage(Context& context, Workspace& workspace, const PersonSummary& persona,
                               const BuildOptions& options, Explain explain, Force force);
void AddBuildOptions(CLI::App& app, Language language, BuildOptions& options);
// The newest dataset of the persona, a full path. kNotFound says to build one.
Result<std::filesystem::path> NewestDataset(Workspace& workspace, const PersonSummary& persona);

// --- time ---
struct TimeHereOptions {
  std::string model;  // a base model of this machine
  std::vector<std::filesystem::path> train, valid;
  TrainOptions options;
  EngineOptions engine;
  bool anew = false;  // even when a speed is remembered
};
// Trains for ten seconds where no speed of this machine is remembered.
Result<TrainingTime> TimeHere(Context& context, const TimeHereOptions& options);

// --- report ---
enum class MeasureTime { kNo, kYes };
// Of the persona's newest dataset, in the language of the context. With kYes the instructions tell
// how long training here takes, where a base model is on this machine.
Result<StageResult> ReportStage(Context& context, Workspace& workspace,
                                const PersonSummary& persona, ReportOptions options,
                                MeasureTime measure, Explain explain, Force force);
// As LastRun knows it.
std::string ReportStageName(const PersonSummary& persona);

// --- finetune ---
struct FinetuneOptions {
  std::string model;    // base model; empty: by the language of the dataset
  std::string dataset;  // folder; empty: the newest of the persona
  std::string suffix;
  TrainOptions train;
  EngineOptions engine;
  // Not 0: no more steps than this machine makes in so much time, by a speed measured before.
  double minutes = 0;
};
// The base model of the catalogue that suits the language of a training file.
std::string DefaultBase(const std::filesystem::path& train_file);
struct FinetuneResult {
  StageResult stage;
  Job job;
};
Result<FinetuneResult> FinetuneStage(Context& context, Workspace& workspace,
                                     const PersonSummary& persona, const FinetuneOptions& options,
                                     Explain explain);
void AddTrainOptions(CLI::App& app, Language language, FinetuneOptions& options,
                     std::string& precision);
void AddEngineOptions(CLI::App& app, Language language, EngineOptions& options,
                      std::string& precision);
Status ResolvePrecision(const std::string& text, EngineOptions& options);

// --- a model to talk with ---
struct LoadedModel {
  ModelSpec spec;
  // The base model that it comes from: itself for a bare one. Its path is empty where that is gone.
  ModelSpec trained_from;
  std::filesystem::path folder;  // of the trained model; empty for a bare base model
  std::string persona_name;      // empty for a bare base model
  std::string system_prompt;     // as it was trained
};
// The base alone. kNotFound, saying how to get it back, where it is gone.
Result<ModelSpec> BaseOf(const LoadedModel& model);
// `wanted`: a fine-tuned model's name, a job id, a base model's name or file; empty: the newest
// trained model of the workspace.
Result<LoadedModel> ChooseModel(Context& context, Workspace& workspace, const std::string& wanted);

// --- the first answers ---
// Asks base and trained model `count` test questions, saves results/<job>.json and .md. Skipped
// when they are there.
Result<StageResult> AnswersStage(Context& context, Workspace& workspace, const Job& job,
                                 const EngineOptions& engine, size_t count, Explain explain);

}  // namespace idiolect
