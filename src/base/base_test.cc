#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/language.h"
#include "base/log.h"
#include "base/progress_words.h"
#include "base/random.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "idiolect-base-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

using FileTest = Folder;

TEST_F(FileTest, PublishedFilesAreWholeAndLeaveNothingBeside) {
  const fs::path path = folder_ / "deep" / "file.txt";
  ASSERT_TRUE(PublishFile(path, "first"));
  ASSERT_TRUE(PublishFile(path, "second"));
  EXPECT_EQ(*ReadFile(path), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "deep"), fs::directory_iterator()), 1);
}

TEST_F(FileTest, WhatIsNotCommittedIsGone) {
  ASSERT_TRUE(PublishFile(folder_ / "kept", "old"));
  {
    auto pending = PendingFile::Create(folder_ / "kept");
    ASSERT_TRUE(pending);
    ASSERT_TRUE(pending->Write("new"));
  }
  EXPECT_EQ(*ReadFile(folder_ / "kept"), "old");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(FileTest, ErrorsNameTheFileAndWhatToDo) {
  const auto missing = ReadFile(folder_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.error().message,
            "reading " + (folder_ / "none").string() + ": No such file or directory");
  ASSERT_TRUE(PublishFile(folder_ / "file", ""));
  EXPECT_FALSE(PublishFile(folder_ / "file" / "below", "x"));
}

TEST_F(FileTest, MapsFilesAndRefusesFolders) {
  ASSERT_TRUE(PublishFile(folder_ / "file", "mapped"));
  ASSERT_TRUE(PublishFile(folder_ / "empty", ""));
  EXPECT_EQ(MappedFile::Open(folder_ / "file")->bytes(), "mapped");
  EXPECT_EQ(MappedFile::Open(folder_ / "empty")->bytes(), "");
  EXPECT_FALSE(MappedFile::Open(folder_));
  EXPECT_FALSE(MappedFile::Open(folder_ / "none"));
}

TEST_F(FileTest, HashesFilesAsText) {
  ASSERT_TRUE(PublishFile(folder_ / "abc", "abc"));
  // FIPS 180-2, appendix B.1.
  const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(*Sha256OfFile(folder_ / "abc"), expected);
  EXPECT_EQ(Sha256Hex("abc"), expected);
  Sha256 left, right;
  left.AddField("ab");
  left.AddField("c");
  right.AddField("a");
  right.AddField("bc");
  EXPECT_NE(left.Hex(), right.Hex());
}

using LogTest = Folder;

TEST_F(LogTest, WritesItsLevelAndAbove) {
  ASSERT_TRUE(OpenLog(folder_ / "logs" / "idiolect.log", LogLevel::kInfo));
  Log(LogLevel::kDebug, "hidden");
  Log(LogLevel::kInfo, "shown");
  const std::string text = *ReadFile(folder_ / "logs" / "idiolect.log");
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("shown"), std::string::npos);
}

TEST_F(LogTest, ABugsWordsStayOut) {
  ASSERT_TRUE(OpenLog(folder_ / "logs" / "idiolect.log", LogLevel::kInfo));
  LogBug("the server", std::runtime_error("last read: 'a private word'"));
  const std::string text = *ReadFile(folder_ / "logs" / "idiolect.log");
  EXPECT_NE(text.find("a bug in the server: "), std::string::npos);
  EXPECT_NE(text.find("runtime_error"), std::string::npos);
  EXPECT_EQ(text.find("private"), std::string::npos);
}

