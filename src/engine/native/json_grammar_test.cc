#include "engine/native/json_grammar.h"

#include <gtest/gtest.h>

namespace idiolect::native {
namespace {

bool Whole(std::string_view text) {
  JsonGrammar grammar;
  return grammar.Add(text) && grammar.complete();
}
bool Begins(std::string_view text) {
  JsonGrammar grammar;
  return grammar.Add(text);
}

TEST(JsonGrammar, TakesObjects) {
  for (const char* text :
       {"{}", "{ }", R"({"a":1})", R"({"a" : -0.5e+10 , "b":[ ] , "c":[1,"x",null,true,false,{}]})",
        R"({"\u00e9\n\"\\\/":"Привет, 😀"})", "{\n  \"a\": 0\n}", "{\"a\":0}\n",
        R"({"a":{"b":{"c":[[[]]]}}})", R"({"a":12345678901234567890})"}) {
    EXPECT_TRUE(Whole(text)) << text;
  }
}

TEST(JsonGrammar, RefusesWhatNoObjectBeginsWith) {
  for (const char* text : {"[",
                           " {",
                           "1",
                           "{1",
                           "{,",
                           "{\"a\",",
                           "{\"a\":,",
                           "{\"a\":1,}",
                           "{\"a\":[1,]",
                           "{\"a\":01",
                           "{\"a\":-a",
                           "{\"a\":1.e",
                           "{\"a\":.5",
                           "{\"a\":1e+}",
                           "{\"a\":tru}",
                           "{\"a\":nul ",
                           "{\"a\":\"\n",
                           "{\"a\":\"\\x",
                           "{\"a\":\"\\u12g",
                           "{\"a\":\"\\ud800",
                           "{\"a\":1e999",
                           "{\"a\":1]",
                           "{\"a\":[1}",
                           "{}{",
                           "{}x",
                           "{\"\xff",
                           "{\"\xc0\x80",
                           "{\"\xed\xa0\x80",
                           "{\"\xf4\x90",
                           "{\"\xd0\""}) {
    EXPECT_FALSE(Begins(text)) << text;
  }
}

TEST(JsonGrammar, IsNotCompleteBeforeTheEnd) {
  const std::string text = R"({"a":[1,{"b":"}"}]})";
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_TRUE(Begins(text.substr(0, i)));
    EXPECT_FALSE(Whole(text.substr(0, i)));
  }
}

TEST(JsonGrammar, BoundsDepthAndWhiteSpace) {
  std::string deep = "{\"a\":";
  for (int i = 0; i < 31; ++i) deep += '[';
  EXPECT_TRUE(Begins(deep));
  EXPECT_FALSE(Begins(deep + "["));
  EXPECT_TRUE(Begins("{" + std::string(40, ' ')));
  EXPECT_FALSE(Begins("{" + std::string(41, ' ')));
}

}  // namespace
}  // namespace idiolect::native
