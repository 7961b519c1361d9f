#include "dialogs/address.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

std::vector<PersonId> Named(const char* text) {
  const NameIndex index({"", "Наташа Ростова", "Иван", "Anna K.", "Ян", "🦊 Лиса", "Ёлка"});
  std::vector<Addressed> found;
  index.FindAddressed(text, &found);
  std::vector<PersonId> people;
  for (const Addressed& one : found) people.push_back(one.person);
  return people;
}

using People = std::vector<PersonId>;

TEST(NameIndex, FindsNamesInTheirCases) {
  EXPECT_EQ(Named("Наташа, ты где"), People{1});
  EXPECT_EQ(Named("привет, наташ"), People{1});
  EXPECT_EQ(Named("скажи Наташе"), People{1});
  EXPECT_EQ(Named("ИВАНУ привет"), People{2});
  EXPECT_EQ(Named("anna, look"), People{3});
  EXPECT_EQ(Named("лису покормили?"), People{5});
  EXPECT_EQ(Named("елке привет"), People{6});
}

TEST(NameIndex, LooksAtTheBeginningAndBehindAnAt) {
  EXPECT_EQ(Named("вот это да, Наташа"), People{});
  EXPECT_EQ(Named("вот это да конечно, @Наташа"), People{1});
}

TEST(NameIndex, TakesNoLongerWordsAndNoShortNames) {
  EXPECT_EQ(Named("ивановский район"), People{});
  EXPECT_EQ(Named("ян"), People{});  // two letters are too few to tell
  EXPECT_EQ(Named(""), People{});
}

}  // namespace
}  // namespace idiolect
