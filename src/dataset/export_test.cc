#include "dataset/export.h"

#include <gtest/gtest.h>

#include "dataset/workspace_fixture.h"

namespace idiolect {
namespace {

TrainingSample Sample() {
  return {{"system", "Ты — Наташа."},
          {"user", "кто идёт?"},
          {"assistant", "я", false},
          {"user", "а \"ещё\"?"},
          {"assistant", "никто"}};
}

TEST(Export, EachFormatHasItsForm) {
  EXPECT_EQ(ExportSample(Sample(), ExportFormat::kShareGpt),
            R"({"conversations":[{"from":"system","value":"Ты — Наташа."},)"
            R"({"from":"human","value":"кто идёт?"},{"from":"gpt","value":"я"},)"
            R"({"from":"human","value":"а \"ещё\"?"},{"from":"gpt","value":"никто"}]})");
  EXPECT_EQ(ExportSample(Sample(), ExportFormat::kAlpaca),
            R"({"instruction":"а \"ещё\"?","input":"","output":"никто","system":"Ты — Наташа.",)"
            R"("history":[["кто идёт?","я"]]})");
  EXPECT_EQ(ExportSample(Sample(), ExportFormat::kTrl),
            R"({"prompt":[{"role":"system","content":"Ты — Наташа."},)"
            R"({"role":"user","content":"кто идёт?"},{"role":"assistant","content":"я"},)"
            R"({"role":"user","content":"а \"ещё\"?"}],)"
            R"("completion":[{"role":"assistant","content":"никто"}]})");
  EXPECT_EQ(ExportSample(Sample(), ExportFormat::kGemini),
            R"({"systemInstruction":{"role":"system","parts":[{"text":"Ты — Наташа."}]},)"
            R"("contents":[{"role":"user","parts":[{"text":"кто идёт?"}]},)"
            R"({"role":"model","parts":[{"text":"я"}]},)"
            R"({"role":"user","parts":[{"text":"а \"ещё\"?"}]},)"
            R"({"role":"model","parts":[{"text":"никто"}]}]})");
  const auto axolotl = nlohmann::json::parse(ExportSample(Sample(), ExportFormat::kAxolotl));
  EXPECT_EQ(axolotl["messages"][2]["train"], false);
  EXPECT_EQ(axolotl["messages"][4]["train"], true);
  const auto openai = nlohmann::json::parse(ExportSample(Sample(), ExportFormat::kOpenAi));
  EXPECT_EQ(openai["messages"][2]["weight"], 0);
  EXPECT_FALSE(openai["messages"][4].contains("weight"));
}

class ExportFiles : public testing::Test {
 protected:
  ExportFiles() {
    std::string lines;
    for (int i = 0; i < 3; ++i) lines += ExportSample(Sample(), ExportFormat::kOpenAi) + "\n";
    EXPECT_TRUE(PublishFile(dataset() / "train.jsonl", lines));
    EXPECT_TRUE(PublishFile(dataset() / "valid.jsonl", ""));
  }
  std::filesystem::path dataset() { return workspace_.datasets() / "d"; }
  std::filesystem::path out() { return workspace_.datasets() / "out"; }
  TestWorkspace workspace_;
};

TEST_F(ExportFiles, LlamaFactoryFindsItsFilesByTheInfo) {
  ExportOptions options;
  options.format = ExportFormat::kLlamaFactory;
  options.name = "natasha";
  const auto files = ExportDataset(dataset(), out(), options);
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 2u);  // nothing for the empty part
  const auto info = nlohmann::json::parse(*ReadFile(out() / "dataset_info.json"));
  const auto& entry = info["natasha_train"];
  const auto data = nlohmann::json::parse(*ReadFile(out() / entry["file_name"].get<std::string>()));
  EXPECT_EQ(data.size(), 3u);
  EXPECT_EQ(data[0]["messages"][0]["role"], entry["tags"]["system_tag"]);
}

TEST_F(ExportFiles, TheDatasetsOwnFormComesOutUnchanged) {
  ASSERT_TRUE(ExportDataset(dataset(), out(), {}));
  EXPECT_EQ(*ReadFile(out() / "train.jsonl"), *ReadFile(dataset() / "train.jsonl"));
}

TEST_F(ExportFiles, PreferencesSetARealAnswerAgainstAnother) {
  ExportOptions options;
  options.format = ExportFormat::kPreference;
  EXPECT_EQ(ExportDataset(dataset(), out(), options).error().kind, ErrorKind::kMisuse);
  int asked = 0;
  options.rejected =
      [&](const std::vector<ChatMessage>& prompt) -> Result<std::optional<std::string>> {
    EXPECT_EQ(prompt.back().role, "user");
    if (++asked == 2) return std::optional<std::string>();
    return std::optional<std::string>("As a language model…");
  };
  const auto files = ExportDataset(dataset(), out(), options);
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->front().samples, 2);
  const auto line = nlohmann::json::parse(LinesOf(out() / "preference_train.jsonl")[0]);
  EXPECT_EQ(line["chosen"][0]["content"], "никто");
  EXPECT_EQ(line["rejected"][0]["content"], "As a language model…");
  const auto openai = nlohmann::json::parse(LinesOf(out() / "preference_openai_train.jsonl")[0]);
  EXPECT_EQ(openai["preferred_completion"][0]["content"], "никто");
}

TEST_F(ExportFiles, AnEmptyDatasetIsAnError) {
  ASSERT_TRUE(PublishFile(dataset() / "train.jsonl", ""));
  EXPECT_EQ(ExportDataset(dataset(), out(), {}).error().kind, ErrorKind::kBadInput);
}

}  // namespace
}  // namespace idiolect
