#include "dataset/language_id.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

TEST(LanguageOf, KnowsALanguageByItsWords) {
  const auto code = [](std::string_view text) { return LanguageCodeOf(LanguageOf(text)); };
  EXPECT_EQ(code("сегодня приду пораньше, захвати печенье и чай, посидим на кухне"), "ru");
  EXPECT_EQ(code("сьогодні прийду раніше, візьми печиво та чай, посидимо на кухні"), "uk");
  EXPECT_EQ(code("please restart the server and tell me what it writes into the log"), "en");
  EXPECT_EQ(code("ich habe heute leider keine Zeit, komm doch morgen wieder vorbei"), "de");
}

TEST(LanguageOf, DoesNotGuess) {
  EXPECT_EQ(LanguageOf("ок"), kNoLanguage);
  EXPECT_EQ(LanguageOf(""), kNoLanguage);
  EXPECT_EQ(LanguageOf(std::string(200, '1')), kNoLanguage);
  EXPECT_EQ(LanguageOf(std::string(200, '\xff')), kNoLanguage);
}

}  // namespace
}  // namespace idiolect
