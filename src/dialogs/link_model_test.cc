#include "dialogs/link_model.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/file.h"
#include "base/random.h"

namespace idiolect {
namespace {

const std::string kFolder = std::string(IDIOLECT_SOURCE_DIR) + "/tests/data/links/";

int FeatureOf(std::string_view name) {
  for (int f = 0; f < kLinkFeatures; ++f) {
    if (LinkFeatureName(f) == name) return f;
  }
  return -1;
}

// Candidates with random bytes in every feature.
FeatureBlocks RandomBlocks(size_t candidates) {
  FeatureBlocks blocks;
  blocks.Resize(candidates);
  Random random(7);
  for (size_t i = 0; i < candidates; ++i) {
    for (int f = 0; f < kLinkFeatures; ++f) {
      const uint64_t most = random.Below(3) == 0 ? 256 : 8;
      blocks.lane(i)[static_cast<size_t>(f) * FeatureBlocks::kLanes] =
          static_cast<uint8_t>(random.Below(most));
    }
  }
  return blocks;
}

// Compares with what tools/links/record.py recorded; `names` are the columns of its rows.
void ExpectTheTrainersScores(const std::string& recorded, const std::vector<const char*>& names) {
  const auto text = ReadFile(kFolder + recorded + ".trees");
  ASSERT_TRUE(text) << text.error().message;
  const auto model = LinkModel::Parse(*text);
  ASSERT_TRUE(model) << model.error().message;
  std::ifstream file(kFolder + recorded + ".txt");
  std::vector<double> expected;
  FeatureBlocks blocks;
  blocks.Resize(300);
  for (std::string row; std::getline(file, row);) {
    std::istringstream numbers(row);
    for (const char* name : names) {
      int byte = 0;
      numbers >> byte;
      blocks.lane(expected.size())[static_cast<size_t>(FeatureOf(name)) * FeatureBlocks::kLanes] =
          static_cast<uint8_t>(byte);
    }
    numbers >> expected.emplace_back();
  }
  ASSERT_EQ(expected.size(), 300u);
  std::vector<int32_t> sums;
  model->Score(blocks, &sums);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(model->settings().unit * sums[i], expected[i], 1e-6) << i;
  }
}

TEST(LinkModel, ScoresAsTheTrainerDoes) {
  std::vector<const char*> names = {"is_self",     "lines_between",   "seconds_between",
                                    "same_author", "names_candidate", "shared_weight",
                                    "line_asks"};
  ExpectTheTrainersScores("recorded", names);
  for (const char* name :
       {"guess_share", "guess_rank", "guess_of_thread", "guess_own_answered_author"}) {
    names.push_back(name);
  }
  ExpectTheTrainersScores("recorded-second", names);
}

// Leaves at the ends of what 16 bits hold, in more trees than are summed at once.
TEST(LinkModel, SumsTheLargestLeaves) {
  std::string text = "idiolect-links 1\nstyle nicks\nfeatures is_self lines_between\nunit 1\n";
  text += "trees 600\n";
  for (int tree = 0; tree < 600; ++tree) text += "0:0:1:-3 1:9:-1:-2 | 32767 -32768 -1\n";
  const auto model = LinkModel::Parse(text);
  ASSERT_TRUE(model) << model.error().message;
  FeatureBlocks blocks;
  blocks.Resize(3);
  blocks.lane(1)[kLinesBetween * FeatureBlocks::kLanes] = 200;
  blocks.lane(2)[kIsSelf * FeatureBlocks::kLanes] = 1;
  std::vector<int32_t> sums;
  model->Score(blocks, &sums);
  EXPECT_EQ(sums, (std::vector<int32_t>{600 * 32767, 600 * -32768, -600}));
}

TEST(LinkModel, ScoresManyAsOne) {
  const FeatureBlocks blocks = RandomBlocks(237);  // seven blocks and a part
  for (const ChatStyle style : {ChatStyle::kNicks, ChatStyle::kMessenger}) {
    for (const LinkLook look : {LinkLook::kFirst, LinkLook::kLast}) {
      const std::string_view text = BuiltInLinkModelText(style, look);
      const auto model = LinkModel::Parse(text);
      ASSERT_TRUE(model) << model.error().message;
      EXPECT_EQ(model->style(), style);
      std::vector<int32_t> sums;
      model->Score(blocks, &sums);
      ASSERT_EQ(sums.size(), 237u);
      for (size_t i = 0; i < sums.size(); ++i) EXPECT_EQ(sums[i], model->ScoreOne(blocks, i)) << i;
      // A part of them gives the same, also where it begins and ends within a block.
      std::vector<int32_t> part;
      model->Score(blocks, 40, 70, &part);
      for (size_t i = 40; i < 70; ++i) EXPECT_EQ(part[i], sums[i]) << i;
    }
  }
}

TEST(LinkModel, SaysWhatIsWrongWithAFile) {
  const std::string head = "idiolect-links 1\nstyle nicks\nfeatures is_self\nunit 0.5\n";
  const auto fault = [](const std::string& text) {
    const auto model = LinkModel::Parse(text);
    return model ? std::string() : model.error().message;
  };
  EXPECT_EQ(fault(head + "trees 1\n0:0:-1:-2 | 3 4\n"), "");
  EXPECT_EQ(fault("idiolect-links 2\n"),
            "reading a link model: line 1: this is no link model of version 1");
  EXPECT_EQ(fault("idiolect-links 1\nfeatures shoe_size\n"),
            "reading a link model: line 2: there is no feature 'shoe_size'");
  EXPECT_EQ(fault(head + "shoe 3\n"), "reading a link model: line 5: there is no setting 'shoe'");
  EXPECT_EQ(fault(head + "trees 1\n0:0:-1:-2 | 3\n"),
            "reading a link model: line 6: a tree of 1 nodes has 1 leaves");
  EXPECT_EQ(fault(head + "trees 1\n0:0:-2:-1 | 3 4\n"),
            "reading a link model: line 6: a tree's nodes and leaves are not in order");
  EXPECT_EQ(fault(head + "trees 1\n0:0:0:-1 | 3 4\n"),
            "reading a link model: line 6: a tree's nodes and leaves are not in order");
  EXPECT_EQ(fault(head + "trees 1\n1:0:-1:-2 | 3 4\n"),
            "reading a link model: line 6: a node is out of range");
  EXPECT_EQ(fault(head + "trees 1\n0:0:-1:-2 | 3 99999\n"),
            "reading a link model: line 6: a leaf is not a whole number of 16 bits");
  EXPECT_EQ(fault(head + "trees 2\n0:0:-1:-2 | 3 4\n"),
            "reading a link model: line 6: it has 1 trees of 2");
  EXPECT_EQ(fault(""), "reading a link model: line 0: it has 0 trees of 0");
}

}  // namespace
}  // namespace idiolect
