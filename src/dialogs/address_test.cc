#include "dialogs/address.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

std::vector<PersonId> Addressed(const char* text) {
  const NameIndex index({"", "Наташа Ростова", "Иван", "Anna K.", "Ян", "🦊 Лиса", "Ёлка"});
  std::vector<PersonId> people;
  index.FindAddressed(text, &people);
  return people;
}

using People = std::vector<PersonId>;

TEST(NameIndex, FindsNamesInTheirCases) {
  EXPECT_EQ(Addressed("Наташа, ты где"), People{1});
  EXPECT_EQ(Addressed("привет, наташ"), People{1});
  EXPECT_EQ(Addressed("скажи Наташе"), People{1});
  EXPECT_EQ(Addressed("ИВАНУ привет"), People{2});
  EXPECT_EQ(Addressed("anna, look"), People{3});
  EXPECT_EQ(Addressed("лису покормили?"), People{5});
  EXPECT_EQ(Addressed("елке привет"), People{6});
}

TEST(NameIndex, LooksAtTheBeginningAndBehindAnAt) {
  EXPECT_EQ(Addressed("вот это да, Наташа"), People{});
  EXPECT_EQ(Addressed("вот это да конечно, @Наташа"), People{1});
}

TEST(NameIndex, TakesNoLongerWordsAndNoShortNames) {
  EXPECT_EQ(Addressed("ивановский район"), People{});
  EXPECT_EQ(Addressed("ян"), People{});  // two letters are too few to tell
  EXPECT_EQ(Addressed(""), People{});
}

}  // namespace
}  // namespace idiolect
