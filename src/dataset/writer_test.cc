#include "dataset/writer.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "dataset/workspace_fixture.h"

namespace idiolect {
namespace {

size_t Entries(const std::filesystem::path& folder) {
  size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    (void)entry;
    ++entries;
  }
  return entries;
}

TEST(DatasetWriter, PublishesAllFilesAtOnce) {
  TestWorkspace workspace;
  auto writer = DatasetWriter::Create(workspace.datasets());
  ASSERT_TRUE(writer) << writer.error().message;
  const std::string line(1000, 'x');
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE((*writer)->AddLines(i % 10 == 0 ? DatasetFile::kTest : DatasetFile::kTrain,
                                    line + "\n", 1));
  }
  EXPECT_FALSE(Exists(workspace.datasets() / "d"));
  const auto files = (*writer)->Files();
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_TRUE((*writer)->Publish("d", "{}", "# d"));
  writer->reset();
  EXPECT_EQ((*files)[0].lines, 4500);
  EXPECT_EQ((*files)[0].bytes, 4500 * 1001);
  EXPECT_EQ((*files)[1].sha256, Sha256Hex(""));
  EXPECT_EQ((*files)[2].lines, 500);
  EXPECT_EQ(*Sha256OfFile(workspace.datasets() / "d" / "train.jsonl"), (*files)[0].sha256);
  EXPECT_EQ(*ReadFile(workspace.datasets() / "d" / "manifest.json"), "{}");
  EXPECT_EQ(Entries(workspace.datasets()), 1u);
}

TEST(DatasetWriter, UnpublishedItLeavesNothing) {
  TestWorkspace workspace;
  auto writer = DatasetWriter::Create(workspace.datasets());
  ASSERT_TRUE(writer);
  ASSERT_TRUE((*writer)->AddLines(DatasetFile::kTrain, "x\n", 1));
  writer->reset();
  EXPECT_EQ(Entries(workspace.datasets()), 0u);
}

TEST(DatasetWriter, WithdrawnItIsGone) {
  TestWorkspace workspace;
  auto writer = DatasetWriter::Create(workspace.datasets());
  ASSERT_TRUE(writer && (*writer)->Files() && (*writer)->Publish("d", "{}", "# d"));
  (*writer)->Withdraw();
  EXPECT_EQ(Entries(workspace.datasets()), 0u);
}

TEST(DatasetWriter, FindsAFreeName) {
  TestWorkspace workspace;
  ASSERT_TRUE(MakeFolders(workspace.datasets() / "d"));
  ASSERT_TRUE(MakeFolders(workspace.datasets() / "d-2"));
  auto writer = DatasetWriter::Create(workspace.datasets());
  ASSERT_TRUE(writer);
  EXPECT_EQ((*writer)->FreeName("d"), "d-3");
  EXPECT_EQ((*writer)->FreeName("e"), "e");
}

TEST(DatasetWriter, SaysWhenItCannotWrite) {
  TestWorkspace workspace;
  ASSERT_TRUE(PublishFile(workspace.datasets(), "a file where the folder should be"));
  const auto writer = DatasetWriter::Create(workspace.datasets());
  ASSERT_FALSE(writer);
  EXPECT_NE(writer.error().message.find("datasets"), std::string::npos);
}

}  // namespace
}  // namespace idiolect
