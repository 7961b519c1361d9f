#include "dataset/pii/scanner.h"

#include <gtest/gtest.h>

#include "dataset/pii/checksums.h"

namespace idiolect {
namespace {

// "скажи [name:Маше]": the text with what was found in brackets.
std::string Marked(const std::string& text, const PiiLexicon& lexicon) {
  PiiScanner scanner(lexicon);
  std::vector<PiiSpan> spans;
  scanner.Find(text, &spans);
  std::string marked;
  size_t at = 0;
  for (const PiiSpan& span : spans) {
    marked += text.substr(at, span.begin - at) + "[" + InfoOf(span.kind).name + ":" +
              text.substr(span.begin, span.end - span.begin) + "]";
    at = span.end;
  }
  return marked + text.substr(at);
}

std::string Marked(const std::string& text) {
  static const PiiLexicon lexicon;
  return Marked(text, lexicon);
}

TEST(Pii, Phones) {
  EXPECT_EQ(Marked("звони +7 (921) 555-01-34 вечером"), "звони [phone:+7 (921) 555-01-34] вечером");
  EXPECT_EQ(Marked("8-921-555-01-34, 89215550134"), "[phone:8-921-555-01-34], [phone:89215550134]");
  EXPECT_EQ(Marked("тел. 555-01-34"), "тел. [phone:555-01-34]");
  EXPECT_EQ(Marked("call (212) 555-0143 or 212.555.0144x12"),
            "call [phone:(212) 555-0143] or [phone:212.555.0144x12]");
  EXPECT_EQ(Marked("+44 20 7946 0958"), "[phone:+44 20 7946 0958]");
}

TEST(Pii, NumbersThatAreNobodys) {
  for (const char* text :
       {"стоит 1 250 000 рублей", "встреча 12.03.2024 в 18:30", "2020-10-10 10:15 упало",
        "в 2019-2021 годах", "100500 раз", "итого 12 345 678,90", "99 99 123456", "500100732250",
        "4081234567890123456", "абв+79215550134567"}) {
    EXPECT_EQ(Marked(text), text);
  }
}

TEST(Pii, CardsByControlDigit) {
  EXPECT_EQ(Marked("4111 1111 1111 1111"), "[card:4111 1111 1111 1111]");
  EXPECT_EQ(Marked("4111 1111 1111 1112"), "4111 1111 1111 1112");
  EXPECT_EQ(Marked("карта 4111 1111 1111 1112"), "карта [card:4111 1111 1111 1112]");
  EXPECT_EQ(Marked("CVC 123"), "CVC [cvv:123]");
}

TEST(Pii, RussianIdentifiers) {
  EXPECT_EQ(Marked("ИНН 7830002293, ОГРН 1027700132195"),
            "ИНН [inn:7830002293], ОГРН [ogrn:1027700132195]");
  EXPECT_EQ(Marked("112-233-445 95"), "[snils:112-233-445 95]");
  EXPECT_EQ(Marked("112-233-445 96"), "112-233-445 96");
  EXPECT_EQ(Marked("паспорт серия 4010 номер 654321"),
            "паспорт серия [passport:4010 номер 654321]");
  EXPECT_EQ(Marked("БИК 044525225 КПП 773601001"), "БИК [bik:044525225] КПП [kpp:773601001]");
  EXPECT_EQ(Marked("р/с 40817810099910004312"), "р/с [account:40817810099910004312]");
  EXPECT_EQ(Marked("родилась 7 июня 1988"), "родилась [birth_date:7 июня 1988]");
  EXPECT_EQ(Marked("госномер К417ТУ 98"), "госномер [car:К417ТУ 98]");
}

TEST(Pii, Addresses) {
  EXPECT_EQ(Marked("еду на ул. Садовая, д. 3, кв. 14."),
            "еду на [address:ул. Садовая, д. 3, кв. 14].");
  EXPECT_EQ(Marked("Лиговский проспект 50"), "[address:Лиговский проспект 50]");
  EXPECT_EQ(Marked("в г. Пскове холодно"), "в г. Пскове холодно");
  EXPECT_EQ(Marked("at 17 Cherry Tree Lane, London"), "at [address:17 Cherry Tree Lane], London");
}

TEST(Pii, HandlesAndLinks) {
  EXPECT_EQ(Marked("пиши на ann.lee+x@mail.example.org!"),
            "пиши на [email:ann.lee+x@mail.example.org]!");
  EXPECT_EQ(Marked("это @some_user, а это @media и a@b"),
            "это [username:@some_user], а это @media и a@b");
  EXPECT_EQ(Marked("https://t.me/+AbCdEf, https://example.org/page"),
            "[link:https://t.me/+AbCdEf], https://example.org/page");
  EXPECT_EQ(Marked("https://x.example/reset?token=abc."),
            "[link:https://x.example/reset?token=abc].");
  EXPECT_EQ(Marked("10.20.30.40 и fe80::1:2"), "[ip:10.20.30.40] и [ip:fe80::1:2]");
}

TEST(Pii, Secrets) {
  EXPECT_EQ(Marked("пароль: Zima2021"), "пароль: [secret:Zima2021]");
  EXPECT_EQ(Marked("забыл пароль от почты"), "забыл пароль от почты");
  EXPECT_EQ(Marked("api_key=a8Fk2LmQ9xZt7Rw3"), "api_key=[secret:a8Fk2LmQ9xZt7Rw3]");
  EXPECT_EQ(Marked("GB82 WEST 1234 5698 7654 32"), "[iban:GB82 WEST 1234 5698 7654 32]");
  EXPECT_EQ(Marked("SSN 219-09-9999"), "SSN [ssn:219-09-9999]");
}

TEST(Pii, EverydayWordsInSmallLettersAreNoNames) {
  EXPECT_EQ(Marked("поговорим о том, что будет"), "поговорим о том, что будет");
  EXPECT_EQ(Marked("ты база: свет, суп, плед"), "ты база: свет, суп, плед");
}

TEST(Pii, NamesInAllCases) {
  EXPECT_EQ(Marked("спроси у наташи, она с Димой"), "спроси у [name:наташи], она с [name:Димой]");
  EXPECT_EQ(Marked("Нине Фёдоровне Котовой"), "[name:Нине Фёдоровне Котовой]");
  EXPECT_EQ(Marked("оль, ты дома?"), "[name:оль], ты дома?");
  EXPECT_EQ(Marked("надежда на мир, вера и любовь, света мало"),
            "надежда на мир, вера и любовь, света мало");
  EXPECT_EQ(Marked("передай Надежде и Вере"), "передай [name:Надежде] и [name:Вере]");
  EXPECT_EQ(Marked("I met Anna Brown and mr. Quigley"),
            "I met [name:Anna Brown] and mr. [name:Quigley]");
  EXPECT_EQ(Marked("i will mark it, grace period"), "i will mark it, grace period");
}

TEST(Pii, PeopleOfTheWorkspace) {
  PiiLexicon lexicon;
  lexicon.AddPerson("Квирина Зубрилова");
  lexicon.AddPerson("Мама");
  lexicon.AddPerson("Наташа Ветрова");
  lexicon.Spare("Наташа Ветрова");
  EXPECT_EQ(Marked("видели Квирину у Зубриловой", lexicon),
            "видели [name:Квирину] у [name:Зубриловой]");
  EXPECT_EQ(Marked("Мама и Наташа, то есть Наталья Ветрова", lexicon),
            "Мама и Наташа, то есть Наталья Ветрова");
}

// Who calls himself by a word does not make it a name in what others write.
TEST(Pii, WordsAsDisplayNamesStayWords) {
  PiiLexicon lexicon;
  for (const char* name : {"Java", "Performance Anna", "Админ", "Солнышко", "Python Quigley"}) {
    lexicon.AddPerson(name);
  }
  for (const char* text :
       {"мы пишем на Java, а тесты на Python", "Performance у Java хорошая", "Performance matters",
        "спроси: Админ знает", "Солнышко светит, и Солнышко греет", "Админы в отпуске"}) {
    EXPECT_EQ(Marked(text, lexicon), text);
  }
  // The names beside such words are names.
  EXPECT_EQ(Marked("ask Anna and Quigley about Python", lexicon),
            "ask [name:Anna] and [name:Quigley] about Python");
}

TEST(Pii, EqualValuesAreEqual) {
  const PiiLexicon lexicon;
  PiiScanner scanner(lexicon);
  std::vector<PiiSpan> spans;
  scanner.Find("+7 921 555-01-34, 89215550134, Маша, Машей, Даша", &spans);
  ASSERT_EQ(spans.size(), 5u);
  EXPECT_EQ(spans[0].value, spans[1].value);
  EXPECT_EQ(spans[2].value, spans[3].value);
  EXPECT_NE(spans[2].value, spans[4].value);
}

TEST(Pii, PolicyTexts) {
  EXPECT_EQ(PiiPolicy::Parse("replace")->ToText(), "replace");
  EXPECT_EQ(PiiPolicy::Parse("keep")->ToText(), "keep");
  EXPECT_EQ(PiiPolicy::Parse("replace, phone=keep,name=drop")->ToText(),
            "replace,phone=keep,name=drop");
  EXPECT_EQ(PiiPolicy::Parse("replace,phne=keep").error().message,
            "reading --pii: \"phne\" is no kind it knows");
  EXPECT_EQ(PiiPolicy::Parse("replace,phne=keep").error().hint, "did you mean phone?");
  EXPECT_FALSE(PiiPolicy::Parse(""));
}

TEST(Checksums, KnownNumbers) {
  EXPECT_TRUE(IsLuhn("79927398713"));
  EXPECT_FALSE(IsLuhn("79927398710"));
  EXPECT_TRUE(IsIban("DE89370400440532013000"));
  EXPECT_FALSE(IsIban("DE89370400440532013001"));
  EXPECT_TRUE(IsVin("1M8GDM9AXKP042788"));
  EXPECT_FALSE(IsVin("1M8GDM9A1KP042788"));
  EXPECT_TRUE(IsInn("500100732259"));
  EXPECT_FALSE(IsInn("500100732258"));
  EXPECT_TRUE(IsStairs("1234321"));
  EXPECT_FALSE(IsStairs("3847291"));
}

}  // namespace
}  // namespace idiolect
