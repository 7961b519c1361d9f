#include "engine/torch/trainer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "engine/native/kernels.h"
#include "engine/native/thread_pool.h"
#include "engine/torch/checkpoint.h"
#include "engine/torch/lora_model.h"
#include "engine/torch/optimizer.h"
#include "engine/torch/plan.h"
#include "engine/torch/samples.h"

namespace idiolect {
namespace {

using SteadyClock = std::chrono::steady_clock;

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

int ThreadsOf(const EngineOptions& options) {
  return options.threads > 0 ? options.threads : native::CountCores();
}

Status CheckOptions(const TrainRequest& request) {
  const TrainOptions& o = request.options;
  std::string wrong;
  auto check = [&](bool fine, const char* what) {
    if (!fine) wrong += std::string(wrong.empty() ? "" : "; ") + what;
  };
  check(o.epochs >= 0, "epochs must not be negative");
  check(std::isfinite(o.learning_rate) && o.learning_rate >= 0,
        "the learning rate must be a number above 0");
  check(o.rank >= 0 && o.rank <= 512, "the rank must be between 1 and 512");
  check(std::isfinite(o.alpha) && o.alpha >= 0, "alpha must not be negative");
  check(o.dropout == 0, "dropout is not supported: leave it 0");
  check(std::isfinite(o.weight_decay) && o.weight_decay >= 0, "weight decay must not be negative");
  check(o.warmup_share >= 0 && o.warmup_share <= 1, "the warm-up share must be between 0 and 1");
  check(std::isfinite(o.clip_norm) && o.clip_norm >= 0, "the clip norm must not be negative");
  check(o.pack_tokens >= 16 && o.pack_tokens <= 65536,
        "packed rows must have between 16 and 65536 tokens");
  check(o.rows_per_step >= 1, "a step needs at least one row");
  check(o.max_steps >= 0, "the number of steps must not be negative");
  check(!request.train.empty(), "there is nothing to train on");
  if (wrong.empty()) return {};
  return Fail(ErrorKind::kMisuse, "preparing to train: " + wrong);
}

// Two requests with the same key give the same adapter.
Result<std::string> KeyOf(const TrainRequest& request, const TrainOptions& options,
                          native::Dtype type) {
  Sha256 sha;
  ASSIGN_OR_RETURN(const std::string base, Sha256OfFile(request.base));
  sha.AddField(base);
  char text[512];
  std::snprintf(text, sizeof text, "1 %d %.17g %d %.17g %.17g %.17g %.17g %.17g %d %d %llu %d %d",
                options.epochs, options.learning_rate, options.rank, options.alpha, options.dropout,
                options.weight_decay, options.warmup_share, options.clip_norm, options.pack_tokens,
                options.rows_per_step, static_cast<unsigned long long>(options.seed),
                options.max_steps, static_cast<int>(type));
  sha.AddField(text);
  for (const auto* samples : {&request.train, &request.valid}) {
    sha.AddField(std::to_string(samples->size()));
    for (const TrainingSample& sample : *samples) {
      sha.AddField(std::to_string(sample.size()));
      for (const ChatMessage& message : sample) {
        sha.AddField(message.role);
        sha.AddField(message.content);
        sha.AddField(message.learned ? "1" : "0");
      }
    }
  }
  return sha.Hex();
}

class Run {
 public:
  Run(const TrainRequest& request, TrainObserver& observer, const Interrupt& interrupt)
      : request_(request),
        observer_(observer),
        interrupt_(interrupt),
        pool_(ThreadsOf(request.engine)),
        compute_{&native::ChooseKernels(), &pool_},
        type_(ResolvePrecision(request.engine.precision)) {}

  Result<TrainResult> Train() {
    start_ = SteadyClock::now();
    RETURN_IF_ERROR(CheckOptions(request_));
    at::set_num_threads(pool_.threads());
    ASSIGN_OR_RETURN(const GgufFile file, GgufFile::Open(request_.base));
    RETURN_IF_ERROR(Prepare(file));
    observer_.OnPlan(result_.plan);
    ASSIGN_OR_RETURN(model_, LoraModel::Load(compute_, file, type_,
                                             {options_.rank, options_.alpha, options_.seed,
                                              options_.pack_tokens}));
    optimizer_ =
        std::make_unique<AdamW>(compute_, model_->parameter_count(), options_.weight_decay);
    RETURN_IF_ERROR(Resume());
    RETURN_IF_ERROR(Epochs());
    return Finish();
  }

 private:
  Status Prepare(const GgufFile& file) {
    ASSIGN_OR_RETURN(const ModelConfig config, ReadModelConfig(file));
    ASSIGN_OR_RETURN(const Tokenizer tokenizer, Tokenizer::FromGguf(file));
    ASSIGN_OR_RETURN(const ChatTemplate chat_template, ChatTemplate::FromGguf(file, tokenizer));
    chat_template_ = chat_template.ToJson();
    const int64_t most = std::min<int64_t>(request_.options.pack_tokens, config.context_length);
    ASSIGN_OR_RETURN(TokenSamples train,
                     RenderSamples(tokenizer, chat_template, request_.train, most));
    ASSIGN_OR_RETURN(TokenSamples valid,
                     RenderSamples(tokenizer, chat_template, request_.valid, most));
    if (train.samples.empty()) {
      return Fail(ErrorKind::kBadInput,
                  "preparing to train: none of the " + std::to_string(request_.train.size()) +
                      " samples has anything to learn within " + std::to_string(most) + " tokens",
                  "samples need an assistant turn; longer ones need more --pack-tokens");
    }
    options_ = ResolveOptions(request_.options, static_cast<int64_t>(train.samples.size()));
    train_ = std::move(train.samples);
    valid_rows_ = Pack(valid.samples, options_.pack_tokens, Shuffle::kNo, 0);
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
    ASSIGN_OR_RETURN(key_, KeyOf(request_, options_, type_));
    return {};
  }

