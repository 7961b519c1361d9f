#include "dataset/reader.h"

#include <gtest/gtest.h>

#include "dataset/workspace_fixture.h"

namespace idiolect {
namespace {

constexpr char kGood[] =
    R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},)"
    R"({"role":"assistant","content":"a","weight":0},{"role":"user","content":"v"},)"
    R"({"role":"assistant","content":"b"}]})";

std::string Complaint(const std::string& bytes) {
  const auto samples = ParseSamples(bytes, "f.jsonl");
  return samples ? "" : samples.error().message;
}

TEST(ParseSamples, ReadsRolesContentsAndWeights) {
  const auto samples = ParseSamples(std::string(kGood) + "\n", "f.jsonl");
  ASSERT_TRUE(samples) << samples.error().message;
  ASSERT_EQ(samples->size(), 1u);
  const TrainingSample& sample = samples->front();
  ASSERT_EQ(sample.size(), 5u);
  EXPECT_EQ(sample[0].role, "system");
  EXPECT_EQ(sample[2].role, "assistant");
  EXPECT_FALSE(sample[2].learned);
  EXPECT_TRUE(sample[4].learned);
  EXPECT_EQ(sample[4].content, "b");
}

TEST(ParseSamples, SkipsBlankLinesMarksAndCarriageReturns) {
  const auto samples =
      ParseSamples("\xEF\xBB\xBF" + std::string(kGood) + "\r\n\n  \n" + kGood, "f.jsonl");
  ASSERT_TRUE(samples) << samples.error().message;
  EXPECT_EQ(samples->size(), 2u);
  EXPECT_TRUE(ParseSamples("", "f.jsonl")->empty());
}

