#include "jobs/local_job.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "jobs/job_control.h"
#include "store/database.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class FixedClock : public Clock {
 public:
  int64_t UnixSeconds() const override { return now; }
  int64_t now = 1'700'000'000;
};

// Trains four steps; stops after `stop_after` of them as an interrupted or failing engine does.
class FakeEngine : public Engine {
 public:
  std::string Version() const override { return "fake"; }
  std::string Machine(const EngineOptions&) const override { return "fake machine"; }
  Result<ModelInfo> Inspect(const fs::path&) const override { return ModelInfo{}; }
  Result<std::unique_ptr<ChatModel>> Open(const ModelSpec&, const EngineOptions&) const override {
    return Fail(ErrorKind::kFailed, "the fake engine opens nothing");
  }
  Result<std::unique_ptr<SharedBase>> OpenShared(const fs::path&,
                                                 const EngineOptions&) const override {
    return Fail(ErrorKind::kFailed, "the fake engine opens nothing");
  }
  Result<TrainResult> Train(const TrainRequest& request, TrainObserver& observer,
                            const Interrupt& interrupt) const override {
    ++calls;
    seen = request;
    TrainPlan plan;
    plan.options = request.options;
    plan.options.epochs = 2;
    plan.steps = 4;
    observer.OnPlan(plan);
    if (resume_at > 0) observer.OnResume(resume_at);
    for (int64_t step = resume_at + 1; step <= 4; ++step) {
      if (step > stop_after) return Fail(stop_kind, "stopped on purpose");
      TrainStep report;
      report.step = step;
      report.total_steps = 4;
      report.loss = 3.0 / static_cast<double>(step);
      observer.OnStep(report);
      if (interrupt.Requested()) return Fail(ErrorKind::kInterrupted, "told to stop");
    }
    TrainResult result;
    result.plan = plan;
    result.base_valid_loss = 3;
    result.best_valid_loss = 2;
    EXPECT_TRUE(PublishFile(request.output_folder / "adapter_model.safetensors", "weights"));
    return result;
  }

  mutable int calls = 0;
  mutable TrainRequest seen;
  int64_t stop_after = 99;
  int64_t resume_at = 0;
  ErrorKind stop_kind = ErrorKind::kInterrupted;
};

class LocalJobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "idiolect-jobs-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto workspace = Workspace::Open(folder_);
    ASSERT_TRUE(workspace);
    workspace_ = std::move(*workspace);
    request_.dataset_folder = workspace_->datasets_folder() / "natasha-1";
    request_.persona_source_id = "telegram:user1";
    request_.persona_name = "Наташа Щукина";
    request_.base_name = "tiny";
    request_.base_sha256 = "abc";
    const std::string line =
        R"({"messages":[{"role":"system","content":"Ты — Наташа."},)"
        R"({"role":"user","content":"привет"},{"role":"assistant","content":"привет)"
        "\"}]}\n";
    ASSERT_TRUE(PublishFile(request_.dataset_folder / "train.jsonl", line));
    ASSERT_TRUE(PublishFile(request_.dataset_folder / "valid.jsonl", line));
  }
  void TearDown() override {
    workspace_.reset();
    fs::remove_all(folder_);
  }
  Result<LocalJobOutcome> Run() {
    return RunLocalJob(*workspace_, request_, engine_, clock_, observer_, interrupt_);
  }
  size_t StepEvents(const std::string& job) {
    size_t count = 0;
    const auto events = ListJobEvents(workspace_->database(), job).value();
    for (const JobEvent& event : events) {
      if (event.data.find("train_loss") != std::string::npos) ++count;
    }
    return count;
  }

  fs::path folder_;
  std::unique_ptr<Workspace> workspace_;
  LocalJobRequest request_;
  FakeEngine engine_;
  FixedClock clock_;
  TrainObserver observer_;
  Interrupt interrupt_;
};

TEST_F(LocalJobTest, AFinishedJobHasItsAdapterAndIsNotRepeated) {
  const auto outcome = Run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->decision, JobDecision::kStarted);
  const Job& job = outcome->job;
  EXPECT_EQ(job.status, "succeeded");
  EXPECT_EQ(job.fine_tuned_model, "ft:tiny:local:natasha-schukina:" + job.id.substr(22));
  EXPECT_EQ(StepEvents(job.id), 4u);
  EXPECT_EQ(nlohmann::json::parse(job.result)["valid_loss"], 2.0);
  EXPECT_EQ(nlohmann::json::parse(job.hyperparameters)["n_epochs"], 2);

  const auto card = ReadPersonaCard(folder_ / job.adapter);
  ASSERT_TRUE(card);
  EXPECT_EQ(card->system_prompt, "Ты — Наташа.");
  EXPECT_EQ(card->name, "Наташа Щукина");

  const auto again = Run();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->decision, JobDecision::kAlreadyDone);
  EXPECT_EQ(again->job.id, job.id);
  EXPECT_EQ(engine_.calls, 1);
}

