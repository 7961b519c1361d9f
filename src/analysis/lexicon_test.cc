#include "analysis/lexicon.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

ListMask Lists(const Lexicon& lexicon, std::string_view word) {
  Stemmer stemmer;
  return lexicon.ListsOf(word, stemmer.Stem(word)).anywhere;
}

TEST(Lexicon, KnowsAWordInItsForms) {
  const auto lexicon = Lexicon::Parse(
      "[topic a | A | А]\nдорога energ* =мам\n[trait b]\n*йте -чайте ^look \"прошлая жизнь\"\n",
      "l");
  ASSERT_TRUE(lexicon) << lexicon.error().message;
  EXPECT_EQ(Lists(*lexicon, "дороги"), 1u);
  EXPECT_EQ(Lists(*lexicon, "дорогой"), 1u);
  EXPECT_EQ(Lists(*lexicon, "energetic"), 1u);
  EXPECT_EQ(Lists(*lexicon, "мам"), 1u);
  EXPECT_EQ(Lists(*lexicon, "мама"), 0u);
  EXPECT_EQ(Lists(*lexicon, "идите"), 0u);
  EXPECT_EQ(Lists(*lexicon, "думайте"), 2u);
  EXPECT_EQ(Lists(*lexicon, "чайте"), 0u);
  EXPECT_EQ(Lists(*lexicon, "look"), 0u);
  EXPECT_EQ(lexicon->ListsOf("look", "look").at_start, 2u);
  ASSERT_EQ(lexicon->phrases().size(), 1u);
  EXPECT_EQ(lexicon->phrases()[0].stems.size(), 2u);
  EXPECT_EQ(lexicon->lists()[0].title(Language::kRussian), "А");
  EXPECT_EQ(lexicon->lists()[1].title(Language::kRussian), "b");
  EXPECT_EQ(lexicon->MaskOf(LexiconList::Use::kTopic), 1u);
}

TEST(Lexicon, SaysWhereItIsFaulty) {
  const auto message = [](std::string_view text) {
    const auto lexicon = Lexicon::Parse(text, "lexicon.txt");
    return lexicon ? std::string("none") : lexicon.error().message;
  };
  EXPECT_EQ(message("слово\n"), "lexicon.txt:1: a word before the first [list]");
  EXPECT_EQ(message("[topic a]\n[topic a]\n"), "lexicon.txt:2: a second list named \"a\"");
  EXPECT_EQ(message("[topic a]\nб \"в\n"), "lexicon.txt:2: a quotation mark without its fellow");
  EXPECT_EQ(message("[topic a]\n\"one\"\n"), "lexicon.txt:2: \"one\" is no phrase of two words");
  EXPECT_EQ(message("[topic\n"), "lexicon.txt:1: a [ without its ]");
  EXPECT_EQ(message("[theme a]\n"),
            "lexicon.txt:1: a list is a topic, a trait or stop, not \"theme\"");
  EXPECT_EQ(message("[topic a]\n*\n"), "lexicon.txt:2: \"*\" is no entry");
}

TEST(Lexicon, TheBuiltInOneHoldsTheTopicsAndTraits) {
  const auto lexicon = Lexicon::Parse(Lexicon::BuiltInText(), "built-in");
  ASSERT_TRUE(lexicon) << lexicon.error().message;
  for (const char* key : {"questions", "energy", "transformation", "relationships", "rituals",
                          "business", "spirit", "lives", "family", "metaphor", "support",
                          "provocation", "directness", "depth", "informal", "formal", "swearing"}) {
    EXPECT_NE(lexicon->Find(key), kMostLists) << key;
  }
  Stemmer stemmer;
  EXPECT_TRUE(lexicon->ListsOf("конечно", stemmer.Stem("конечно")).stop);
}

}  // namespace
}  // namespace idiolect
