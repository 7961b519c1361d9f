#include "validate/training_time.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class FixedClock : public Clock {
 public:
  int64_t UnixSeconds() const override { return 1'700'000'000; }
};

// A step takes five milliseconds; 100 rows of 50 tokens an epoch.
class SlowEngine : public Engine {
 public:
  std::string Version() const override { return "slow"; }
  std::string Machine(const EngineOptions&) const override { return "slow machine"; }
  Result<ModelInfo> Inspect(const fs::path&) const override { return ModelInfo{}; }
  Result<std::unique_ptr<ChatModel>> Open(const ModelSpec&, const EngineOptions&) const override {
    return Fail(ErrorKind::kFailed, "opens nothing");
  }
  Result<std::unique_ptr<SharedBase>> OpenShared(const fs::path&,
                                                 const EngineOptions&) const override {
    return Fail(ErrorKind::kFailed, "opens nothing");
  }
  Result<TrainResult> Train(const TrainRequest& request, TrainObserver& observer,
                            const Interrupt& interrupt) const override {
    EXPECT_TRUE(request.checkpoint_folder.empty());
    EXPECT_TRUE(request.valid.empty());
    TrainPlan plan;
    plan.options = request.options;
    plan.options.epochs = 2;
    plan.rows = 100;
    plan.steps = 200;
    plan.train_tokens = 5000;
    plan.machine = "slow machine";
    observer.OnPlan(plan);
    for (int64_t step = 1; step <= plan.steps; ++step) {
      if (interrupt.Requested()) return Fail(ErrorKind::kInterrupted, "stopped");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++steps;
      TrainStep report;
      report.step = step;
      report.tokens_per_second = 10'000;
      observer.OnStep(report);
    }
    return TrainResult{};
  }
  mutable int64_t steps = 0;
};

TEST(TrainingTime, IsMeasuredOnceAndRemembered) {
  const fs::path file =
      fs::temp_directory_path() / ("idiolect-speeds-" + std::to_string(getpid()) + ".json");
  const SlowEngine engine;
  const FixedClock clock;
  Interrupt interrupt;
  TrainRequest request;
  request.base = "model.gguf";
  request.train = {{{"user", "12", true}, {"assistant", "34", true}}};
  request.valid = {{{"user", "1", true}, {"assistant", "2", true}}};  // half of train
  TrainingTimeOptions options;
  options.measure_seconds = 0.06;
  options.remembered = file;
  options.version = "1";

  const auto first = EstimateTrainingTime(engine, request, options, clock, interrupt);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_GE(engine.steps, 3);
  EXPECT_LT(engine.steps, 50);  // stopped long before the end
  EXPECT_GE(first->speed.seconds_per_step, 0.005);
  // 200 steps, and three validations of half an epoch at a third of the price.
  EXPECT_NEAR(first->seconds, (200 + 3 * 100 * 0.5 / 3) * first->speed.seconds_per_step, 1e-9);
  EXPECT_EQ(first->speed.measured_at, 1'700'000'000);

  const int64_t before = engine.steps;
  const auto again = EstimateTrainingTime(engine, request, options, clock, interrupt);
  ASSERT_TRUE(again);
  EXPECT_EQ(engine.steps, before);
  EXPECT_EQ(again->speed.seconds_per_step, first->speed.seconds_per_step);

  options.measure_anew = true;
  ASSERT_TRUE(EstimateTrainingTime(engine, request, options, clock, interrupt));
  EXPECT_GT(engine.steps, before);

  interrupt.Request();
  const auto stopped = EstimateTrainingTime(engine, request, options, clock, interrupt);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  fs::remove(file);
}

}  // namespace
}  // namespace idiolect
