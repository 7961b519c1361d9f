#include "validate/validate.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "validate/mend.h"
#include "validate/prices.h"

namespace idiolect {
namespace {

using nlohmann::json;

std::filesystem::path Reference(const std::string& name) {
  return std::filesystem::path(IDIOLECT_SOURCE_DIR) / "tests/reference" / name;
}

// A word a token: figures that can be counted by hand.
class WordCounter : public TokenCounter {
 public:
  size_t Count(std::string_view text) override {
    size_t words = 0;
    bool in_word = false;
    for (const char c : text) {
      words += c != ' ' && !in_word ? 1 : 0;
      in_word = c != ' ';
    }
    return words;
  }
  std::string Name() const override { return "words"; }
};

ValidationReport Check(std::string_view bytes, ValidateOptions options = {}) {
  WordCounter words;
  options.min_examples = options.min_examples == 10 ? 0 : options.min_examples;
  return ValidateBytes(bytes, options, words);
}

// What was found, as "code@line:column".
std::vector<std::string> Found(const ValidationReport& report) {
  std::vector<std::string> found;
  for (const Finding& finding : report.findings) {
    found.push_back(std::string(RowOf(finding.kind).code) + "@" + std::to_string(finding.line) +
                    ":" + std::to_string(finding.column));
  }
  return found;
}
using List = std::vector<std::string>;

const std::string kSound =
    R"({"messages":[{"role":"user","content":"a b"},{"role":"assistant","content":"c"}]})"
    "\n";

std::map<std::string, size_t> Seven(const NotebookCounts& counts) {
  return {{"data_type", counts.data_type},
          {"missing_messages_list", counts.missing_messages_list},
          {"message_missing_key", counts.message_missing_key},
          {"message_unrecognized_key", counts.message_unrecognized_key},
          {"unrecognized_role", counts.unrecognized_role},
          {"missing_content", counts.missing_content},
          {"example_missing_assistant_message", counts.example_missing_assistant_message}};
}

TEST(Validate, CountsEveryFaultOfTheNotebookAsTheNotebookDoes) {
  const auto expected = json::parse(*ReadFile(Reference("cookbook.json")));
  WordCounter words;
  const auto report = ValidateFile(Reference("cookbook-faults.jsonl"), {}, words);
  ASSERT_TRUE(report) << report.error().message;
  const auto counts = Seven(report->notebook);
  ASSERT_EQ(expected["faults"].size(), counts.size());  // the file has every kind
  for (const auto& [kind, count] : counts) {
    EXPECT_EQ(count, expected["faults"].value(kind, size_t{0})) << kind;
    EXPECT_GT(count, 0u) << kind;
  }
  // No rule has changed for what is in that file, so today's counts are the same.
  for (const FaultRow& row : FaultTable()) {
    if (const auto found = counts.find(row.code); found != counts.end()) {
      EXPECT_EQ(report->Count(row.kind), found->second) << row.code;
    }
  }
}

TEST(Validate, MeasuresAsTheNotebookDoes) {
  const auto expected = json::parse(*ReadFile(Reference("cookbook.json")))["sound"];
  auto counter = OpenO200kCounter();
  ASSERT_TRUE(counter) << counter.error().message << "; " << counter.error().hint;
  const auto report = ValidateFile(Reference("cookbook-sound.jsonl"), {}, **counter);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->Errors(), 0u) << testing::PrintToString(Found(*report));
  EXPECT_EQ(report->counter, "o200k_base");
  EXPECT_TRUE(expected["faults"].empty());
  EXPECT_EQ(report->missing_system, expected["missing_system"].get<size_t>());
  EXPECT_EQ(report->missing_user, expected["missing_user"].get<size_t>());
  EXPECT_EQ(report->tokens, expected["total_tokens"].get<uint64_t>());
  const auto same = [&](const Distribution& ours, const char* name) {
    EXPECT_EQ(ours.min, expected[name]["min"].get<double>()) << name;
    EXPECT_EQ(ours.max, expected[name]["max"].get<double>()) << name;
    EXPECT_NEAR(ours.mean, expected[name]["mean"].get<double>(), 1e-9) << name;
    EXPECT_NEAR(ours.median, expected[name]["median"].get<double>(), 1e-9) << name;
    EXPECT_NEAR(ours.p5, expected[name]["p5"].get<double>(), 1e-9) << name;
    EXPECT_NEAR(ours.p95, expected[name]["p95"].get<double>(), 1e-9) << name;
  };
  same(report->messages, "messages");
  same(report->tokens_each, "tokens");
  same(report->assistant_tokens_each, "assistant_tokens");
}

TEST(Validate, PlacesHaveLineAndColumnInCharacters) {
  EXPECT_EQ(
      Found(Check(kSound + "\n" +
                  R"({"messages":[{"role":"user","content":"ёж"},)"
                  R"({"role":"кто","content":"x"}]})")),
      (List{"blank_line@2:1", "example_missing_assistant_message@3:1", "unrecognized_role@3:53"}));
  EXPECT_EQ(Found(Check(R"({"messages":[{"role":"user","content":"ё" "x"}]})")),
            (List{"invalid_json@1:43"}));
}

struct Case {
  std::string line;
  List found;
};

TEST(Validate, TodaysRules) {
  const std::string user = R"({"role":"user","content":"q"})";
  const std::string answer = R"({"role":"assistant","content":"a"})";
  const auto with = [&](const std::string& messages, const std::string& more = "") {
    return R"({"messages":[)" + messages + "]" + more + "}";
  };
  const std::string call =
      R"({"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]})";
  const std::vector<Case> cases = {
      // Newer roles, calls without content, pictures: no faults any more.
      {with(R"({"role":"developer","content":"d"},)" + user + "," + answer), {}},
      {with(user + "," + call + R"(,{"role":"tool","tool_call_id":"1","content":"r"},)" + answer),
       {}},
      {with(R"({"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url",)"
            R"("image_url":{"url":"https://example.org/a.png"}}]},)" +
            answer),
       {}},
      {with(user + R"(,{"role":"assistant","content":null,"refusal":"no"})"), {}},
      // What is wrong today.
      {with(
           user +
           R"(,{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"https://x"}}]})"),
       {"bad_content_part@1:75"}},
      {with(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///x"}}]},)" +
            answer),
       {"bad_content_part@1:40"}},
      {with(user + R"(,{"role":"assistant","content":"a","weight":2})"), {"bad_weight@1:87"}},
      {with(user + R"(,{"role":"assistant","content":"a","weight":true})"), {"bad_weight@1:87"}},
      {with(R"({"role":"user","content":"q","weight":1},)" + answer), {"bad_weight@1:52"}},
      {with(user + R"(,{"role":"assistant","content":"a","weight":0})"), {"nothing_to_learn@1:1"}},
      {with(R"({"role":"user","content":"q","name":"Ann B"},)" + answer), {"bad_name@1:50"}},
      {with(answer + "," + user), {"last_message_not_assistant@1:49"}},
      {with(user + "," + R"({"role":"system","content":"s"},)" + answer),
       {"system_not_first@1:44"}},
      {with(R"({"role":"user","role":"user","content":"q"},)" + answer), {"duplicate_key@1:29"}},
      {with("7," + answer), {"message_data_type@1:14"}},
      {with(user + R"(,{"role":"tool","tool_call_id":"9","content":"r"},)" + answer),
       {"bad_tool_call@1:74"}},
      {with(user + "," + answer, R"(,"tools":[{"type":"function"}])"), {"bad_tools@1:88"}},
      {with(user + "," + answer, R"(,"mood":1)"), {"unrecognized_example_key@1:80"}},
      {R"({"input":{"messages":[)" + user + R"(]},"preferred_output":[)" + answer +
           R"(],"non_preferred_output":[)" + answer + "]}",
       {}},
      {R"({"input":{"messages":[)" + user + R"(]},"preferred_output":[)" + answer + "]}",
       {"bad_preference@1:1"}},
      {std::string("{\"messages\":\xFF}"), {"not_utf8@1:13", "invalid_json@1:13"}},
      {std::string(200, '['), {"invalid_json@1:65"}},
      {"{\"messages\":[]} x", {"invalid_json@1:17"}},
  };
  for (const Case& one : cases) EXPECT_EQ(Found(Check(one.line)), one.found) << one.line;
}

