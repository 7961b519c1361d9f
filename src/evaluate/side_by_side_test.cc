#include "evaluate/side_by_side.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

// Answers with its own name and the last question.
class EchoModel : public ChatModel {
 public:
  explicit EchoModel(std::string name) : name_(std::move(name)) {}
  std::string Name() const override { return name_; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::unique_ptr<ChatSession>(std::make_unique<Session>(name_));
  }

 private:
  class Session : public ChatSession {
   public:
    explicit Session(std::string name) : name_(std::move(name)) {}
    Result<Generation> Generate(const std::vector<ChatMessage>& messages, const GenerateOptions&,
                                const TextSink&, const Interrupt& interrupt) override {
      Generation out;
      out.text = " " + name_ + " heard: " + messages.back().content + "\n";
      if (interrupt.Requested()) out.finish = FinishReason::kInterrupted;
      return out;
    }

   private:
    std::string name_;
  };
  std::string name_;
};

std::vector<TrainingSample> Samples(int count) {
  std::vector<TrainingSample> samples;
  for (int i = 0; i < count; ++i) {
    samples.push_back({{"system", "You are Maya."},
                       {"user", "question " + std::to_string(i)},
                       {"assistant", "answer " + std::to_string(i)}});
  }
  return samples;
}

TEST(SideBySide, AsksBothModelsEvenlyOverTheSamples) {
  NoProgress progress;
  const Interrupt interrupt;
  const auto comparison = CompareOnSamples(EchoModel("base"), EchoModel("tuned"), Samples(10), 5,
                                           {}, progress, interrupt);
  ASSERT_TRUE(comparison);
  ASSERT_EQ(comparison->answers.size(), 5u);
  const char* expected[] = {"1", "3", "5", "7", "9"};
  for (size_t i = 0; i < 5; ++i) {
    const ComparedAnswer& answer = comparison->answers[i];
    EXPECT_EQ(answer.real, std::string("answer ") + expected[i]);
    EXPECT_EQ(answer.base, std::string("base heard: question ") + expected[i]);
    EXPECT_EQ(answer.tuned, std::string("tuned heard: question ") + expected[i]);
    EXPECT_EQ(answer.prompt.size(), 2u) << "the real answer must not be in the prompt";
  }
}

TEST(SideBySide, FewerSamplesThanAskedForAreAllUsed) {
  NoProgress progress;
  const Interrupt interrupt;
  auto samples = Samples(2);
  samples.push_back({{"user", "nobody answered"}});
  const auto comparison =
      CompareOnSamples(EchoModel("base"), EchoModel("tuned"), samples, 5, {}, progress, interrupt);
  ASSERT_TRUE(comparison);
  EXPECT_EQ(comparison->answers.size(), 2u);
}

TEST(SideBySide, InterruptedIsAnErrorAndNotAnEmptyAnswer) {
  NoProgress progress;
  Interrupt interrupt;
  interrupt.Request();
  const auto comparison = CompareOnSamples(EchoModel("base"), EchoModel("tuned"), Samples(3), 3, {},
                                           progress, interrupt);
  ASSERT_FALSE(comparison);
  EXPECT_EQ(comparison.error().kind, ErrorKind::kInterrupted);
}

TEST(SideBySide, JsonComesBackAsItWas) {
  SideBySide comparison{"Наташа", "base", "ft:base", {}};
  comparison.answers.push_back({{{"user", "как дела?\n«да»"}}, "норм)", "ну", "I am"});
  const auto back = ParseSideBySide(SideBySideJson(comparison));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->persona, "Наташа");
  ASSERT_EQ(back->answers.size(), 1u);
  EXPECT_EQ(back->answers[0].prompt[0].content, "как дела?\n«да»");
  EXPECT_EQ(back->answers[0].real, "норм)");
  EXPECT_FALSE(ParseSideBySide("[]"));
  EXPECT_FALSE(ParseSideBySide("{\"answers\": 3}"));
  EXPECT_FALSE(ParseSideBySide("{"));
}

TEST(SideBySide, MarkdownQuotesEveryLineOfAQuestion) {
  SideBySide comparison{"Maya", "base", "ft:base", {}};
  comparison.answers.push_back({{{"user", "one\ntwo"}}, "real", "tuned", "bare"});
  const std::string text = SideBySideMarkdown(comparison, Language::kEnglish);
  EXPECT_NE(text.find("> one\n> two\n"), std::string::npos);
  EXPECT_NE(text.find("**The person**\n\n    real\n"), std::string::npos);
  EXPECT_NE(SideBySideMarkdown(comparison, Language::kRussian).find("**Человек**"),
            std::string::npos);
}

}  // namespace
}  // namespace idiolect
