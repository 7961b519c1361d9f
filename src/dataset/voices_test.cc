#include "dataset/voices.h"

#include <gtest/gtest.h>

#include "dataset/folder_name.h"
#include "dataset/reject_rules.h"
#include "dataset/spoken.h"
#include "tokens/token_counter.h"

namespace idiolect {
namespace {

TEST(DefaultSystemPrompt, NamesThePersonaAndNoGender) {
  EXPECT_EQ(DefaultSystemPrompt(Language::kRussian, "Наташа"),
            "Ты — Наташа. Пиши так, как обычно пишешь в переписке.");
  EXPECT_EQ(DefaultSystemPrompt(Language::kEnglish, " Anna\nK.\t"),
            "You are Anna K.. Write the way you usually write in chats.");
  EXPECT_EQ(DefaultSystemPrompt(Language::kEnglish, ""),
            "Write the way you usually write in chats.");
}

TEST(Shortened, KeepsTheBeginningAndTheEnd) {
  EXPECT_EQ(Shortened("short", 10), "short");
  const std::string text = "раз два три четыре пять шесть семь восемь девять десять";
  const std::string kept = Shortened(text, EstimateTokens(text) / 2);
  EXPECT_TRUE(kept.starts_with("раз два три чет")) << kept;
  EXPECT_TRUE(kept.ends_with(" десять")) << kept;
  EXPECT_NE(kept.find(" … "), std::string::npos) << kept;
  EXPECT_LE(EstimateTokens(kept), EstimateTokens(text) / 2 + 3);
}

TEST(MediaWords, ShowsWhatThereIs) {
  EXPECT_EQ(MediaWords(Language::kRussian, MediaKind::kPhoto, ""), "[фото]");
  EXPECT_EQ(MediaWords(Language::kEnglish, MediaKind::kSticker, "🙂"), "🙂");
  EXPECT_EQ(MediaWords(Language::kEnglish, MediaKind::kSticker, ""), "[sticker]");
}

TEST(PersonaFolderName, IsPlainAscii) {
  EXPECT_EQ(PersonaFolderName("Наташа Ёлкина", "telegram:user12"), "natasha-yolkina-user12");
  EXPECT_EQ(PersonaFolderName("🦊", "telegram:user12"), "user12");
  EXPECT_EQ(PersonaFolderName("../../etc", "telegram:channel5"), "etc-channel5");
  EXPECT_EQ(Slug("Съешь же ещё этих", 100), "sesh-zhe-eshchyo-etikh");
  EXPECT_LE(Slug(std::string(500, 'a'), 40).size(), 40u);
}

TEST(RejectRules, AreNumberedInOrder) {
  int number = 0;
  for (const RejectRuleInfo& info : RejectRules()) {
    EXPECT_EQ(static_cast<int>(info.rule), ++number);
    EXPECT_STREQ(InfoOf(info.rule).name, info.name);
    EXPECT_NE(std::string(info.remedy.en), "");
    EXPECT_NE(std::string(info.remedy.ru), "");
  }
  EXPECT_EQ(number + 1, kRejectRules);
}

TEST(IsOnlyEmoji, WantsNothingElse) {
  EXPECT_TRUE(IsOnlyEmoji("❤️ 🙂👍🏽"));
  EXPECT_FALSE(IsOnlyEmoji("ok 🙂"));
  EXPECT_FALSE(IsOnlyEmoji(")))"));
  EXPECT_FALSE(IsOnlyEmoji(""));
}

TEST(HashOfWords, IgnoresCaseAndPunctuation) {
  EXPECT_EQ(HashOfWords("Ну, Привет!", 0), HashOfWords("ну привет", 0));
  EXPECT_EQ(HashOfWords("ещё", 0), HashOfWords("ЕЩЕ", 0));
  EXPECT_NE(HashOfWords("ну", 0), HashOfWords("да", 0));
  EXPECT_NE(HashOfWords("ну", 0), HashOfWords("ну", 1));
  EXPECT_NE(HashOfWords(")))", 0), HashOfWords("!", 0));
  EXPECT_EQ(HashOfWords("Δ", 0), HashOfWords("δ", 0));
}

}  // namespace
}  // namespace idiolect
