// Training as the program does it, on a handful of invented conversations: once on the real
// SmolLM2, else on a small model made for the tests.

#include "engine/torch/trainer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>

#include "engine/files/lora_files.h"
#include "engine/native/local_chat.h"
#include "engine/native/test_models.h"
#include "engine/torch/plan.h"
#include "engine/torch/preference.h"
#include "engine/torch/trainable_model.h"

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
    request.base = folder_ / "tiny.gguf";
    request.base_name = "tiny";
    WriteTrainableModel(request.base);
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
    request.output_folder = folder_ / "adapter";
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
  request.base = native::TestModel("SmolLM2-135M-Instruct.Q4_1.gguf");
  request.base_name = "smollm2-135m-instruct";
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
  EXPECT_TRUE(fs::exists(request.output_folder / "adapter_model.safetensors"));

  auto model = native::OpenLocalModel({request.base, request.output_folder, "persona"},
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

// Killed with signal 9 after half of the steps: the child of the test below.
constexpr char kKilledFolder[] = "IDIOLECT_TEST_KILLED_FOLDER";

TrainRequest AllWeights(TrainRequest request, const fs::path& folder) {
  request.options.full = true;
  request.options.rank = 0;
  request.options.rows_per_step = 2;
  request.options.pack_tokens = 64;
  request.options.epochs = 4;
  request.options.checkpoint_every_seconds = 0;
  request.checkpoint_folder = folder / "checkpoint";
  request.output_folder = folder / "model";
  return request;
}

class DiesAt : public Recorder {
 public:
  explicit DiesAt(int64_t step) : step_(step) {}
  void OnStep(const TrainStep& step) override {
    if (step.step == step_) ::kill(::getpid(), SIGKILL);
  }

 private:
  int64_t step_;
};

TEST_F(TrainerTest, DISABLED_Killed) {
  const char* folder = std::getenv(kKilledFolder);
  ASSERT_NE(folder, nullptr);
  DiesAt dies(6);
  const Interrupt never;
  (void)TrainAdapter(AllWeights(Request(), folder), dies, never);
}

TEST_F(TrainerTest, AllWeightsLearnAndAKilledRunGoesOnToTheSameLosses) {
  const Interrupt never;
  Recorder unbroken;
  const TrainRequest request = AllWeights(Request(), folder_ / "whole");
  const auto result = TrainAdapter(request, unbroken, never);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(unbroken.losses_.size(), 8u);
  EXPECT_LT(unbroken.losses_.back(), 0.8 * unbroken.losses_.front());
  EXPECT_LT(result->best_valid_loss, result->base_valid_loss);

  fs::create_directories(folder_ / "killed");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::setenv(kKilledFolder, (folder_ / "killed").c_str(), 1);
    ::execl("/proc/self/exe", "killed", "--gtest_filter=TrainerTest.DISABLED_Killed",
            "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(fs::exists(folder_ / "killed" / "model"));
  Recorder second;
  ASSERT_TRUE(TrainAdapter(AllWeights(Request(), folder_ / "killed"), second, never));
  // From the end of the second epoch, or a checkpoint after it.
  ASSERT_GE(second.resumed_from_, 4);
  const std::vector<double> rest(unbroken.losses_.begin() + second.resumed_from_,
                                 unbroken.losses_.end());
  EXPECT_EQ(second.losses_, rest);  // bit for bit

  // The folder is a model like any other, and computes what training had.
  Recorder again;
  TrainRequest from_it = request;
  from_it.base = request.output_folder;
  from_it.options.max_steps = 1;
  from_it.checkpoint_folder.clear();
  from_it.output_folder = folder_ / "further";
  const auto further = TrainAdapter(from_it, again, never);
  ASSERT_TRUE(further) << further.error().message;
  EXPECT_NEAR(further->base_valid_loss, result->best_valid_loss, 1e-5);
  auto model = native::OpenLocalModel({request.output_folder, {}, "persona"},
                                      {.threads = 1, .type = native::Dtype::kF32});
  ASSERT_TRUE(model) << model.error().message;
  auto session = (*model)->NewSession();
  ASSERT_TRUE(session);
  GenerateOptions options;
  options.temperature = 0;
  options.max_tokens = 8;
  const auto answer = (*session)->Generate(
      {{"user", "How was the lake?", true}}, options, [](std::string_view) { return true; }, never);
  ASSERT_TRUE(answer) << answer.error().message;
}

TEST_F(TrainerTest, AllWeightsHaveNoOptionsOfAnAdapter) {
  TrainRequest request = AllWeights(Request(), folder_);
  request.options.rank = 8;
  request.options.base = BaseForm::kPacked;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "preparing to train: where all weights learn there is no adapter to have a rank, "
            "alpha, targets, dropout, RSLoRA or DoRA; where all weights learn they cannot stay "
            "packed in the file");
}

TEST_F(TrainerTest, ResumesToTheSameLosses) {
  const Interrupt never;
  TrainRequest whole = Request();
  whole.checkpoint_folder = folder_ / "whole";
  whole.output_folder = folder_ / "whole-adapter";
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
  EXPECT_FALSE(fs::exists(Request().output_folder));

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
  request.options.targets = {"q_proj", "lm_head"};
  request.options.rows_per_step = 0;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kMisuse);
  EXPECT_EQ(
      result.error().message,
      "preparing to train: the rank must be between 1 and 512; there is no projection \"lm_head\" "
      "(known: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj); a step needs at "
      "least one row");
}

