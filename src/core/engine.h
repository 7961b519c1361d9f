#pragma once
// The local engine as the rest of the program sees it: opens models and trains adapters. It is
// implemented in a shared module that is loaded on demand (base/engine loading lives in `cli`),
// because LibTorch alone takes a second to load. This header must stay free of it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"
#include "core/chat_model.h"

namespace idiolect {

enum class Precision { kAuto, kBf16, kF32 };  // kAuto: bf16 where the processor multiplies it

struct EngineOptions {
  int threads = 0;  // 0: all cores
  Precision precision = Precision::kAuto;
  // What all conversations with an open model may take together for what they have seen; 0: a
  // quarter of the machine's memory.
  int64_t cache_bytes = 0;
};

// A base model and, when given, an adapter folder (PEFT layout) on top of it.
struct ModelSpec {
  std::filesystem::path base;     // a GGUF file, or a folder of Hugging Face's
  std::filesystem::path adapter;  // empty: the base alone
  std::string name;               // shown to the user
};

struct ModelInfo {
  std::string architecture;  // "llama", "gemma3"
  std::string name;          // general.name, may be empty
  int64_t parameters = 0;
  int64_t context_length = 0;
  int64_t vocabulary = 0;
  bool has_chat_template = false;
};

// One training sample: a conversation whose learned assistant turns are the targets.
using TrainingSample = std::vector<ChatMessage>;

// A prompt, the answer to it that is preferred, and one that is not.
struct PreferencePair {
  std::vector<ChatMessage> prompt;
  ChatMessage chosen, rejected;
};

enum class TrainMethod {
  kSupervised,  // learns to say the samples' answers
  kPreference,  // DPO: learns to prefer one answer to another, measured against the base model
};
// How the rate goes after the warm-up: half a cosine to a tenth, straight down to zero, or not at
// all.
enum class Schedule { kCosine, kLinear, kConstant };
// Keeping a layer's activations for backward, or computing them again there. kAuto: again only
// where keeping them does not fit.
enum class Recompute { kAuto, kAlways, kNever };
// The base model's matrices while training: unpacked in memory for both directions, or left as the
// file packs them (in 4 to 16 bits) and unpacked for the time a layer is at work. kAuto: packed
// only where the other does not fit.
enum class BaseForm { kAuto, kUnpacked, kPacked };

struct TrainOptions {
  TrainMethod method = TrainMethod::kSupervised;
  double beta = 0.1;  // of DPO: how dear it is to leave the base model

