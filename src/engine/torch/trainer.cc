#include "engine/torch/trainer.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "base/cores.h"
#include "base/hash.h"
#include "engine/files/model_export.h"
#include "engine/native/kernels.h"
#include "engine/native/thread_pool.h"
#include "engine/torch/checkpoint.h"
#include "engine/torch/lora_model.h"
#include "engine/torch/memory.h"
#include "engine/torch/noise.h"
#include "engine/torch/optimizer.h"
#include "engine/torch/peers.h"
#include "engine/torch/plan.h"
#include "engine/torch/preference.h"
#include "engine/torch/samples.h"

namespace idiolect {
namespace {

using SteadyClock = std::chrono::steady_clock;

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

int ThreadsOf(const EngineOptions& options) {
  return options.threads > 0 ? options.threads : CountCores();
}

bool HasAmx() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmxTile = 1u << 24;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxTile) != 0;
#else
  return false;
#endif
}

Status CheckOptions(const TrainRequest& request) {
  const TrainOptions& o = request.options;
  std::string wrong;
  auto check = [&](bool fine, const std::string& what) {
    if (!fine) wrong += (wrong.empty() ? "" : "; ") + what;
  };
  check(o.epochs >= 0, "epochs must not be negative");
  check(std::isfinite(o.learning_rate) && o.learning_rate >= 0,
        "the learning rate must be a number above 0");
  check(o.rank >= 0 && o.rank <= 512, "the rank must be between 1 and 512");
  check(std::isfinite(o.alpha) && o.alpha >= 0, "alpha must not be negative");
  check(o.dropout >= 0 && o.dropout <= 0.9, "dropout must be between 0 and 0.9");
  check(!o.dora || o.dropout == 0, "DoRA and dropout do not go together");
  check(!o.full || (o.rank == 0 && o.alpha == 0 && o.targets.empty() && o.dropout == 0 &&
                    !o.rslora && !o.dora),
        "where all weights learn there is no adapter to have a rank, alpha, targets, dropout, "
        "RSLoRA or DoRA");
  check(!o.full || o.base != BaseForm::kPacked,
        "where all weights learn they cannot stay packed in the file");
  check(o.neftune >= 0 && o.neftune <= 1000, "the noise on embeddings must be between 0 and 1000");
  check(o.patience >= 0, "patience must not be negative");
  check(o.memory_mib >= 0, "the memory must not be negative");
  for (const std::string& target : o.targets) {
    check(native::FindProjection(target).has_value(),
          "there is no projection \"" + target +
              "\" (known: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj)");
  }
  check(std::isfinite(o.weight_decay) && o.weight_decay >= 0, "weight decay must not be negative");
  check(o.warmup_share >= 0 && o.warmup_share <= 1, "the warm-up share must be between 0 and 1");
  check(std::isfinite(o.clip_norm) && o.clip_norm >= 0, "the clip norm must not be negative");
  check(o.pack_tokens >= 16 && o.pack_tokens <= 65536,
        "packed rows must have between 16 and 65536 tokens");
  check(o.rows_per_step >= 1, "a step needs at least one row");
  check(o.max_steps >= 0, "the number of steps must not be negative");
  const bool pairs = o.method == TrainMethod::kPreference;
  check(!pairs || (o.beta > 0 && o.beta <= 100), "beta must be above 0 and at most 100");
  check(pairs ? !request.train_pairs.empty() : !request.train.empty(),
        "there is nothing to train on");
  if (wrong.empty()) return {};
  return Fail(ErrorKind::kMisuse, "preparing to train: " + wrong);
}

