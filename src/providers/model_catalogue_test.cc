#include "providers/model_catalogue.h"

#include <gtest/gtest.h>

#include <string>

namespace idiolect {
namespace {

const char kGood[] = R"(
[[model]]
name = "tiny"
file = "tiny.gguf"
bytes = 10
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
licence = "MIT"
licence_url = "https://example.org/licence"
description = "small"
languages = "none"
chat_template = "none"
[[model.source]]
kind = "https"
url = "https://example.org/tiny.gguf"
[[model.source]]
kind = "python-packages"
parts = [{ package = "a-b", version = "1.0", bytes = 5, member = "a_b/tiny.gguf" }]
)";

std::string With(std::string_view old_text, std::string_view new_text) {
  std::string text = kGood;
  const auto at = text.find(old_text);
  EXPECT_NE(at, text.npos) << old_text;
  return text.replace(at, old_text.size(), new_text);
}

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseCatalogue(text);
  return parsed ? "(none)" : parsed.error().message;
}

TEST(ModelCatalogue, ReadsAModel) {
  const auto models = ParseCatalogue(kGood);
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->size(), 1u);
  const auto& model = models->front();
  EXPECT_EQ(model.name, "tiny");
  EXPECT_EQ(model.bytes, 10u);
  EXPECT_EQ(model.chat_template, FileTemplate::kNone);
  ASSERT_EQ(model.sources.size(), 2u);
  EXPECT_EQ(model.sources[0].url, "https://example.org/tiny.gguf");
  EXPECT_EQ(model.sources[1].parts[0].package, "a-b");
}

TEST(ModelCatalogue, NamesWhatIsWrong) {
  const std::string start = "reading the model catalogue: ";
  EXPECT_EQ(ErrorOf(With("bytes = 10\n", "")),
            start + "model tiny: bytes must be a positive number");
  EXPECT_EQ(ErrorOf(With("\"0123456789abcdef", "\"0123456789ABCDEF")),
            start + "model tiny: sha256 must be 64 lower-case hex digits");
  EXPECT_EQ(ErrorOf(With("https://example.org/tiny", "http://example.org/tiny")),
            start + "model tiny, source 1: url must start with https://");
  EXPECT_EQ(ErrorOf(With("\"tiny.gguf\"", "\"../tiny.gguf\"")),
            start + "model tiny: file may hold letters, digits, '-', '_' and '.' only");
  EXPECT_EQ(ErrorOf(With("\"a-b\"", "\"--index-url=x\"")),
            start +
                "model tiny, source 2, part 1: package may hold letters, digits, '-', '_' and "
                "'.' only");
  EXPECT_EQ(ErrorOf(With("\"https\"", "\"ftp\"")),
            start + "model tiny, source 1: kind must be https or python-packages");
  EXPECT_EQ(ErrorOf(std::string(kGood) + kGood),
            start + "model tiny: another model has this name or file name");
  EXPECT_TRUE(ErrorOf("[[model").starts_with(start + "line 1: "));
  EXPECT_EQ(ErrorOf(""), start + "the whole file: it has no [[model]]");
}

TEST(ModelCatalogue, TheBuiltInOneHoldsBothModelsWithTwoSourcesEach) {
  const auto models = BuiltInCatalogue();
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[0].name, "smollm2-135m-instruct");
  EXPECT_EQ((*models)[0].licence, "Apache-2.0");
  EXPECT_EQ((*models)[1].name, "gemma-3-270m");
  EXPECT_EQ((*models)[1].licence_url, "https://ai.google.dev/gemma/terms");
  EXPECT_EQ((*models)[1].sources[1].parts.size(), 4u);
  for (const auto& model : *models) EXPECT_EQ(model.sources.size(), 2u);
}

}  // namespace
}  // namespace idiolect
