#include "base/text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace idiolect {
namespace {

TEST(Text, KnowsWellFormedUtf8) {
  EXPECT_TRUE(IsUtf8("привет, hello 👋🏽"));
  EXPECT_TRUE(IsUtf8(""));
  for (const char* bad : {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xd0", "a\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
    EXPECT_TRUE(IsUtf8(RepairUtf8(bad)));
  }
  EXPECT_EQ(RepairUtf8("я\xd0!"), "я\xEF\xBF\xBD!");
}

TEST(Text, CodePointsGoThereAndBack) {
  const std::string text = "aя€😀";
  std::string back;
  for (size_t at = 0; at < text.size();) AppendUtf8(NextCodePoint(text, &at), &back);
  EXPECT_EQ(back, text);
  EXPECT_EQ(CountCodePoints(text), 4u);
}

TEST(Text, FoldingMakesNamesComparable) {
  EXPECT_EQ(FoldForSearch("  НАТАША\t Ёлкина "), "наташа елкина");
  EXPECT_EQ(FoldForSearch("Straße"), "strasse");
  EXPECT_EQ(FoldForSearch("Maya  B"), "maya b");
  EXPECT_EQ(FoldForSearch("ﬁ"), "fi");
}

TEST(Text, TrimsUnicodeSpaces) {
  EXPECT_EQ(TrimSpace("\u00a0 привет \u2003\n"), "привет");
  EXPECT_EQ(TrimSpace(" \n "), "");
}

TEST(Text, LinesKeepNoCarriageReturn) {
  EXPECT_EQ(SplitLines("a\r\nb\n\nc"), (std::vector<std::string_view>{"a", "b", "", "c"}));
  EXPECT_TRUE(SplitLines("").empty());
}

TEST(Text, ClassesFollowUnicode) {
  EXPECT_TRUE(IsLetter(U'ж') && IsLetter(U'Z') && IsLetter(U'字'));
  EXPECT_FALSE(IsLetter(U'1') || IsLetter(U'_'));
  EXPECT_TRUE(IsNumber(U'7') && IsNumber(U'Ⅷ') && IsNumber(U'²'));
  EXPECT_TRUE(IsSpace(U'\u00a0') && IsSpace(U'\n'));
  EXPECT_TRUE(IsMark(U'\u0301'));
  EXPECT_TRUE(IsEmoji(U'😂') && IsEmoji(U'❤'));
  EXPECT_FALSE(IsEmoji(U'1') || IsEmoji(U')') || IsEmoji(U'я'));
  EXPECT_EQ(ToLower(U'Ж'), U'ж');
}

TEST(Text, EditDistanceCountsCodePointsAndStopsAtItsCap) {
  EXPECT_EQ(EditDistance("наташа", "наташка", 9), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting", 9), 3u);
  EXPECT_EQ(EditDistance("", "abc", 9), 3u);
  EXPECT_EQ(EditDistance("abcdefgh", "zyxwvuts", 3), 3u);
}

TEST(Text, ClosestPrefersContainedWords) {
  const std::vector<std::string> known = {"finetune", "import", "people", "status"};
  EXPECT_EQ(Closest("fintune", known, 2), std::vector<std::string>{"finetune"});
  EXPECT_EQ(Closest("PEOPLE", known, 1), std::vector<std::string>{"people"});
  EXPECT_TRUE(Closest("quantum", known, 2).empty());
}

TEST(Text, DigitsAreGroupedByThree) {
  EXPECT_EQ(GroupDigits(0), "0");
  EXPECT_EQ(GroupDigits(999), "999");
  EXPECT_EQ(GroupDigits(25509), "25 509");
  EXPECT_EQ(GroupDigits(-1234567), "-1 234 567");
}

TEST(Text, HundredthsAreRoundedToTheNearest) {
  const auto text = [](double number) {
    std::string out;
    AppendHundredths(number, &out);
    return out;
  };
  EXPECT_EQ(text(0), "0.00");
  EXPECT_EQ(text(0.996), "1.00");
  EXPECT_EQ(text(0.994), "0.99");
  EXPECT_EQ(text(-12.3), "-12.30");
  EXPECT_EQ(text(-0.001), "0.00");
  EXPECT_EQ(text(1234567.05), "1234567.05");
  EXPECT_EQ(text(std::nan("")), "0.00");
}

}  // namespace
}  // namespace idiolect