// Two requests with the same key give the same result.
Result<std::string> KeyOf(const TrainRequest& request, const TrainOptions& options,
                          native::Dtype type) {
  Sha256 sha;
  ASSIGN_OR_RETURN(const std::string base, Sha256OfModel(request.base));
  sha.AddField(base);
  char text[512];
  std::snprintf(text, sizeof text, "1 %d %.17g %d %.17g %.17g %.17g %.17g %.17g %d %d %llu %d %d",
                options.epochs, options.learning_rate, options.rank, options.alpha, options.dropout,
                options.weight_decay, options.warmup_share, options.clip_norm, options.pack_tokens,
                options.rows_per_step, static_cast<unsigned long long>(options.seed),
                options.max_steps, static_cast<int>(type));
  sha.AddField(text);
  std::snprintf(text, sizeof text, "%d %d %.17g %d %d %.17g", static_cast<int>(options.schedule),
                (options.rslora ? 1 : 0) + (options.dora ? 2 : 0) + (options.full ? 4 : 0),
                options.neftune, options.patience, static_cast<int>(options.method), options.beta);
  sha.AddField(text);
  for (const std::string& target : options.targets) sha.AddField(target);
  const auto add = [&sha](const ChatMessage& message) {
    sha.AddField(message.role);
    sha.AddField(message.content);
    sha.AddField(message.learned ? "1" : "0");
  };
  const auto add_all = [&](const std::vector<ChatMessage>& messages) {
    sha.AddField(std::to_string(messages.size()));
    for (const ChatMessage& message : messages) add(message);
  };
  for (const auto* samples : {&request.train, &request.valid}) {
    sha.AddField(std::to_string(samples->size()));
    for (const TrainingSample& sample : *samples) add_all(sample);
  }
  for (const auto* pairs : {&request.train_pairs, &request.valid_pairs}) {
    sha.AddField(std::to_string(pairs->size()));
    for (const PreferencePair& pair : *pairs) {
      add_all(pair.prompt);
      add(pair.chosen);
      add(pair.rejected);
    }
  }
  return sha.Hex();
}

LoraOptions LoraOptionsOf(const TrainOptions& options) {
  LoraOptions lora;
  lora.rank = options.rank;
  lora.alpha = options.alpha;
  lora.seed = options.seed;
  lora.max_tokens = options.pack_tokens;
  lora.rslora = options.rslora;
  lora.dropout = options.dropout;
  lora.dora = options.dora;
  lora.neftune = options.neftune;
  lora.all_weights = options.full;
  for (const std::string& target : options.targets) {
    lora.targets.push_back(*native::FindProjection(target));
  }
  return lora;
}

class Run {
 public:
  Run(const TrainRequest& request, TrainObserver& observer, const Interrupt& interrupt)
      : request_(request),
        observer_(observer),
        interrupt_(interrupt),
        pool_(ThreadsOf(request.engine)),
        compute_{&native::ChooseKernels(), &pool_},
        type_(ResolvePrecision(request.engine.precision)),
        preference_(request.options.method == TrainMethod::kPreference) {}