TEST(Validate, TheFileAsAWhole) {
  WordCounter words;
  EXPECT_EQ(Found(ValidateBytes("", {}, words)), (List{"too_few_examples@0:0"}));
  EXPECT_EQ(Found(Check("\xEF\xBB\xBF" + kSound + kSound)),
            (List{"byte_order_mark@1:1", "duplicate_example@2:1"}));
  ValidateOptions small;
  small.max_bytes = 10;
  small.max_tokens_per_example = 14;
  EXPECT_EQ(Found(Check(kSound, small)), (List{"file_too_large@0:0"}));
  small.max_tokens_per_example = 13;
  const auto report = Check(kSound, small);
  EXPECT_EQ(Found(report), (List{"file_too_large@0:0", "too_long@1:1"}));
  // 3 for the reply, 3 for each message, roles and words.
  EXPECT_EQ(report.tokens, 3u + (3 + 1 + 2) + (3 + 1 + 1));
}

TEST(Validate, CountsGoOnWhereFindingsEnd) {
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += "{}\n" + std::string(static_cast<size_t>(i), ' ') + "x\n";
  ValidateOptions options;
  options.most_findings = 7;
  const auto report = Check(bytes, options);
  EXPECT_EQ(report.findings.size(), 7u);
  EXPECT_EQ(report.Count(FaultKind::kInvalidJson), 50u);
  EXPECT_EQ(report.Count(FaultKind::kMissingMessagesList), 50u);
}