TEST_F(TrainerTest, ResumesToTheSameLossesWithNoiseAndAccumulation) {
  const Interrupt never;
  auto request = [&](const char* name) {
    TrainRequest noisy = Request();
    noisy.options.dropout = 0.1;
    noisy.options.neftune = 5;
    noisy.options.rows_per_step = 2;
    noisy.options.pack_tokens = 64;
    noisy.options.targets = {"v_proj", "down_proj"};
    noisy.options.schedule = Schedule::kLinear;
    noisy.options.recompute = Recompute::kAlways;
    noisy.options.epochs = 2;
    noisy.checkpoint_folder = folder_ / name;
    noisy.output_folder = folder_ / (std::string(name) + "-adapter");
    return noisy;
  };
  Recorder unbroken;
  ASSERT_TRUE(TrainAdapter(request("whole"), unbroken, never));
  ASSERT_GE(unbroken.losses_.size(), 2u);
  Interrupt interrupt;
  Recorder first(&interrupt, 1), second;
  ASSERT_FALSE(TrainAdapter(request("broken"), first, interrupt));
  ASSERT_TRUE(TrainAdapter(request("broken"), second, never));
  std::vector<double> losses = first.losses_;
  losses.insert(losses.end(), second.losses_.begin(), second.losses_.end());
  EXPECT_EQ(losses, unbroken.losses_);  // bit for bit
}

TEST_F(TrainerTest, PatienceEndsTraining) {
  TrainRequest request = Request();
  request.options.epochs = 6;
  request.options.patience = 1;
  request.options.rank = 2;
  request.options.targets = {"v_proj"};
  // So high that no epoch after the first few improves on the held-out line.
  request.options.learning_rate = 0.5;
  request.options.clip_norm = 0;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->stopped_early);
  EXPECT_LT(static_cast<int64_t>(recorder.losses_.size()), result->plan.steps);
  EXPECT_FALSE(recorder.validations_.back().best);
  EXPECT_TRUE(fs::exists(request.output_folder / "adapter_model.safetensors"));
}

TEST_F(TrainerTest, OneSampleIsEnoughAndNoneIsRefused) {
  TrainRequest request = Request();
  request.train.resize(1);
  request.valid.clear();
  request.options.max_steps = 2;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(recorder.losses_.size(), 2u);
  EXPECT_TRUE(std::isnan(result->best_valid_loss));
  EXPECT_TRUE(fs::exists(request.output_folder / "adapter_model.safetensors"));

  request.train.clear();
  const auto nothing = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, "preparing to train: there is nothing to train on");
}

TEST_F(TrainerTest, AJobThatCannotFitIsRefusedBeforeItStarts) {
  TrainRequest request = Request();
  request.options.memory_mib = 100;
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("100 MiB are free"), std::string::npos)
      << result.error().message;
  EXPECT_TRUE(recorder.losses_.empty());
}

TEST(PreferenceTest, LossAndWeightsAreThoseOfTheFormula) {
  PreferenceSum sum;
  // h = 0.1 · ((−10 + 12) − (−11 + 11.5)) = 0.15, and −log σ(0.15), −0.1 · σ(−0.15) by hand.
  const auto weights = PreferenceWeights({-10, -12}, {-11, -11.5}, 0.1, 0.5, &sum);
  EXPECT_NEAR(sum.loss.loss, 0.620957, 1e-6);
  EXPECT_NEAR(sum.margin, 0.15, 1e-12);
  EXPECT_EQ(sum.loss.correct, 1);
  EXPECT_NEAR(weights[0], -0.5 * 0.0462570, 1e-7);
  EXPECT_NEAR(weights[1], 0.5 * 0.0462570, 1e-7);
  PreferenceSum far;
  const auto surely = PreferenceWeights({0, -1e5, -1e5, 0}, {0, 0, 0, 0}, 1, 1, &far);
  EXPECT_NEAR(far.loss.loss, 1e5, 1e-6);  // right for nothing, wrong for all of it
  EXPECT_EQ(far.loss.correct, 1);
  EXPECT_EQ(surely, (std::vector<double>{-0.0, 0, -1, 1}));
}

