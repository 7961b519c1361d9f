#include "dialogs/people.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

PersonSummary Person(PersonId id, const char* source_id, std::vector<PersonName> names,
                     int64_t messages) {
  PersonSummary person;
  person.id = id;
  person.source_id = source_id;
  person.names = std::move(names);
  person.messages = messages;
  return person;
}

std::vector<PersonSummary> People() {
  return {
      Person(1, "telegram:user123", {{"Наталья Петрова", 4000}, {"Наташа", 512}}, 4512),
      Person(2, "telegram:user200", {{"Пётр Петров", 300}}, 300),
      Person(3, "telegram:user12", {{"Anna", 20}}, 20),
      Person(4, "telegram:user13", {{"anna", 10}}, 10),
      Person(5, "telegram:user14", {}, 5),
  };
}

void ExpectFound(const char* wanted, PersonId id) {
  const auto person = FindPersona(People(), wanted);
  ASSERT_TRUE(person) << wanted << ": " << person.error().message;
  EXPECT_EQ(person->id, id) << wanted;
}

TEST(FindPersona, TakesIdsNamesAndPartsInAnyCase) {
  ExpectFound("user123", 1);
  ExpectFound("telegram:user123", 1);
  ExpectFound("123", 1);
  ExpectFound("user12", 3);  // not a part of user123
  ExpectFound("user14", 5);
  ExpectFound("наташа", 1);  // an earlier name
  ExpectFound("НАТАЛЬЯ", 1);
  ExpectFound("петр петров", 2);  // ё is е
  ExpectFound("тр пет", 2);
}

TEST(FindPersona, AnExactNameWinsOverAPart) {
  auto people = People();
  people.push_back(Person(6, "telegram:user15", {{"Наташа Ростова", 7}}, 7));
  const auto person = FindPersona(people, "Наташа");
  ASSERT_TRUE(person);
  EXPECT_EQ(person->id, 1);
}

TEST(FindPersona, ListsThoseWhoFitWhenSeveralDo) {
  const auto person = FindPersona(People(), "ANNA");
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().kind, ErrorKind::kMisuse);
  EXPECT_EQ(person.error().message, "\"ANNA\" fits 2 people");
  EXPECT_EQ(person.error().hint,
            "name one by its id: Anna (user12, 20 messages); anna (user13, 10 messages)");
}

TEST(FindPersona, SuggestsTheClosestWhenNobodyFits) {
  const auto person = FindPersona(People(), "наташка");
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(person.error().message, "nobody in the workspace is called \"наташка\"");
  EXPECT_NE(person.error().hint.find("Наталья Петрова (user123, 4 512 messages)"),
            std::string::npos)
      << person.error().hint;
}

TEST(FindPersona, AnEmptyNameIsMisuse) {
  const auto person = FindPersona(People(), "  ");
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().kind, ErrorKind::kMisuse);
}

TEST(FindPersona, AnEmptyWorkspaceSaysToImport) {
  const auto person = FindPersona({}, "x");
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().hint, "import chats first: idiolect import EXPORT");
}

}  // namespace
}  // namespace idiolect
