#include "analysis/text_scan.h"

#include <gtest/gtest.h>

#include <string>

#include "analysis/speech.h"

namespace idiolect {
namespace {

class TextScan : public testing::Test {
 protected:
  TextScan()
      : lexicon_(*Lexicon::Parse("[topic a]\nдорога \"прошлая жизнь\"\n[trait b]\n^look\n", "l")),
        words_(lexicon_),
        scanner_(words_) {}
  // The words with a bar before each that begins a sentence.
  std::string Words(std::string_view text) {
    const ScannedText& s = scanner_.Scan(text);
    std::string told;
    for (size_t i = 0; i < s.words.size(); ++i) {
      told += (i == 0 ? "" : " ") + std::string(s.starts[i] ? "|" : "") +
              std::string(words_.Text(s.words[i]));
    }
    return told;
  }
  Ending EndOf(std::string_view text) { return EndingOf(text, scanner_.Scan(text)); }

  Lexicon lexicon_;
  WordTable words_;
  TextScanner scanner_;
};

TEST_F(TextScan, FindsWords) {
  EXPECT_EQ(Words("Ёлка, кто-то ДОМА? Don’t go"), "|елка кто-то дома |don't go");
  EXPECT_EQ(Words("смотри https://example.org/путь сюда @anna_k и 15 раз"), "|смотри сюда и раз");
  EXPECT_EQ(Words("- пункт\nвторой -"), "|пункт |второй");
  EXPECT_EQ(Words("123 ... ))) 😂"), "");
}

TEST_F(TextScan, CountsMarks) {
  const ScannedText& s = scanner_.Scan("НУ ЛАДНО... «да» – нет?! ok)))");
  EXPECT_EQ(s.characters, 30u);
  EXPECT_EQ(s.ellipses, 1u);
  EXPECT_EQ(s.questions, 1u);
  EXPECT_EQ(s.exclamations, 1u);
  EXPECT_EQ(s.angle_quotes, 1u);
  EXPECT_EQ(s.dashes, 1u);
  EXPECT_EQ(s.smile_brackets, 3u);
  EXPECT_EQ(s.caps_words, 1u);
  EXPECT_EQ(s.cyrillic_words, 4u);
  EXPECT_EQ(s.latin_words, 1u);
  EXPECT_FALSE(s.starts_lower);
  EXPECT_EQ(scanner_.Scan("(в скобках) 1) да)").smile_brackets, 1u);
}

TEST_F(TextScan, CountsAJoinedEmojiOnce) {
  EXPECT_EQ(scanner_.Scan("👩‍🚀 👍🏽 ❤️").emoji.size(), 3u);
  EXPECT_EQ(scanner_.Scan("3 # *").emoji.size(), 0u);
  EXPECT_TRUE(scanner_.Scan("👩‍🚀 👍🏽 ❤️").words.empty());
}

TEST_F(TextScan, TellsHowAMessageEnds) {
  EXPECT_EQ(EndOf("да"), Ending::kLetter);
  EXPECT_EQ(EndOf("да. "), Ending::kPeriod);
  EXPECT_EQ(EndOf("да..."), Ending::kEllipsis);
  EXPECT_EQ(EndOf("да…"), Ending::kEllipsis);
  EXPECT_EQ(EndOf("да)"), Ending::kBracket);
  EXPECT_EQ(EndOf("(да)"), Ending::kOther);
  EXPECT_EQ(EndOf("да 👍🏽"), Ending::kEmoji);
  EXPECT_EQ(EndOf("да ❤️"), Ending::kEmoji);
  EXPECT_EQ(EndOf("да!"), Ending::kExclamation);
}

TEST_F(TextScan, FindsListsByStemPhraseAndPlace) {
  EXPECT_EQ(scanner_.Scan("по дорогам").lists, 1u);
  EXPECT_EQ(scanner_.Scan("в прошлой жизни").lists, 1u);
  EXPECT_EQ(scanner_.Scan("в прошлой такой жизни").lists, 0u);
  EXPECT_EQ(scanner_.Scan("Look here").lists, 2u);
  EXPECT_EQ(scanner_.Scan("I look here").lists, 0u);
  scanner_.Scan("дорога, дороги, прошлая жизнь");
  int hits = 0;
  scanner_.ForEachHit([&hits](ListMask) { ++hits; });
  EXPECT_EQ(hits, 3);
}

TEST_F(TextScan, SurvivesIllFormedText) {
  for (const std::string text : {"\xD0", "a\xFF-", "-'", "@", "h", "https://"}) scanner_.Scan(text);
}

}  // namespace
}  // namespace idiolect
