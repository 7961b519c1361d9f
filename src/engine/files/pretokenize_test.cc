#include "engine/files/pretokenize.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

std::vector<size_t> Cuts(PreTokenizer kind, std::string_view text) {
  std::vector<size_t> lengths;
  for (size_t at = 0; at < text.size();) {
    const size_t end = PreTokenEnd(kind, text, at);
    if (end <= at || end > text.size()) {
      ADD_FAILURE() << "no progress at " << at;
      break;
    }
    size_t points = 0;
    for (size_t i = at; i < end; ++points) NextCodePoint(text, &i);
    lengths.push_back(points);
    at = end;
  }
  return lengths;
}

TEST(PreTokenizeTest, CutsWhereTheRegularExpressionsDo) {
  struct Row {
    const char* name;
    PreTokenizer kind;
  };
  constexpr Row kRows[] = {
      {"gpt2", PreTokenizer::kGpt2},     {"smollm", PreTokenizer::kDigitsThenGpt2},
      {"llama3", PreTokenizer::kLlama3}, {"qwen2", PreTokenizer::kQwen2},
      {"o200k", PreTokenizer::kO200k},   {"tekken", PreTokenizer::kTekken}};
  const auto lines = ReadJsonLines(ReferenceFolder() / "pretokens.jsonl");
  ASSERT_GT(lines.size(), 400u);
  for (const auto& line : lines) {
    const std::string text = line["text"];
    for (const Row& row : kRows) {
      EXPECT_EQ(Cuts(row.kind, text), line[row.name].get<std::vector<size_t>>())
          << row.name << " " << line["text"];
    }
  }
}

TEST(PreTokenizeTest, IsFoundByName) {
  EXPECT_EQ(FindPreTokenizer("smollm"), PreTokenizer::kDigitsThenGpt2);
  EXPECT_EQ(FindPreTokenizer("llama-bpe"), PreTokenizer::kLlama3);
  EXPECT_EQ(FindPreTokenizer("gpt-4o"), PreTokenizer::kO200k);
  EXPECT_EQ(FindPreTokenizer("tekken"), PreTokenizer::kTekken);
  EXPECT_EQ(FindPreTokenizer("default"), std::nullopt);
}

}  // namespace
}  // namespace idiolect
