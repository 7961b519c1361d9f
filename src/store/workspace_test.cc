#include "store/workspace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"
#include "store/database.h"
#include "store/jobs.h"
#include "store/runs.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class WorkspaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "idiolect-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::unique_ptr<Workspace> Open() {
    auto workspace = Workspace::Open(folder_);
    EXPECT_TRUE(workspace) << (workspace ? "" : workspace.error().message);
    return std::move(*workspace);
  }
  fs::path folder_;
};

TEST_F(WorkspaceTest, RemembersSettingsAcrossOpenings) {
  {
    auto workspace = Open();
    EXPECT_EQ(*workspace->Setting("persona"), std::nullopt);
    ASSERT_TRUE(workspace->SetSetting("persona", "telegram:user1"));
    ASSERT_TRUE(workspace->SetSetting("persona", "telegram:user2"));
  }
  EXPECT_EQ(*Open()->Setting("persona"), "telegram:user2");
  EXPECT_TRUE(Exists(folder_ / "idiolect.toml"));
}

TEST_F(WorkspaceTest, AMissingOneIsNamed) {
  const auto workspace = Workspace::OpenExisting(folder_ / "none");
  ASSERT_FALSE(workspace);
  EXPECT_EQ(workspace.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(workspace.error().message, "there is no workspace in " + (folder_ / "none").string());
}

TEST_F(WorkspaceTest, RefusesWhatANewerProgramWrote) {
  ASSERT_TRUE(Open()->database().Execute("PRAGMA user_version = 99"));
  const auto workspace = Workspace::Open(folder_);
  ASSERT_FALSE(workspace);
  EXPECT_NE(workspace.error().message.find("newer idiolect (schema 99"), std::string::npos);
}

TEST_F(WorkspaceTest, ADamagedDatabaseIsOneClearError) {
  std::ofstream(folder_ / "workspace.db") << std::string(4096, 'x');
  const auto workspace = Workspace::Open(folder_);
  ASSERT_FALSE(workspace);
  EXPECT_EQ(workspace.error().hint, "the file is damaged: move it away and import the chats again");
}

TEST_F(WorkspaceTest, WhatIsNotCommittedIsRolledBack) {
  auto workspace = Open();
  {
    auto transaction = Transaction::Begin(workspace->database());
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(workspace->SetSetting("a", "1"));
  }
  EXPECT_EQ(*workspace->Setting("a"), std::nullopt);
}

TEST_F(WorkspaceTest, TheLastRunOfAStageIsFoundAndCompared) {
  auto workspace = Open();
  Database& database = workspace->database();
  EXPECT_EQ(LastRun(database, "build")->has_value(), false);
  const RunKey first = {{"gap", "3600"}, {"code", "1"}};
  ASSERT_TRUE(RecordRun(database, "build", {first, 10, "{}"}));
  ASSERT_TRUE(RecordRun(database, "import", {{}, 11, "{}"}));
  const RunKey second = {{"gap", "7200"}, {"code", "1"}, {"persona", "user1"}};
  ASSERT_TRUE(RecordRun(database, "build", {second, 12, "{\"pairs\":3}"}));
  const auto last = *LastRun(database, "build");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->key, second);
  EXPECT_EQ(last->summary, "{\"pairs\":3}");
  EXPECT_EQ(ExplainDifference(first, second), "gap: 3600 → 7200; persona: new, user1");
  EXPECT_EQ(ExplainDifference(second, first), "gap: 7200 → 3600; persona: no longer, was user1");
  EXPECT_EQ(ExplainDifference(second, second), "");
}

TEST_F(WorkspaceTest, JobsKeepTheirEventsUpToACheckpoint) {
  auto workspace = Open();
  Database& database = workspace->database();
  Job job;
  job.id = "ftjob-1";
  job.key = "k";
  job.status = "running";
  job.created_at = 5;
  ASSERT_TRUE(SaveJob(database, job));
  for (int step = 1; step <= 4; ++step) {
    ASSERT_TRUE(AddJobEvent(database, job.id,
                            {0, 10, "info", "metrics", "step",
                             "{\"step\":" + std::to_string(step) + ",\"train_loss\":1.5}"}));
  }
  ASSERT_TRUE(AddJobEvent(database, job.id, {0, 11, "info", "message", "note", ""}));
  ASSERT_TRUE(DropJobEventsAfterStep(database, job.id, 2));
  const auto events = *ListJobEvents(database, job.id);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].data, "{\"step\":2,\"train_loss\":1.5}");
  EXPECT_EQ(events[2].message, "note");

  job.status = "succeeded";
  job.fine_tuned_model = "ft:x";
  ASSERT_TRUE(SaveJob(database, job));
  ASSERT_EQ(ListJobs(database)->size(), 1u) << "saving again must not add a second job";
  EXPECT_EQ((*FindJobByKey(database, "k"))->fine_tuned_model, "ft:x");
  EXPECT_EQ((*FindJob(database, "ftjob-1"))->created_at, 5);
  EXPECT_FALSE(*FindJob(database, "ftjob-2"));
}

}  // namespace
}  // namespace idiolect