TEST(Mend, MendsWhatCanBeAndLeavesOutTheRest) {
  const std::string bytes =
      "\xEF\xBB\xBF" + kSound + "\n" +
      R"({"messages":[{"role":"Human","content":5,"mood":1},)"
      R"({"role":"gpt","content":"b","weight":true},{"role":"user","content":"?"}],"id":3})"
      "\nnot json\n"
      R"({"messages":[{"role":"user","content":"alone"}]})"
      "\n";
  const MendResult mended = MendBytes(bytes);
  EXPECT_EQ(
      mended.bytes,
      kSound +
          R"({"messages":[{"role":"user","content":"5"},{"role":"assistant","content":"b","weight":1}]})"
          "\n");
  std::vector<std::string> done;
  for (const Mended& one : mended.done) {
    done.push_back(std::string(RowOf(one.kind).code) + "@" + std::to_string(one.line) + one.detail);
  }
  EXPECT_EQ(done,
            (List{"byte_order_mark_removed@0", "blank_line_removed@2", "example_key_removed@3",
                  "key_removed@3", "role_renamed@3", "content_made_text@3", "role_renamed@3",
                  "weight_mended@3", "end_cut@3", "line_dropped@4invalid_json",
                  "line_dropped@5example_missing_assistant_message"}));
  EXPECT_EQ(mended.lines_kept, 2u);
  EXPECT_EQ(mended.lines_changed, 1u);
}

TEST(Mend, WhatIsSoundStaysByteForByteAndTheRestHasNoErrorLeft) {
  const auto sound = ReadFile(Reference("cookbook-sound.jsonl"));
  EXPECT_EQ(MendBytes(*sound).bytes, *sound);
  const auto faults = ReadFile(Reference("cookbook-faults.jsonl"));
  const auto mended = MendBytes(*faults);
  EXPECT_EQ(Check(mended.bytes).Errors(), 0u);
  EXPECT_GT(mended.lines_kept, 3u);
}

TEST(Prices, TheBuiltInOnesAreSoundAndDated) {
  const auto list = LoadPrices("", "");
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_GT(list->prices.size(), 4u);
  const Price* mini = list->Find("openai", "gpt-4o-mini-2024-07-18");
  ASSERT_TRUE(mini);
  EXPECT_EQ(mini->seen, "2026-04");
  const Cost cost = CostOf(*mini, 1'500'000, 2);
  EXPECT_EQ(cost.trained_tokens, 3'000'000u);
  ASSERT_TRUE(cost.amount);
  EXPECT_DOUBLE_EQ(*cost.amount, 9.0);
  EXPECT_EQ(FormatAmount(9.0, "USD"), "9.00 USD");
  EXPECT_EQ(FormatAmount(0.0123, "USD"), "0.012 USD");
}

TEST(Prices, AnUndatedPriceIsRefused) {
  const auto message = [](const std::string& toml) {
    const auto list = ParsePrices(toml, "p.toml");
    return list ? std::string("none") : list.error().message;
  };
  const std::string start = "[[price]]\nprovider='x'\nmodel='y'\ncurrency='EUR'\n";
  EXPECT_EQ(message(start + "source='z'\n"),
            "reading prices: p.toml: price 1: seen must be a text that is not empty");
  EXPECT_EQ(message(start + "source='z'\nseen='soon'\n"),
            "reading prices: p.toml: price 1: seen must be a date such as 2026-04-30");
  EXPECT_EQ(message(start + "source='z'\nseen='2026'\ntraining=-1\n"),
            "reading prices: p.toml: price 1: training must be a number that is not negative");
  EXPECT_EQ(message(start + "source='z'\nseen='2026'\n"), "none");
  EXPECT_EQ(message(""), "reading prices: p.toml: no [[price]]");
}

TEST(GuessEpochs, AsTheNotebook) {
  EXPECT_EQ(GuessEpochs(0), 3);
  EXPECT_EQ(GuessEpochs(2), 25);
  EXPECT_EQ(GuessEpochs(10), 10);
  EXPECT_EQ(GuessEpochs(33), 3);
  EXPECT_EQ(GuessEpochs(100), 3);
  EXPECT_EQ(GuessEpochs(8'334), 2);
  EXPECT_EQ(GuessEpochs(30'000), 1);
}

}  // namespace
}  // namespace idiolect