TEST_F(LocalJobTest, AnInterruptedJobGoesOnUnderItsId) {
  engine_.stop_after = 3;
  const auto stopped = Run();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
  const Job before = ListJobs(workspace_->database())->front();
  EXPECT_EQ(before.status, "running");

  engine_.stop_after = 99;
  engine_.resume_at = 2;  // the checkpoint was older than the last step
  clock_.now += 60;
  const auto outcome = Run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->decision, JobDecision::kResumed);
  EXPECT_EQ(outcome->job.id, before.id);
  EXPECT_EQ(StepEvents(before.id), 4u) << "steps past the checkpoint must not be told twice";
}

TEST_F(LocalJobTest, AFailedJobKeepsItsReasonAndIsTriedAnew) {
  engine_.stop_after = 1;
  engine_.stop_kind = ErrorKind::kFailed;
  ASSERT_FALSE(Run());
  const Job failed = ListJobs(workspace_->database())->front();
  EXPECT_EQ(failed.status, "failed");
  EXPECT_EQ(failed.error, "stopped on purpose");
  EXPECT_EQ(failed.finished_at, clock_.now);

  engine_.stop_after = 99;
  clock_.now += 60;
  const auto outcome = Run();
  ASSERT_TRUE(outcome);
  EXPECT_NE(outcome->job.id, failed.id);
}

// Does something to the job at the second step, as another process may.
class AtStepTwo : public TrainObserver {
 public:
  explicit AtStepTwo(std::function<void()> act) : act_(std::move(act)) {}
  void OnStep(const TrainStep& step) override {
    if (step.step == 2) act_();
  }

 private:
  const std::function<void()> act_;
};

TEST_F(LocalJobTest, PausedFromElsewhereItStopsAndGoesOn) {
  AtStepTwo pause([&] {
    const Job job = ListJobs(workspace_->database())->front();
    ASSERT_TRUE(SettleFinetuneJob(*workspace_, job, LocalJobAction::kPause, clock_));
  });
  const auto stopped = RunLocalJob(*workspace_, request_, engine_, clock_, pause, interrupt_);
  ASSERT_FALSE(stopped);
  const Job paused = ListJobs(workspace_->database())->front();
  EXPECT_EQ(paused.status, "paused");
  EXPECT_EQ(stopped.error().message, "job " + paused.id + " was paused from elsewhere");
  EXPECT_EQ(StepEvents(paused.id), 2u);
  const auto resumed =
      ControlLocalJob(*workspace_, paused.id, LocalJobAction::kResume, clock_, interrupt_, [] {});
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().hint, "run the same command again: it goes on from the checkpoint");

  engine_.resume_at = 2;
  const auto outcome = Run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->decision, JobDecision::kResumed);
  EXPECT_EQ(outcome->job.id, paused.id);
  EXPECT_EQ(outcome->job.status, "succeeded");
}

TEST_F(LocalJobTest, CancelledFromElsewhereItIsOverAndLeavesNoCheckpoint) {
  AtStepTwo cancel([&] {
    const Job job = ListJobs(workspace_->database())->front();
    ASSERT_TRUE(PublishFile(workspace_->checkpoints_folder() / job.id / "state", "x"));
    ASSERT_TRUE(SettleFinetuneJob(*workspace_, job, LocalJobAction::kCancel, clock_));
  });
  ASSERT_FALSE(RunLocalJob(*workspace_, request_, engine_, clock_, cancel, interrupt_));
  const Job over = ListJobs(workspace_->database())->front();
  EXPECT_EQ(over.status, "cancelled");
  EXPECT_EQ(over.finished_at, clock_.now);
  EXPECT_FALSE(fs::exists(workspace_->checkpoints_folder() / over.id));
  clock_.now += 1;
  const auto outcome = Run();
  ASSERT_TRUE(outcome);
  EXPECT_NE(outcome->job.id, over.id);
}

class RequestedJobControl : public LocalJobTest {
 protected:
  void SetUp() override {
    LocalJobTest::SetUp();
    Job job;
    job.id = "ftjob-1";
    job.provider = "local";
    job.model = "tiny";
    job.status = "queued";
    job.key = "request:ftjob-1";
    job.hyperparameters = job.result = "{}";
    ASSERT_TRUE(SaveJob(workspace_->database(), job));
    JobRequest request;
    request.job_id = job.id;
    ASSERT_TRUE(SaveJobRequest(workspace_->database(), request));
  }
  Result<Job> Do(LocalJobAction action) {
    return ControlLocalJob(*workspace_, "ftjob-1", action, clock_, interrupt_,
                           [this] { ++waits_; });
  }
  std::string Wanted() { return FindJobRequest(workspace_->database(), "ftjob-1").value()->wanted; }
  int waits_ = 0;
};