class PreferenceTrainerTest : public TrainerTest {
 protected:
  TrainRequest Pairs(const std::string& name) const {
    TrainRequest request = Request();
    request.options.method = TrainMethod::kPreference;
    request.options.pack_tokens = 256;
    request.options.rows_per_step = 2;
    request.options.learning_rate = 5e-3;
    request.options.epochs = 4;
    request.checkpoint_folder = folder_ / name;
    request.output_folder = folder_ / (name + "-adapter");
    for (const TrainingSample& sample : request.train) {
      request.train_pairs.push_back(
          {{sample[0]}, sample[1], {"assistant", "I am a helpful assistant.", true}});
    }
    request.valid_pairs = {
        {{request.valid[0][0]}, request.valid[0][1], {"assistant", "I do not sleep.", true}}};
    request.train.clear();
    request.valid.clear();
    return request;
  }
};

TEST_F(PreferenceTrainerTest, PrefersWhatWasChosenAndResumesToTheSameLosses) {
  const Interrupt never;
  Recorder unbroken;
  const auto whole = TrainAdapter(Pairs("whole"), unbroken, never);
  ASSERT_TRUE(whole) << whole.error().message;
  // The model begins as its own reference: nothing is preferred.
  EXPECT_NEAR(unbroken.losses_.front(), std::log(2.0), 1e-6);
  EXPECT_NEAR(whole->base_valid_loss, std::log(2.0), 1e-6);
  EXPECT_LT(unbroken.losses_.back(), 0.6);
  EXPECT_LT(whole->best_valid_loss, whole->base_valid_loss);
  EXPECT_GT(unbroken.validations_.back().reward_margin, 0);
  EXPECT_TRUE(fs::exists(folder_ / "whole-adapter" / "adapter_model.safetensors"));

  Interrupt interrupt;
  Recorder first(&interrupt, static_cast<int64_t>(unbroken.losses_.size() / 2)), second;
  ASSERT_FALSE(TrainAdapter(Pairs("broken"), first, interrupt));
  ASSERT_TRUE(TrainAdapter(Pairs("broken"), second, never));
  std::vector<double> losses = first.losses_;
  losses.insert(losses.end(), second.losses_.begin(), second.losses_.end());
  EXPECT_EQ(losses, unbroken.losses_);  // bit for bit
}

TEST_F(PreferenceTrainerTest, BothAnswersAreCutAtTheSameTurn) {
  TrainRequest request = Pairs("cut");
  request.options.max_steps = 1;
  std::string long_text(300, 'x');
  request.train_pairs = {
      {{{"user", long_text, true}, {"assistant", "old", true}, {"user", "And now?", true}},
       {"assistant", "now this", true},
       {"assistant", "now that", true}},
      {{{"user", long_text, true}}, {"assistant", "lost", true}, {"assistant", "gone", true}}};
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(request, recorder, never);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->plan.cut_samples, 1);
  EXPECT_EQ(result->plan.dropped_samples, 1);
}

// --- several processes ---

constexpr char kPeerFolder[] = "IDIOLECT_TEST_PEER_FOLDER";

TrainRequest SharedWork(TrainRequest request, const fs::path& folder) {
  request.options.pack_tokens = 64;
  request.options.rows_per_step = 4;
  request.options.dropout = 0.1;
  request.options.epochs = 2;
  request.checkpoint_folder = folder / "checkpoint";
  request.output_folder = folder / "adapter";
  return request;
}

// Run by the test below as a process of its own, with its place in the environment.
TEST_F(TrainerTest, DISABLED_Peer) {
  const char* folder = std::getenv(kPeerFolder);
  ASSERT_NE(folder, nullptr);
  Recorder recorder;
  const Interrupt never;
  const auto result = TrainAdapter(SharedWork(Request(), folder), recorder, never);
  ASSERT_TRUE(result) << result.error().message;
  std::ofstream out(fs::path(folder) / ("losses-" + std::string(std::getenv("RANK"))));
  for (const double loss : recorder.losses_) out << std::setprecision(17) << loss << '\n';
}