TEST(ParseSamples, NamesTheLineAndTheFault) {
  const std::string good = std::string(kGood) + "\n";
  EXPECT_EQ(Complaint(good + "{\"messages\":[}"),
            "reading samples: f.jsonl:2: not JSON, from byte 14 of the line on");
  EXPECT_EQ(Complaint(good + "\n[1]"), "reading samples: f.jsonl:3: not a JSON object");
  EXPECT_EQ(Complaint("{}"), "reading samples: f.jsonl:1: no \"messages\"");
  EXPECT_EQ(Complaint(R"({"messages":[]})"),
            "reading samples: f.jsonl:1: \"messages\" is not a list with something in it");
  EXPECT_EQ(Complaint(R"({"messages":["x"]})"),
            "reading samples: f.jsonl:1: message 1 is not an object");
  EXPECT_EQ(Complaint(R"({"messages":[{"content":"x"}]})"),
            "reading samples: f.jsonl:1: message 1 has no \"role\"");
  EXPECT_EQ(Complaint(R"({"messages":[{"role":"user","content":"u"},{"role":"assistant"}]})"),
            "reading samples: f.jsonl:1: message 2 has no \"content\" that is text");
  EXPECT_EQ(Complaint(R"({"messages":[{"role":"bot","content":"x"}]})"),
            "reading samples: f.jsonl:1: message 1 has the role \"bot\"; known are system, "
            "developer, user and assistant");
  EXPECT_EQ(Complaint(R"({"messages":[{"role":"assistant","content":"x","weight":2}]})"),
            "reading samples: f.jsonl:1: message 1 has a weight other than 0 and 1");
  EXPECT_EQ(Complaint(R"({"messages":[{"role":"user","content":"x","weight":0}]})"),
            "reading samples: f.jsonl:1: message 1 has a weight but is not the assistant's");
  EXPECT_EQ(
      Complaint(R"({"messages":[{"role":"user","content":"x"}]})"),
      "reading samples: f.jsonl:1: no assistant message to learn (all have weight 0, or there "
      "is none)");
  EXPECT_EQ(Complaint(R"({"messages":[{"role":"assistant","content":"x"},)"
                      R"({"role":"user","content":"x"}]})"),
            "reading samples: f.jsonl:1: the last message is not the assistant's");
  EXPECT_EQ(Complaint(std::string(100'000, '[')),
            "reading samples: f.jsonl:1: brackets are nested too deep");
  EXPECT_NE(Complaint("{\"messages\":[{\"role\":\"assistant\",\"content\":\"\xFF\"}]}"), "");
}

TEST(ReadSamples, ReadsWhatBuildWrote) {
  ChatScript chat(ChatKind::kPrivate);
  chat.Say(2, 0, "привет\n\"ты\" \\ тут? \x01");
  chat.Say(1, 10, "да 🙂");
  TestWorkspace workspace;
  workspace.Fill({"Наташа", "Павел"}, {&chat});
  const auto summary = workspace.Build(1);
  ASSERT_TRUE(summary) << summary.error().message;
  const auto samples = ReadSamples(std::filesystem::path(summary->dir) / "train.jsonl");
  ASSERT_TRUE(samples) << samples.error().message;
  ASSERT_EQ(samples->size(), 1u);
  EXPECT_EQ((*samples)[0][1].content, "привет\n\"ты\" \\ тут? \x01");
  EXPECT_EQ((*samples)[0][2].content, "да 🙂");
  EXPECT_TRUE(ReadSamples(std::filesystem::path(summary->dir) / "valid.jsonl")->empty());
}

TEST(ReadSamples, AMissingFileIsAnError) {
  EXPECT_FALSE(ReadSamples("/nonexistent/train.jsonl"));
}

std::string PairComplaint(const std::string& bytes) {
  const auto pairs = ParsePreferences(bytes, "f.jsonl");
  return pairs ? "" : pairs.error().message;
}

TEST(ParsePreferences, ReadsBothForms) {
  const std::string prompt = R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])";
  const std::string good = R"([{"role":"assistant","content":"good"}])";
  const std::string bad = R"([{"role":"assistant","content":"bad"}])";
  const auto pairs = ParsePreferences(
      R"({"prompt":)" + prompt + R"(,"chosen":)" + good + R"(,"rejected":)" + bad + "}\n" +
          R"({"input":{"messages":)" + prompt + R"(},"preferred_output":)" + good +
          R"(,"non_preferred_output":)" + bad + "}\n\n" + R"({"input":{"messages":)" + prompt +
          R"(},"preferred_completion":)" + good + R"(,"non_preferred_completion":)" + bad + "}",
      "f.jsonl");
  ASSERT_TRUE(pairs) << pairs.error().message;
  ASSERT_EQ(pairs->size(), 3u);
  for (const PreferencePair& pair : *pairs) {
    ASSERT_EQ(pair.prompt.size(), 2u);
    EXPECT_EQ(pair.prompt[1].content, "u");
    EXPECT_EQ(pair.chosen.content, "good");
    EXPECT_EQ(pair.rejected.content, "bad");
  }
}

TEST(ParsePreferences, NamesTheLineAndTheFault) {
  const std::string user = R"([{"role":"user","content":"u"}])";
  const std::string answer = R"([{"role":"assistant","content":"a"}])";
  EXPECT_EQ(PairComplaint("\n{}"), "reading preferences: f.jsonl:2: no \"prompt\"");
  EXPECT_EQ(PairComplaint(R"({"input":[]})"),
            "reading preferences: f.jsonl:1: \"input\" is not an object");
  EXPECT_EQ(PairComplaint(R"({"prompt":[]})"),
            "reading preferences: f.jsonl:1: \"prompt\" is not a list with something in it");
  EXPECT_EQ(PairComplaint(R"({"prompt":)" + answer + "}"),
            "reading preferences: f.jsonl:1: the prompt's last message is not the user's");
  EXPECT_EQ(PairComplaint(R"({"prompt":)" + user + "}"),
            "reading preferences: f.jsonl:1: no \"chosen\"");
  EXPECT_EQ(PairComplaint(R"({"prompt":)" + user + R"(,"chosen":)" + answer + R"(,"rejected":)" +
                          user + "}"),
            "reading preferences: f.jsonl:1: \"rejected\" is not the assistant's");
  EXPECT_EQ(PairComplaint(R"({"prompt":)" + user + R"(,"chosen":)" + answer + R"(,"rejected":)" +
                          answer + "}"),
            "reading preferences: f.jsonl:1: both answers are the same");
  EXPECT_EQ(PairComplaint(R"({"prompt":)" + user + R"(,"chosen":"a"})"),
            "reading preferences: f.jsonl:1: \"chosen\" is not a list of one message");
}

}  // namespace
}  // namespace idiolect