  Result<TrainResult> Train() {
    start_ = SteadyClock::now();
    RETURN_IF_ERROR(CheckOptions(request_));
    ASSIGN_OR_RETURN(const ProcessPlace place, PlaceOfProcess());
    ASSIGN_OR_RETURN(peers_, Peers::Join(place));
    at::set_num_threads(pool_.threads());
    ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Open(request_.base));
    RETURN_IF_ERROR(Prepare(file));
    observer_.OnPlan(result_.plan);
    ASSIGN_OR_RETURN(model_, LoraModel::Load(compute_, file, type_, lora_));
    optimizer_ = std::make_unique<AdamW>(compute_, model_->parameter_count(), options_.weight_decay,
                                         model_->matrix_count());
    if (preference_) {
      // As it was loaded, the model is the base.
      ASSIGN_OR_RETURN(train_reference_, ReferenceOf(train_));
      ASSIGN_OR_RETURN(valid_reference_, ReferenceOf(valid_));
    }
    RETURN_IF_ERROR(Resume());
    RETURN_IF_ERROR(Epochs());
    return Finish(file);
  }

 private:
  Status Prepare(const ModelFile& file) {
    ASSIGN_OR_RETURN(const Tokenizer tokenizer, file.ReadTokenizer());
    ASSIGN_OR_RETURN(const ChatTemplate chat_template, file.ReadChatTemplate(tokenizer));
    chat_template_ = chat_template.ToJson();
    const int64_t most =
        std::min<int64_t>(request_.options.pack_tokens, file.config().context_length);
    const auto render = [&](const std::vector<TrainingSample>& samples,
                            const std::vector<PreferencePair>& pairs) {
      return preference_ ? RenderPairs(tokenizer, chat_template, pairs, most)
                         : RenderSamples(tokenizer, chat_template, samples, most);
    };
    ASSIGN_OR_RETURN(TokenSamples train, render(request_.train, request_.train_pairs));
    ASSIGN_OR_RETURN(TokenSamples valid, render(request_.valid, request_.valid_pairs));
    if (train.samples.empty()) {
      return Fail(ErrorKind::kBadInput,
                  "preparing to train: none of the " +
                      (preference_ ? std::to_string(request_.train_pairs.size()) + " pairs"
                                   : std::to_string(request_.train.size()) + " samples") +
                      " has anything to learn within " + std::to_string(most) + " tokens",
                  "samples need an assistant turn; longer ones need more --pack-tokens");
    }
    options_ = ResolveOptions(request_.options, static_cast<int64_t>(train.samples.size()));
    // Each process has one row of a step at least.
    options_.rows_per_step = std::max(options_.rows_per_step, peers_->count());
    train_ = std::move(train.samples);
    valid_ = std::move(valid.samples);
    valid_rows_ = Pack(valid_, options_.pack_tokens, Shuffle::kNo, 0);
    TrainPlan& plan = result_.plan;
    plan.options = options_;
    for (const TokenSample& sample : train_) {
      plan.train_tokens += static_cast<int64_t>(sample.tokens.size());
      plan.target_tokens += sample.CountTargets();
    }
    plan.rows = static_cast<int64_t>(RowsOfEpoch(0).size());
    plan.steps = CountSteps(options_, plan.rows);
    plan.cut_samples = train.cut;
    plan.dropped_samples = train.dropped;
    plan.machine = DescribeMachine(request_.engine);
    lora_ = LoraOptionsOf(options_);
    ASSIGN_OR_RETURN(
        const MemoryPlan memory,
        PlanMemory(file.config(), type_, lora_, options_.recompute, options_.base,
                   options_.memory_mib > 0 ? int64_t{options_.memory_mib} << 20 : FreeMemory()));
    lora_.recompute = memory.recompute;
    lora_.base_in_file = memory.base_in_file;
    plan.memory_bytes = memory.peak_bytes;
    plan.free_bytes = memory.free_bytes;
    plan.recomputes = memory.recompute;
    plan.base_packed = memory.base_in_file;
    ASSIGN_OR_RETURN(key_, KeyOf(request_, options_, type_));
    return {};
  }

  std::vector<PackedRow> RowsOfEpoch(int epoch) const {
    return Pack(train_, options_.pack_tokens, Shuffle::kYes,
                options_.seed * 1000003 + static_cast<uint64_t>(epoch));
  }

  // The rows of a list that are this process's.
  bool Mine(size_t row) const {
    return row % static_cast<size_t>(peers_->count()) == static_cast<size_t>(peers_->rank());
  }

  // What each pair's answers are worth to the base model: chosen, rejected, by the pair's number.
  Result<std::vector<double>> ReferenceOf(const std::vector<TokenSample>& pairs) {
    std::vector<double> reference(2 * pairs.size());
    const auto rows = Pack(pairs, options_.pack_tokens, Shuffle::kNo, 0);
    for (size_t r = 0; r < rows.size(); ++r) {
      if (!Mine(r)) continue;
      if (peers_->alone() && interrupt_.Requested()) return tl::unexpected(Interrupted().error());
      const std::vector<double> logprobs = model_->SampleLogprobs(rows[r]);
      for (size_t i = 0; i < rows[r].origins.size(); ++i) {
        reference[2 * rows[r].origins[i]] = logprobs[2 * i];
        reference[2 * rows[r].origins[i] + 1] = logprobs[2 * i + 1];
      }
    }
    RETURN_IF_ERROR(peers_->Sum(reference.data(), static_cast<int64_t>(reference.size())));
    return reference;
  }
  static std::vector<double> ReferenceIn(const PackedRow& row,
                                         const std::vector<double>& reference) {
    std::vector<double> of_row;
    for (const size_t origin : row.origins) {
      of_row.push_back(reference[2 * origin]);
      of_row.push_back(reference[2 * origin + 1]);
    }
    return of_row;
  }

  // What a row's loss is a mean over.
  int64_t CountIn(const PackedRow& row) const {
    return preference_ ? static_cast<int64_t>(row.origins.size()) : row.CountTargets();
  }

  void Learn(const PackedRow& row, double scale, uint64_t noise_seed, PreferenceSum* sum) {
    if (!preference_) {
      sum->loss.Add(model_->AccumulateGradients(row, static_cast<float>(scale), noise_seed));
      return;
    }
    model_->AccumulateGradients(
        row,
        [&](const std::vector<double>& logprobs) {
          return PreferenceWeights(logprobs, ReferenceIn(row, train_reference_), options_.beta,
                                   scale, sum);
        },
        noise_seed);
  }

  void Judge(const PackedRow& row, PreferenceSum* sum) {
    if (!preference_) {
      sum->loss.Add(model_->Evaluate(row));
      return;
    }
    (void)PreferenceWeights(model_->SampleLogprobs(row), ReferenceIn(row, valid_reference_),
                            options_.beta, 1, sum);
  }

  Status SumUp(PreferenceSum* sum) {
    double values[] = {sum->loss.loss, static_cast<double>(sum->loss.targets),
                       static_cast<double>(sum->loss.correct), sum->margin};
    RETURN_IF_ERROR(peers_->Sum(values, 4));
    sum->loss = {values[0], static_cast<int64_t>(values[1]), static_cast<int64_t>(values[2])};
    sum->margin = values[3];
    return {};
  }

  // All processes stop where one of them is asked to.
  Result<bool> AskedToStop() {
    double asked = interrupt_.Requested() ? 1 : 0;
    RETURN_IF_ERROR(peers_->Sum(&asked, 1));
    return asked > 0;
  }

  // The first process reads, the others get it from there.
  Result<bool> FindCheckpoint() {
    std::string key = key_, text;
    RETURN_IF_ERROR(peers_->Share(&key));
    if (key != key_) {
      return Fail(ErrorKind::kMisuse,
                  "training in several processes: this one has another dataset, base model or "
                  "options than the first",
                  "start all of them with the same command and the same files");
    }
    if (peers_->first()) {
      ASSIGN_OR_RETURN(auto found,
                       ReadCheckpoint(request_.checkpoint_folder, key_, model_->parameter_count()));
      if (found) {
        state_ = *std::move(found);
        text = (state_.best.empty() ? "-" : "+") + CheckpointState(state_);
      }
    }
    RETURN_IF_ERROR(peers_->Share(&text));
    if (text.empty()) return false;
    const auto count = static_cast<size_t>(model_->parameter_count());
    if (!peers_->first()) {
      if (!ReadCheckpointState(text.substr(1), &state_)) {
        return Fail(ErrorKind::kFailed, "training in several processes: the first sent no state");
      }
      for (auto* values : {&state_.parameters, &state_.first_moment, &state_.second_moment}) {
        values->resize(count);
      }
      if (text[0] == '+') state_.best.resize(count);
    }
    for (auto* values :
         {&state_.parameters, &state_.first_moment, &state_.second_moment, &state_.best}) {
      RETURN_IF_ERROR(peers_->Share(values->data(), static_cast<int64_t>(values->size())));
    }
    return true;
  }

  Status Resume() {
    ASSIGN_OR_RETURN(const bool found, FindCheckpoint());
    last_checkpoint_ = SteadyClock::now();
    if (!found) return {};
    std::copy(state_.parameters.begin(), state_.parameters.end(), model_->parameters());
    model_->ParametersChanged();
    state_.parameters = {};
    optimizer_->Restore(state_.optimizer_steps, std::exchange(state_.first_moment, {}),
                        std::exchange(state_.second_moment, {}));
    observer_.OnResume(state_.step);
    return {};
  }

  Status PutDown() {
    const auto start = SteadyClock::now();
    last_checkpoint_ = start;
    if (request_.checkpoint_folder.empty() || !peers_->first()) return {};
    state_.key = key_;
    state_.optimizer_steps = optimizer_->steps();
    const auto count = static_cast<size_t>(model_->parameter_count());
    RETURN_IF_ERROR(WriteCheckpoint(request_.checkpoint_folder, state_,
                                    {{model_->parameters(), count},
                                     optimizer_->first_moment(),
                                     optimizer_->second_moment(),
                                     state_.best}));
    last_checkpoint_ = SteadyClock::now();
    checkpoint_seconds_ = std::chrono::duration<double>(last_checkpoint_ - start).count();
    return {};
  }

  // A whole model's takes seconds: not more than a twentieth of the time goes into them, unless one
  // is asked for after every step.
  bool CheckpointIsDue() const {
    if (options_.checkpoint_every_seconds == 0) return true;
    return SecondsSince(last_checkpoint_) >=
           std::max<double>(options_.checkpoint_every_seconds, 20 * checkpoint_seconds_);
  }

  Status Interrupted() {
    RETURN_IF_ERROR(PutDown());
    return Fail(ErrorKind::kInterrupted,
                "training was interrupted after step " + std::to_string(state_.step) + " of " +
                    std::to_string(result_.plan.steps),
                "run the same command again to go on from there");
  }

  Status Epochs() {
    const int64_t rows = result_.plan.rows;
    const int64_t per_epoch = (rows + options_.rows_per_step - 1) / options_.rows_per_step;
    RETURN_IF_ERROR(Validate(0));
    for (int epoch = 1; epoch <= options_.epochs; ++epoch) {
      const int64_t first_step = (epoch - 1) * per_epoch;
      if (first_step >= result_.plan.steps) break;
      const int64_t last_step = std::min(result_.plan.steps, first_step + per_epoch);
      if (state_.step < last_step) {
        const std::vector<PackedRow> epoch_rows = RowsOfEpoch(epoch);
        while (state_.step < last_step) {
          ASSIGN_OR_RETURN(const bool stop, AskedToStop());
          if (stop) return Interrupted();
          RETURN_IF_ERROR(
              Step(epoch_rows, (state_.step - first_step) * options_.rows_per_step, per_epoch));
          if (CheckpointIsDue()) RETURN_IF_ERROR(PutDown());
        }
      }
      RETURN_IF_ERROR(Validate(epoch));
      if (OutOfPatience()) break;
    }
    return {};
  }

  // Follows from the validations, so that a resumed run stops where the unbroken one did.
  bool OutOfPatience() const {
    int worse = 0;
    for (const Validation& v : state_.validations) {
      if (v.epoch > 0) worse = v.best ? 0 : worse + 1;
    }
    return options_.patience > 0 && worse >= options_.patience;
  }

  Status Step(const std::vector<PackedRow>& rows, int64_t first_row, int64_t per_epoch) {
    const auto start = SteadyClock::now();
    const int64_t last_row =
        std::min<int64_t>(first_row + options_.rows_per_step, static_cast<int64_t>(rows.size()));
    int64_t targets = 0, tokens = 0;
    for (int64_t r = first_row; r < last_row; ++r) {
      targets += CountIn(rows[static_cast<size_t>(r)]);
      tokens += static_cast<int64_t>(rows[static_cast<size_t>(r)].tokens.size());
    }
    const int64_t step = state_.step + 1;
    model_->ZeroGradients();
    PreferenceSum gone;
    const double scale = 1.0 / static_cast<double>(targets);
    for (int64_t r = first_row; r < last_row; ++r) {
      if (!Mine(static_cast<size_t>(r - first_row))) continue;
      Learn(rows[static_cast<size_t>(r)], scale,
            SeedFor(SeedFor(options_.seed, static_cast<uint64_t>(step)),
                    static_cast<uint64_t>(r - first_row)),
            &gone);
    }
    RETURN_IF_ERROR(peers_->Sum(model_->gradients(), model_->parameter_count()));
    RETURN_IF_ERROR(SumUp(&gone));
    const LossSum& sum = gone.loss;
    const double rate = RateAt(options_, step, result_.plan.steps);
    double norm = std::numeric_limits<double>::quiet_NaN();
    if (std::isfinite(sum.loss)) {
      norm = optimizer_->Step(rate, options_.clip_norm, model_->gradients(), model_->parameters());
    }
    if (!std::isfinite(norm)) return NotANumber(step);
    model_->ParametersChanged();
    state_.step = step;
    state_.trained_tokens += tokens;
    state_.last_loss = sum.Mean();

    TrainStep event;
    event.step = step;
    event.total_steps = result_.plan.steps;
    event.epoch = static_cast<double>(step) / static_cast<double>(per_epoch);
    event.loss = sum.Mean();
    event.token_accuracy = sum.Accuracy();
    event.reward_margin = gone.MeanMargin();
    event.learning_rate = rate;
    event.gradient_norm = norm;
    event.tokens_per_second = static_cast<double>(tokens) / SecondsSince(start);
    observer_.OnStep(event);
    return {};
  }

  // The weights are still those of the step before: the failed one changed nothing.
  Status NotANumber(int64_t step) {
    RETURN_IF_ERROR(PutDown());
    return Fail(ErrorKind::kFailed,
                "training stopped at step " + std::to_string(step) +
                    ": the loss or its gradient is no longer a number; the state after step " +
                    std::to_string(state_.step) + " is kept",
                "try a lower --learning-rate, or --precision f32");
  }

  Status Validate(int epoch) {
    if (state_.validated_epochs >= epoch) return {};
    if (!valid_rows_.empty()) {
      PreferenceSum judged;
      for (size_t r = 0; r < valid_rows_.size(); ++r) {
        if (!Mine(r)) continue;
        if (peers_->alone() && interrupt_.Requested()) return Interrupted();
        Judge(valid_rows_[r], &judged);
      }
      RETURN_IF_ERROR(SumUp(&judged));
      const LossSum& sum = judged.loss;
      Validation validation;
      validation.step = state_.step;
      validation.epoch = epoch;
      validation.loss = sum.Mean();
      validation.token_accuracy = sum.Accuracy();
      validation.reward_margin = judged.MeanMargin();
      validation.best = epoch > 0 && validation.loss < BestLoss();
      state_.validations.push_back(validation);
      if (validation.best) {
        state_.best.assign(model_->parameters(), model_->parameters() + model_->parameter_count());
      }
      observer_.OnValidation(validation);
    }
    state_.validated_epochs = epoch;
    return PutDown();
  }

  // Over epochs of training; the base model's loss is no rival, there must be an adapter.
  double BestLoss() const {
    double best = std::numeric_limits<double>::infinity();
    for (const Validation& v : state_.validations) {
      if (v.best) best = v.loss;
    }
    return best;
  }

  Result<TrainResult> Finish(const ModelFile& file) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    result_.validations = state_.validations;
    result_.trained_tokens = state_.trained_tokens;
    result_.final_train_loss = state_.last_loss;
    result_.base_valid_loss = result_.best_valid_loss = kNone;
    result_.best_epoch = options_.epochs;
    result_.stopped_early = OutOfPatience() && state_.step < result_.plan.steps;
    for (const Validation& v : state_.validations) {
      if (v.epoch == 0) result_.base_valid_loss = v.loss;
      if (!v.best) continue;
      result_.best_valid_loss = v.loss;
      result_.best_epoch = v.epoch;
    }
    if (!state_.best.empty()) {
      std::copy(state_.best.begin(), state_.best.end(), model_->parameters());
    }
    if (peers_->first()) RETURN_IF_ERROR(options_.full ? PublishModel(file) : PublishAdapter());
    result_.seconds = SecondsSince(start_);
    return result_;
  }

  Status PublishAdapter() {
    LoraAdapter adapter = model_->Adapter();
    adapter.base_model =
        request_.base_name.empty() ? request_.base.filename().string() : request_.base_name;
    adapter.chat_template = chat_template_;
    return WriteLoraAdapter(request_.output_folder, adapter);
  }

  Status PublishModel(const ModelFile& file) {
    std::map<std::string, std::span<const float>, std::less<>> weights;
    for (const NamedPlace& named : model_->WeightNames()) {
      weights[named.name] = {model_->parameters() + named.place.at,
                             static_cast<size_t>(named.place.count)};
    }
    ModelExport exporting;
    exporting.base = &file;
    exporting.weights = &weights;
    exporting.type = type_ == native::Dtype::kBf16 ? GgmlType::kBF16 : GgmlType::kF32;
    return WriteMergedFolder(exporting, request_.output_folder);
  }

  const TrainRequest& request_;
  TrainObserver& observer_;
  const Interrupt& interrupt_;
  native::ThreadPool pool_;
  native::Compute compute_;
  native::Dtype type_;
  const bool preference_;
  std::unique_ptr<Peers> peers_;
  TrainOptions options_;
  LoraOptions lora_;
  SteadyClock::time_point start_, last_checkpoint_;
  double checkpoint_seconds_ = 0;  // that the last one took
  std::string chat_template_, key_;
  std::vector<TokenSample> train_, valid_;
  std::vector<double> train_reference_, valid_reference_;  // of DPO
  std::vector<PackedRow> valid_rows_;
  std::unique_ptr<LoraModel> model_;
  std::unique_ptr<AdamW> optimizer_;
  Checkpoint state_;
  TrainResult result_;
};

}  // namespace

native::Dtype ResolvePrecision(Precision precision) {
  const bool bf16 = precision == Precision::kBf16 ||
                    (precision == Precision::kAuto && native::ChooseKernels().multiplies_bf16);
  return bf16 ? native::Dtype::kBf16 : native::Dtype::kF32;
}

std::string DescribeMachine(const EngineOptions& options) {
  const int threads = ThreadsOf(options);
  std::string text =
      std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") +
      (ResolvePrecision(options.precision) == native::Dtype::kBf16 ? "bf16" : "f32") + " (" +
      native::DescribeProcessor() + ")";
  if (HasAmx()) text += "; AMX not used";
  text += at::hasCUDA() ? "; CUDA not used" : "";
  return text;
}

Result<TrainResult> TrainAdapter(const TrainRequest& request, TrainObserver& observer,
                                 const Interrupt& interrupt) {
  return Run(request, observer, interrupt).Train();
}

}  // namespace idiolect