  std::vector<PackedRow> RowsOfEpoch(int epoch) const {
    return Pack(train_, options_.pack_tokens, Shuffle::kYes,
                options_.seed * 1000003 + static_cast<uint64_t>(epoch));
  }

  Status Resume() {
    ASSIGN_OR_RETURN(auto found,
                     ReadCheckpoint(request_.checkpoint_folder, key_, model_->parameter_count()));
    last_checkpoint_ = SteadyClock::now();
    if (!found) return {};
    state_ = *std::move(found);
    std::copy(state_.parameters.begin(), state_.parameters.end(), model_->parameters());
    model_->ParametersChanged();
    optimizer_->first_moment() = state_.first_moment;
    optimizer_->second_moment() = state_.second_moment;
    optimizer_->set_steps(state_.optimizer_steps);
    observer_.OnResume(state_.step);
    return {};
  }

  Status PutDown() {
    last_checkpoint_ = SteadyClock::now();
    if (request_.checkpoint_folder.empty()) return {};
    state_.key = key_;
    state_.parameters.assign(model_->parameters(),
                             model_->parameters() + model_->parameter_count());
    state_.first_moment = optimizer_->first_moment();
    state_.second_moment = optimizer_->second_moment();
    state_.optimizer_steps = optimizer_->steps();
    return WriteCheckpoint(request_.checkpoint_folder, state_);
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
          if (interrupt_.Requested()) return Interrupted();
          RETURN_IF_ERROR(
              Step(epoch_rows, (state_.step - first_step) * options_.rows_per_step, per_epoch));
          if (SecondsSince(last_checkpoint_) >= options_.checkpoint_every_seconds) {
            RETURN_IF_ERROR(PutDown());
          }
        }
      }
      RETURN_IF_ERROR(Validate(epoch));
    }
    return {};
  }

  Status Step(const std::vector<PackedRow>& rows, int64_t first_row, int64_t per_epoch) {
    const auto start = SteadyClock::now();
    const int64_t last_row =
        std::min<int64_t>(first_row + options_.rows_per_step, static_cast<int64_t>(rows.size()));
    int64_t targets = 0, tokens = 0;
    for (int64_t r = first_row; r < last_row; ++r) {
      targets += rows[static_cast<size_t>(r)].CountTargets();
      tokens += static_cast<int64_t>(rows[static_cast<size_t>(r)].tokens.size());
    }
    model_->ZeroGradients();
    LossSum sum;
    const auto scale = static_cast<float>(1.0 / static_cast<double>(targets));
    for (int64_t r = first_row; r < last_row; ++r) {
      sum.Add(model_->AccumulateGradients(rows[static_cast<size_t>(r)], scale));
    }
    const int64_t step = state_.step + 1;
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
      LossSum sum;
      for (const PackedRow& row : valid_rows_) {
        if (interrupt_.Requested()) return Interrupted();
        sum.Add(model_->Evaluate(row));
      }
      Validation validation;
      validation.step = state_.step;
      validation.epoch = epoch;
      validation.loss = sum.Mean();
      validation.token_accuracy = sum.Accuracy();
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

  Result<TrainResult> Finish() {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    result_.validations = state_.validations;
    result_.trained_tokens = state_.trained_tokens;
    result_.final_train_loss = state_.last_loss;
    result_.base_valid_loss = result_.best_valid_loss = kNone;
    result_.best_epoch = options_.epochs;
    for (const Validation& v : state_.validations) {
      if (v.epoch == 0) result_.base_valid_loss = v.loss;
      if (!v.best) continue;
      result_.best_valid_loss = v.loss;
      result_.best_epoch = v.epoch;
    }
    if (!state_.best.empty()) {
      std::copy(state_.best.begin(), state_.best.end(), model_->parameters());
    }
    LoraAdapter adapter = model_->Adapter();
    adapter.base_model =
        request_.base_name.empty() ? request_.base.filename().string() : request_.base_name;
    adapter.chat_template = chat_template_;
    RETURN_IF_ERROR(WriteLoraAdapter(request_.adapter_folder, adapter));
    result_.seconds = SecondsSince(start_);
    return result_;
  }

  const TrainRequest& request_;
  TrainObserver& observer_;
  const Interrupt& interrupt_;
  native::ThreadPool pool_;
  native::Compute compute_;
  native::Dtype type_;
  TrainOptions options_;
  SteadyClock::time_point start_, last_checkpoint_;
  std::string chat_template_, key_;
  std::vector<TokenSample> train_;
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
  return std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") +
         (ResolvePrecision(options.precision) == native::Dtype::kBf16 ? "bf16" : "f32") + " (" +
         native::DescribeProcessor() + ")";
}

Result<TrainResult> TrainAdapter(const TrainRequest& request, TrainObserver& observer,
                                 const Interrupt& interrupt) {
  return Run(request, observer, interrupt).Train();
}

}  // namespace idiolect