TEST_F(RequestedJobControl, WithoutATrainerItIsSettledAtOnce) {
  EXPECT_EQ(Do(LocalJobAction::kPause)->status, "paused");
  EXPECT_EQ(Wanted(), "pause");
  EXPECT_EQ(Do(LocalJobAction::kResume)->status, "queued");
  EXPECT_EQ(Wanted(), "run");
  const auto again = Do(LocalJobAction::kResume);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "job ftjob-1 has status 'queued' and cannot be resumed");
  EXPECT_EQ(Do(LocalJobAction::kCancel)->status, "cancelled");
  EXPECT_EQ(Wanted(), "cancel");
  EXPECT_EQ(FindJob(workspace_->database(), "ftjob-1").value()->finished_at, clock_.now);
  EXPECT_EQ(Do(LocalJobAction::kPause).error().message,
            "job ftjob-1 has status 'cancelled' and cannot be paused");
  EXPECT_EQ(
      ControlLocalJob(*workspace_, "ftjob-2", LocalJobAction::kPause, clock_, interrupt_, [] {})
          .error()
          .kind,
      ErrorKind::kNotFound);
  EXPECT_EQ(waits_, 0);
}

TEST_F(RequestedJobControl, ATrainerAtWorkIsWaitedFor) {
  std::optional<FileLock> trainer;
  {
    ASSERT_TRUE(MakeFolders(workspace_->checkpoints_folder()));
    auto lock = FileLock::Take(JobLockFile(*workspace_, "ftjob-1"), interrupt_, [] {});
    ASSERT_TRUE(lock);
    trainer.emplace(*std::move(lock));
  }
  // It ends when it is waited for, having brought the job to its end before it heard.
  const auto job =
      ControlLocalJob(*workspace_, "ftjob-1", LocalJobAction::kPause, clock_, interrupt_, [&] {
        EXPECT_EQ(Wanted(), "pause");
        Job done = *FindJob(workspace_->database(), "ftjob-1").value();
        done.status = "succeeded";
        ASSERT_TRUE(SaveJob(workspace_->database(), done));
        trainer.reset();
      });
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->status, "succeeded");
}

TEST_F(LocalJobTest, OtherOptionsAreAnotherJob) {
  const auto first = Run();
  ASSERT_TRUE(first);
  request_.options.rank = 32;
  clock_.now += 1;
  const auto second = Run();
  ASSERT_TRUE(second);
  EXPECT_NE(first->job.id, second->job.id);
  EXPECT_EQ(engine_.calls, 2);
}

TEST_F(LocalJobTest, ABrokenDatasetIsAFailedJobThatNamesTheLine) {
  ASSERT_TRUE(PublishFile(request_.dataset_folder / "train.jsonl", "{\"messages\": 3}\n"));
  const auto outcome = Run();
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("train.jsonl"), std::string::npos)
      << outcome.error().message;
  EXPECT_EQ(engine_.calls, 0);
  EXPECT_EQ(ListJobs(workspace_->database())->front().status, "failed");
}

TEST_F(LocalJobTest, PreferencesAreReadByTheirMethod) {
  request_.options.method = TrainMethod::kPreference;
  request_.options.beta = 0.2;
  const auto missing = Run();
  ASSERT_FALSE(missing);
  const std::string line =
      R"({"prompt":[{"role":"system","content":"Ты — Наташа."},{"role":"user","content":"?"}],)"
      R"("chosen":[{"role":"assistant","content":"да"}],)"
      R"("rejected":[{"role":"assistant","content":"Конечно!"}]})";
  ASSERT_TRUE(PublishFile(request_.dataset_folder / "preference_train.jsonl", line));
  const auto outcome = Run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_EQ(engine_.seen.train_pairs.size(), 1u);
  EXPECT_EQ(engine_.seen.train_pairs[0].chosen.content, "да");
  EXPECT_TRUE(engine_.seen.train.empty());
  EXPECT_TRUE(engine_.seen.valid_pairs.empty());
  const auto card = ReadPersonaCard(folder_ / outcome->job.adapter);
  ASSERT_TRUE(card);
  EXPECT_EQ(card->system_prompt, "Ты — Наташа.");
  const auto options = nlohmann::json::parse(outcome->job.hyperparameters);
  EXPECT_EQ(options["method"], "dpo");
  EXPECT_EQ(options["beta"], 0.2);
  const auto events = ListJobEvents(workspace_->database(), outcome->job.id).value();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const JobEvent& event) {
    return event.data.find("train_reward_margin") != std::string::npos;
  }));
}

}  // namespace
}  // namespace idiolect