TEST_F(LogTest, RotatesAndKeepsThreeOldFiles) {
  const fs::path logs = folder_ / "logs";
  ASSERT_TRUE(OpenLog(logs / "idiolect.log", LogLevel::kInfo));
  constexpr uintmax_t kMost = 5 << 20;
  const std::string line(64 << 10, 'x');
  for (int number = 0; number < 500; ++number) {  // 31 MiB
    Log(LogLevel::kInfo, "<" + std::to_string(number) + ">" + line);
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(logs)) {
    names.push_back(entry.path().filename());
    EXPECT_LE(fs::file_size(entry.path()), kMost) << entry.path();
    EXPECT_GT(fs::file_size(entry.path()), 0u) << entry.path();
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"idiolect.1.log", "idiolect.2.log", "idiolect.3.log",
                                             "idiolect.log"}));
  // The newest lines are in the file itself, the ones before in the first old one; the oldest are
  // gone.
  const std::string now = *ReadFile(logs / "idiolect.log");
  const std::string before = *ReadFile(logs / "idiolect.1.log");
  const std::string oldest = *ReadFile(logs / "idiolect.3.log");
  EXPECT_NE(now.find("<499>"), std::string::npos);
  const size_t first = now.find('<');
  const int number = std::stoi(now.substr(first + 1));
  EXPECT_NE(before.find("<" + std::to_string(number - 1) + ">"), std::string::npos);
  EXPECT_GT(std::stoi(oldest.substr(oldest.find('<') + 1)), 100);
  // One that is opened again is gone on with.
  ASSERT_TRUE(OpenLog(logs / "idiolect.log", LogLevel::kInfo));
  Log(LogLevel::kInfo, "again");
  EXPECT_TRUE(ReadFile(logs / "idiolect.log")->starts_with(now));
}

TEST(Time, ReadsWhatExportsWrite) {
  EXPECT_EQ(ParseIsoSeconds("2023-01-01T00:00:15"), 1672531215);
  EXPECT_EQ(ParseIsoSeconds("1970-01-01T00:00:00"), 0);
  EXPECT_EQ(ParseIsoSeconds("2024-02-29 12:00:00"), 1709208000);
  for (const char* bad : {"", "2023-01-01", "2023-13-01T00:00:00", "2023-01-01T25:00:00",
                          "2023-01-01x00:00:00", "yyyy-01-01T00:00:00"}) {
    EXPECT_EQ(ParseIsoSeconds(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(FormatIsoUtc(1672531215), "2023-01-01T00:00:15Z");
  EXPECT_EQ(FormatIsoUtc(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(FormatIsoUtc(951826084), "2000-02-29T12:08:04Z");
  EXPECT_EQ(FormatIsoUtc(253402300800), "10000-01-01T00:00:00Z");
  for (int64_t time = -60'000'000'000; time < 253'000'000'000; time += 999'999'937) {
    EXPECT_EQ(ParseIsoSeconds(FormatIsoUtc(time)), time);
  }
  EXPECT_EQ(FormatStampUtc(1672531215), "20230101-000015");
  EXPECT_EQ(FormatDay(1672531215), "2023-01-01");
}

TEST(Json, StringsEscapeOnlyWhatMustBe) {
  EXPECT_EQ(JsonString("привет \"мир\"\n\t\\"), "\"привет \\\"мир\\\"\\n\\t\\\\\"");
  EXPECT_EQ(JsonString(std::string_view("\x01\x00", 2)), "\"\\u0001\\u0000\"");
  EXPECT_EQ(JsonString("\xff"), "\"\xEF\xBF\xBD\"");
}

TEST(Language, RussianCountsHaveThreeForms) {
  const auto answers = [](long n) { return std::string(Plural(n, "ответ", "ответа", "ответов")); };
  EXPECT_EQ(answers(1), "ответ");
  EXPECT_EQ(answers(3), "ответа");
  EXPECT_EQ(answers(11), "ответов");
  EXPECT_EQ(answers(121), "ответ");
  EXPECT_EQ(answers(0), "ответов");
  EXPECT_EQ(LanguageOfLocale("ru_RU.UTF-8"), Language::kRussian);
  EXPECT_EQ(LanguageOfLocale("C.UTF-8"), Language::kEnglish);
}

TEST(RandomNumbers, AreTheSameEverywhere) {
  Random random(7);
  const uint64_t first = random.Next();
  Random again(7);
  EXPECT_EQ(again.Next(), first);
  EXPECT_EQ(first, 7191089600892374487ull);
  for (int i = 0; i < 1000; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ASSERT_LT(random.Below(3), 3u);
  }
}

TEST(ProgressWords, AreThoseOfTheLanguage) {
  const std::string_view line = "downloading new-build.json: 5 messages, 3 new";
  EXPECT_EQ(ProgressWords(Language::kEnglish, line), line);
  EXPECT_EQ(ProgressWords(Language::kRussian, line), "скачиваю new-build.json: 5 сообщ., 3 новых");
  EXPECT_EQ(ProgressWords(Language::kRussian, "rebuild renew"), "rebuild renew");
}

}  // namespace
}  // namespace idiolect
