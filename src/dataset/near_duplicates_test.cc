#include "dataset/near_duplicates.h"

#include <gtest/gtest.h>

#include <string>

namespace idiolect {
namespace {

TEST(NearDuplicates, CasePunctuationAndOneWordDoNotMatter) {
  const Sketch a =
      SketchOf("возьми муку, три яйца, стакан сахара, взбей всё и ставь в духовку на час");
  const Sketch b =
      SketchOf("Возьми муку три яйца стакан сахара взбей все и ставь в духовку НА ЧАС!");
  const Sketch c =
      SketchOf("возьми муку, три яйца, стакан сахара, взбей всё и ставь в духовку на два");
  const Sketch d =
      SketchOf("завтра с утра поедем на озеро и будем там жить до самого понедельника");
  EXPECT_EQ(Likeness(a, b), 1);
  EXPECT_GE(Likeness(a, c), 0.7);
  EXPECT_LE(Likeness(a, d), 0.2);
}

TEST(NearDuplicates, ShortTextsAreNoCopies) {
  EXPECT_TRUE(SketchOf("да, конечно приду, жди меня").empty());
  EXPECT_EQ(Likeness(SketchOf("да"), SketchOf("да")), 0);
}

TEST(NearDuplicates, GroupsByTheSmallestIndex) {
  std::vector<Sketch> sketches;
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (int word = 0; word < 12; ++word) text += "w" + std::to_string(i * 100 + word) + " ";
    sketches.push_back(SketchOf(text));
  }
  sketches.push_back(sketches[7]);
  sketches.push_back(SketchOf(""));
  const auto groups = GroupAlike(sketches, 0.7);
  for (uint32_t i = 0; i < 200; ++i) EXPECT_EQ(groups[i], i);
  EXPECT_EQ(groups[200], 7u);
  EXPECT_EQ(groups[201], 201u);
}

}  // namespace
}  // namespace idiolect
