#include "providers/dataset_form.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "providers/local_server_test.h"

namespace idiolect {
namespace {

constexpr char kLine[] =
    R"({"messages":[{"role":"system","content":"S"},{"role":"user","content":"a"},{"role":"user","content":"b"},)"
    R"({"role":"assistant","content":"c","weight":0},{"role":"user","content":"d"},{"role":"assistant","content":"e"}]})";

std::string Convert(const char* line, DataForm form) {
  const auto converted = ConvertLine(line, form);
  EXPECT_TRUE(converted) << converted.error().message;
  return converted && *converted ? **converted : "left out";
}

TEST(DatasetForm, OpenAisLinesStayAsTheyAre) {
  EXPECT_EQ(Convert(kLine, DataForm::kOpenAi), kLine);
}

TEST(DatasetForm, TurnsAlternateAtTogether) {
  EXPECT_EQ(Convert(kLine, DataForm::kTogether),
            R"({"messages":[{"role":"system","content":"S"},{"role":"user","content":"a\nb"},)"
            R"({"role":"assistant","content":"c","weight":0},{"role":"user","content":"d"},)"
            R"({"role":"assistant","content":"e"}]})");
}

TEST(DatasetForm, VertexHasContentsAndParts) {
  EXPECT_EQ(Convert(kLine, DataForm::kVertex),
            R"({"systemInstruction":{"role":"system","parts":[{"text":"S"}]},"contents":[)"
            R"({"role":"user","parts":[{"text":"a\nb"}]},{"role":"model","parts":[{"text":"c"}]},)"
            R"({"role":"user","parts":[{"text":"d"}]},{"role":"model","parts":[{"text":"e"}]}]})");
}

TEST(DatasetForm, WhatCannotBeSaidIsLeftOutAndCounted) {
  const char* no_question = R"({"messages":[{"role":"assistant","content":"c"}]})";
  EXPECT_EQ(Convert(no_question, DataForm::kVertex), "left out");
  const TestFolder folder;
  ASSERT_TRUE(PublishFile(folder / "train.jsonl",
                          std::string(kLine) + "\n\n" + no_question + "\r\n" + kLine));
  const auto prepared = PrepareFile(folder / "train.jsonl", DataForm::kTogether, folder / "outbox");
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->lines, 2);
  EXPECT_EQ(prepared->left_out, 1);
  EXPECT_EQ(ReadFile(prepared->path)->size(), static_cast<size_t>(prepared->bytes));
  const auto azure =
      PrepareFile(folder / "train.jsonl", DataForm::kOpenAiWithBom, folder / "outbox");
  ASSERT_TRUE(azure);
  EXPECT_TRUE(ReadFile(azure->path)->starts_with("\xEF\xBB\xBF{"));
  EXPECT_EQ(azure->lines, 3);
}

TEST(DatasetForm, AFaultNamesItsLine) {
  const TestFolder folder;
  ASSERT_TRUE(PublishFile(folder / "train.jsonl", std::string(kLine) + "\n{\"messages\":[]}\n"));
  const auto prepared = PrepareFile(folder / "train.jsonl", DataForm::kVertex, folder / "outbox");
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().message, "train.jsonl:2: a line has no messages");
}

}  // namespace
}  // namespace idiolect