  int epochs = 0;            // 0: from the dataset's size
  double learning_rate = 0;  // 0: from the dataset's size
  // All weights learn, instead of an adapter beside them; of the adapter's options none may be set.
  bool full = false;
  int rank = 0;                      // 0: from the dataset's size
  double alpha = 0;                  // 0: twice the rank
  bool dora = false;                 // outputs have magnitudes that learn, too (DoRA)
  bool rslora = false;               // the adapter counts alpha / √rank instead of alpha / rank
  std::vector<std::string> targets;  // projections that learn ("q_proj" …); empty: all seven
  double dropout = 0;                // of an adapter's input, while training
  double neftune = 0;  // strength of the noise on embeddings while training (NEFTune's alpha)
  double weight_decay = 0.01;
  double warmup_share = 0.05;  // of all steps, linear
  Schedule schedule = Schedule::kCosine;
  double clip_norm = 1.0;  // of the global gradient; 0: off
  int pack_tokens =
      1024;  // tokens in one packed row; also the longest sample (longer: cut at a turn)
  int rows_per_step = 1;  // gradient accumulation
  int patience = 0;       // validations in a row without a better loss that end training; 0: none
  uint64_t seed = 7;
  int max_steps = 0;  // 0: no limit; for tests and trials
  int checkpoint_every_seconds = 60;
  double learning_rate_factor = 1;  // times the rate that comes from the dataset's size
  // These change no result.
  Recompute recompute = Recompute::kAuto;
  BaseForm base = BaseForm::kAuto;
  int memory_mib = 0;  // what training may take; 0: what is free
};

struct TrainRequest {
  std::filesystem::path base;  // a GGUF file
  std::string base_name;       // catalogue name, written into adapter_config.json
  std::vector<TrainingSample> train;
  std::vector<TrainingSample> valid;  // may be empty: then the last epoch is kept
  // Instead of these two where options.method is kPreference.
  std::vector<PreferencePair> train_pairs, valid_pairs;
  TrainOptions options;
  EngineOptions engine;
  std::filesystem::path
      checkpoint_folder;  // resumed from when it holds a checkpoint of this request
  // Published when done: the adapter in PEFT's layout, or with options.full a whole model as a
  // folder of Hugging Face's, in the precision that it was trained in.
  std::filesystem::path output_folder;
};

// The settings actually used, with zeros resolved, for showing before the start.
struct TrainPlan {
  TrainOptions options;
  int64_t train_tokens = 0;     // in one epoch, after cutting
  int64_t target_tokens = 0;    // in one epoch
  int64_t rows = 0;             // packed rows in one epoch
  int64_t steps = 0;            // over all epochs
  int64_t cut_samples = 0;      // longer than pack_tokens
  int64_t dropped_samples = 0;  // nothing left to learn after cutting
  std::string machine;          // processor, threads, precision in words
  int64_t memory_bytes = 0;     // what training will take at most, estimated
  int64_t free_bytes = 0;       // what it may take
  bool recomputes = false;      // activations, in backward
  bool base_packed = false;     // BaseForm::kPacked
};

struct TrainStep {
  int64_t step = 0;  // from 1
  int64_t total_steps = 0;
  double epoch = 0;  // 1.5: in the middle of the second
  double loss = 0;   // mean over the step's target tokens; of DPO over its pairs
  // The likeliest token was the right one; of DPO: the chosen answer gained on the other.
  double token_accuracy = 0;
  double reward_margin = 0;  // of DPO: by how much, times beta
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;
};

struct Validation {
  int64_t step = 0;
  int epoch = 0;  // 0: before training, the base model's
  double loss = 0;
  double token_accuracy = 0;
  bool best = false;
  double reward_margin = 0;
};

// Called on the training thread, in order.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void OnPlan(const TrainPlan&) {}
  virtual void OnResume(int64_t /*step*/) {}
  virtual void OnStep(const TrainStep&) {}
  virtual void OnValidation(const Validation&) {}
};

struct TrainResult {
  TrainPlan plan;
  std::vector<Validation> validations;
  int64_t trained_tokens = 0;
  double seconds = 0;  // of this process, without earlier interrupted runs
  double final_train_loss = 0;
  double base_valid_loss = 0;  // NaN without a validation set
  double best_valid_loss = 0;
  int best_epoch = 0;
  bool stopped_early = false;  // by `patience`
};

// One base model in memory, and any number of adapters on it, each a ChatModel of its own. What
// serves several requests at once: their tokens are computed in common steps, whatever adapter each
// uses. Safe to call from several threads; must outlive its models.
class SharedBase {
 public:
  virtual ~SharedBase() = default;
  // `adapter`: a folder in PEFT's layout, or empty for the base alone.
  virtual Result<std::unique_ptr<ChatModel>> Model(const std::filesystem::path& adapter,
                                                   const std::string& name) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string Version() const = 0;
  virtual std::string Machine(const EngineOptions& options) const = 0;
  // Reads metadata only.
  virtual Result<ModelInfo> Inspect(const std::filesystem::path& file) const = 0;
  virtual Result<std::unique_ptr<ChatModel>> Open(const ModelSpec& spec,
                                                  const EngineOptions& options) const = 0;
  virtual Result<std::unique_ptr<SharedBase>> OpenShared(const std::filesystem::path& base,
                                                         const EngineOptions& options) const = 0;
  // Interrupted: writes a checkpoint and fails with kInterrupted; called again with the same
  // request, goes on from there.
  virtual Result<TrainResult> Train(const TrainRequest& request, TrainObserver& observer,
                                    const Interrupt& interrupt) const = 0;
};

}  // namespace idiolect

// The one symbol of the engine module. `abi` must equal kEngineAbi of the caller, else null.
namespace idiolect {
constexpr int kEngineAbi = 5;
using CreateEngineFunction = Engine* (*)(int abi);
}  // namespace idiolect
extern "C" idiolect::Engine* idiolect_create_engine(int abi);