std::vector<double> NumbersIn(const fs::path& path) {
  std::ifstream in(path);
  return {std::istream_iterator<double>(in), std::istream_iterator<double>()};
}

TEST_F(TrainerTest, SeveralProcessesTrainAsOne) {
  const Interrupt never;
  Recorder alone;
  ASSERT_TRUE(TrainAdapter(SharedWork(Request(), folder_ / "alone"), alone, never));
  const auto expected = ReadLoraAdapter(folder_ / "alone" / "adapter");
  ASSERT_TRUE(expected);
  for (const int count : {2, 4}) {
    const fs::path folder = folder_ / std::to_string(count);
    fs::create_directories(folder);
    // A port that was free a moment ago.
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::string port = std::to_string(ntohs(address.sin_port));
    ::close(probe);
    std::vector<pid_t> children;
    for (int rank = 0; rank < count; ++rank) {
      const std::vector<std::string> set = {std::string(kPeerFolder) + "=" + folder.string(),
                                            "RANK=" + std::to_string(rank),
                                            "WORLD_SIZE=" + std::to_string(count),
                                            "MASTER_ADDR=127.0.0.1",
                                            "MASTER_PORT=" + port,
                                            "GLOO_SOCKET_IFNAME=lo"};
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        for (const std::string& pair : set) ::putenv(const_cast<char*>(pair.c_str()));
        ::execl("/proc/self/exe", "peer", "--gtest_filter=TrainerTest.DISABLED_Peer",
                "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
        ::_exit(127);
      }
      children.push_back(child);
    }
    for (const pid_t child : children) {
      int status = -1;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    const std::vector<double> losses = NumbersIn(folder / "losses-0");
    ASSERT_EQ(losses.size(), alone.losses_.size());
    // The sums are the same but for their order.
    for (size_t i = 0; i < losses.size(); ++i) {
      EXPECT_NEAR(losses[i], alone.losses_[i], 1e-4 * alone.losses_[i]) << count << " step " << i;
    }
    for (int rank = 1; rank < count; ++rank) {
      EXPECT_EQ(NumbersIn(folder / ("losses-" + std::to_string(rank))), losses);
    }
    const auto adapter = ReadLoraAdapter(folder / "adapter");
    ASSERT_TRUE(adapter);
    double most = 0;
    for (size_t p = 0; p < adapter->pairs.size(); ++p) {
      for (size_t i = 0; i < adapter->pairs[p].a.values.size(); ++i) {
        most = std::max(most, static_cast<double>(std::fabs(adapter->pairs[p].a.values[i] -
                                                            expected->pairs[p].a.values[i])));
      }
    }
    // Adam turns the rounding of a vanishing gradient into a part of a step, here of 2e-3.
    EXPECT_LT(most, 1e-3) << count;
  }
}

TEST(ResolveTest, PreferencesMoveTheModelLess) {
  TrainOptions options;
  const TrainOptions supervised = ResolveOptions(options, 100);
  options.method = TrainMethod::kPreference;
  const TrainOptions pairs = ResolveOptions(options, 100);
  EXPECT_EQ(supervised.epochs, 6);
  EXPECT_EQ(pairs.epochs, 2);
  EXPECT_DOUBLE_EQ(pairs.learning_rate, 0.1 * supervised.learning_rate);
  options.learning_rate = 3e-5;
  EXPECT_EQ(ResolveOptions(options, 100).learning_rate, 3e-5);
}

TEST(RateTest, SchedulesStartAndEndWhereTheySay) {
  TrainOptions options;
  options.learning_rate = 1;
  options.warmup_share = 0.1;
  const auto at = [&](Schedule schedule, int64_t step) {
    options.schedule = schedule;
    return RateAt(options, step, 100);
  };
  for (const Schedule schedule : {Schedule::kCosine, Schedule::kLinear, Schedule::kConstant}) {
    EXPECT_NEAR(at(schedule, 1), 0.1, 1e-12);
    EXPECT_NEAR(at(schedule, 10), 1, 1e-12);
  }
  EXPECT_NEAR(at(Schedule::kCosine, 100), 0.1, 1e-12);
  EXPECT_NEAR(at(Schedule::kCosine, 55), 0.55, 1e-12);
  EXPECT_NEAR(at(Schedule::kLinear, 11), 1, 1e-12);
  EXPECT_NEAR(at(Schedule::kLinear, 100), 1.0 / 90, 1e-12);
  EXPECT_NEAR(at(Schedule::kConstant, 100), 1, 1e-12);
}

}  // namespace
}  // namespace idiolect
