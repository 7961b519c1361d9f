// Training as the program does it, on the real SmolLM2 and a handful of invented conversations.

#include "engine/torch/trainer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "engine/native/local_chat.h"
#include "engine/native/test_models.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class TrainerTest : public testing::Test {
 protected:
  TrainerTest()
      : folder_(fs::temp_directory_path() /
                ("idiolect-trainer-" + std::to_string(getpid()) + "-" +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~TrainerTest() override { fs::remove_all(folder_); }

  TrainRequest Request() const {
    TrainRequest request;
    request.base = native::TestModel("SmolLM2-135M-Instruct.Q4_1.gguf");
    request.base_name = "smollm2-135m-instruct";
    const char* const talk[][2] = {
        {"How was the lake?", "cold as ever, loved it!!"},
        {"Are you coming tonight?", "sure thing, save me a chair!!"},
        {"Did you fix the bike?", "two bolts left over, rides fine!!"},
        {"What's for dinner?", "soup again, no regrets!!"},
        {"Can you call Ann?", "did it, she says hi!!"},
        {"Is the train late?", "of course it is, bring a book!!"},
    };
    for (const auto& [question, answer] : talk) {
      request.train.push_back({{"user", question, true}, {"assistant", answer, true}});
    }
    request.valid = {{{"user", "Did you sleep?", true}, {"assistant", "like a log!!", true}}};
    request.options.epochs = 3;
    request.options.learning_rate = 2e-3;
    request.options.rank = 4;
    request.options.pack_tokens = 128;
    request.engine = {1, Precision::kF32};
    request.checkpoint_folder = folder_ / "checkpoint";
    request.adapter_folder = folder_ / "adapter";
    return request;
  }

  fs::path folder_;
};

class Recorder : public TrainObserver {
 public:
  explicit Recorder(Interrupt* interrupt = nullptr, int64_t interrupt_at = -1)
      : interrupt_(interrupt), interrupt_at_(interrupt_at) {}
  void OnPlan(const TrainPlan& plan) override { plan_ = plan; }
  void OnResume(int64_t step) override { resumed_from_ = step; }
  void OnStep(const TrainStep& step) override {
    losses_.push_back(step.loss);
    if (step.step == interrupt_at_) interrupt_->Request();
  }
  void OnValidation(const Validation& v) override { validations_.push_back(v); }

  TrainPlan plan_;
  int64_t resumed_from_ = -1;
  std::vector<double> losses_;
  std::vector<Validation> validations_;

 private:
  Interrupt* interrupt_;
  int64_t interrupt_at_;
};

TEST_F(TrainerTest, LearnsAndTheAdapterAnswers) {
  TrainRequest request = Request();
  request.engine = {0, Precision::kAuto};
  request.options.epochs = 8;
  Recorder recorder;
  const Interrupt interrupt;
  const auto result = TrainAdapter(request, recorder, interrupt);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(recorder.plan_.steps, static_cast<int64_t>(recorder.losses_.size()));
  EXPECT_LT(recorder.losses_.back(), 0.5 * recorder.losses_.front());
  ASSERT_EQ(recorder.validations_.size(), 9u);
  EXPECT_LT(result->best_valid_loss, result->base_valid_loss);
  EXPECT_TRUE(fs::exists(request.adapter_folder / "adapter_model.safetensors"));

  auto model = native::OpenLocalModel({request.base, request.adapter_folder, "persona"},
                                      {.type = native::Dtype::kBf16});
  ASSERT_TRUE(model) << model.error().message;
  auto session = (*model)->NewSession();
  ASSERT_TRUE(session);
  GenerateOptions options;
  options.temperature = 0;
  options.max_tokens = 24;
  std::string streamed;
  const auto answer = (*session)->Generate(
      {{"user", "How was the lake?", true}}, options,
      [&](std::string_view piece) {
        streamed += piece;
        return true;
      },
      interrupt);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->text, streamed);
  EXPECT_EQ(answer->finish, FinishReason::kStop);
  EXPECT_NE(answer->text.find("!!"), std::string::npos) << answer->text;
}

TEST_F(TrainerTest, ResumesToTheSameLosses) {
  const Interrupt never;
  TrainRequest whole = Request();
  whole.checkpoint_folder = folder_ / "whole";
  whole.adapter_folder = folder_ / "whole-adapter";
  Recorder unbroken;
  ASSERT_TRUE(TrainAdapter(whole, unbroken, never));
  ASSERT_GE(unbroken.losses_.size(), 4u);

  // In the middle of the second epoch.
  const auto steps_before = static_cast<int64_t>(unbroken.losses_.size() / 2);
  Interrupt interrupt;
  Recorder first(&interrupt, steps_before);
  const auto stopped = TrainAdapter(Request(), first, interrupt);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  EXPECT_FALSE(fs::exists(Request().adapter_folder));

  Recorder second;
  const auto finished = TrainAdapter(Request(), second, never);
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(second.resumed_from_, steps_before);
  std::vector<double> losses = first.losses_;
  losses.insert(losses.end(), second.losses_.begin(), second.losses_.end());
  EXPECT_EQ(losses, unbroken.losses_);  // bit for bit
  ASSERT_EQ(finished->validations.size(), unbroken.validations_.size());
  for (size_t i = 0; i < unbroken.validations_.size(); ++i) {
    EXPECT_EQ(finished->validations[i].loss, unbroken.validations_[i].loss);
  }

  // Another request does not take up this one's checkpoint.
  TrainRequest other = Request();
  other.options.seed = 8;
  other.options.max_steps = 1;
  Recorder third;
  ASSERT_TRUE(TrainAdapter(other, third, never));
  EXPECT_EQ(third.resumed_from_, -1);
}

TEST_F(TrainerTest, LongSamplesAreCutAtATurnOrLeftOut) {
  TrainRequest request = Request();
  request.options.max_steps = 1;
  std::string long_text;
  for (int i = 0; i < 300; ++i) long_text += "word ";
  request.train = {
      {{"user", long_text, true},
       {"assistant", "old", true},
       {"user", "And now?", true},
       {"assistant", "now this", true}},
      {{"user", long_text, true}, {"assistant", "lost", true}},
  };
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->plan.cut_samples, 1);
  EXPECT_EQ(result->plan.dropped_samples, 1);
  EXPECT_LE(result->plan.train_tokens, 128);

  request.train.erase(request.train.begin());
  const auto nothing = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message,
            "preparing to train: none of the 1 samples has anything to learn within 128 tokens");
}

TEST_F(TrainerTest, ARateThatBreaksTheModelIsSaid) {
  TrainRequest request = Request();
  request.options.learning_rate = 1e30;
  request.options.clip_norm = 0;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kFailed);
  EXPECT_NE(result.error().message.find("no longer a number"), std::string::npos);
  EXPECT_TRUE(fs::exists(request.checkpoint_folder / "checkpoint.safetensors"));
}

TEST_F(TrainerTest, SenselessOptionsAreAllNamed) {
  TrainRequest request = Request();
  request.options.rank = -1;
  request.options.rows_per_step = 0;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kMisuse);
  EXPECT_EQ(
      result.error().message,
      "preparing to train: the rank must be between 1 and 512; a step needs at least one row");
}

}  // namespace
}  // namespace idiolect
