#include "providers/dotenv.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "providers/local_server_test.h"

namespace idiolect {
namespace {

using Values = std::map<std::string, std::string>;

TEST(DotEnv, ReadsWhatSuchFilesHold) {
  const auto values = ParseDotEnv(
      "\xEF\xBB\xBF# keys\n\nA=1\r\nexport B = two words  # a comment\nC='sk-#x "
      "y'\nD=\"a\\n\\\"b\\\" "
      "\\$c\\\\\"\nE=\nF=a#b\nG=\"one\ntwo\"\nA=2\n  H\t=\tx  ");
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(*values, (Values{{"A", "2"},
                             {"B", "two words"},
                             {"C", "sk-#x y"},
                             {"D", "a\n\"b\" $c\\"},
                             {"E", ""},
                             {"F", "a#b"},
                             {"G", "one\ntwo"},
                             {"H", "x"}}));
}

TEST(DotEnv, NamesTheLineAndNotWhatIsInIt) {
  for (const auto& [text, line] :
       {std::pair{"A=1\nsk-secret\n", "line 2: it is not NAME=value"},
        std::pair{"A=\"sk-secret\n", "line 1: a quote is not closed"},
        std::pair{"A='x' sk-secret\n", "line 1: something follows the closing quote"},
        std::pair{"9A=sk-secret", "line 1: it is not NAME=value"}}) {
    const auto values = ParseDotEnv(text);
    ASSERT_FALSE(values) << text;
    EXPECT_EQ(values.error().message, line);
    EXPECT_EQ(values.error().hint.find("secret"), std::string::npos);
  }
}

TEST(DotEnv, TheEnvironmentIsFirstAndAnOpenFileIsWarnedAbout) {
  const TestFolder folder;
  const auto path = folder / ".env";
  ASSERT_TRUE(PublishFile(path, "IDIOLECT_TEST_KEY=from-file\n"));
  ::chmod(path.c_str(), 0600);
  std::string warning;
  auto found = FindKey("IDIOLECT_TEST_KEY", {folder / "none", path}, &warning);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "from-file");
  EXPECT_EQ(warning, "");
  ::chmod(path.c_str(), 0640);
  found = FindKey("IDIOLECT_TEST_KEY", {path}, &warning);
  EXPECT_NE(warning.find("chmod 600"), std::string::npos);
  ::setenv("IDIOLECT_TEST_KEY", "from-environment", 1);
  found = FindKey("IDIOLECT_TEST_KEY", {path}, &warning);
  ::unsetenv("IDIOLECT_TEST_KEY");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "from-environment");
  found = FindKey("IDIOLECT_OTHER_KEY", {path}, nullptr);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST(DotEnv, SecretsAreTakenOutOfWords) {
  EXPECT_EQ(WithoutSecrets("key abcdef123 and abcdef123", "abcdef123"), "key … and …");
  EXPECT_EQ(WithoutSecrets("Incorrect API key provided: sk-proj-ab12*****wxyz. See", "other-key"),
            "Incorrect API key provided: sk-… See");
  EXPECT_EQ(WithoutSecrets("task-list stays, a sk- too", ""), "task-… stays, a sk- too");
  EXPECT_EQ(WithoutSecrets("nothing here", "key-not-there"), "nothing here");
}

}  // namespace
}  // namespace idiolect
