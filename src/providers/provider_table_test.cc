#include "providers/provider_table.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

std::vector<Provider> BuiltIn() {
  auto providers = ParseProviders(BuiltInProvidersText(), "");
  EXPECT_TRUE(providers) << providers.error().message;
  return *providers;
}

TEST(ProviderTable, TheBuiltInOneIsWhole) {
  const auto providers = BuiltIn();
  ASSERT_EQ(providers.size(), 7u);
  for (const auto& provider : providers) {
    EXPECT_FALSE(provider.key_env.empty()) << provider.name;
    EXPECT_FALSE(provider.title.empty()) << provider.name;
    // Whoever closes says why in both languages; whoever must be deployed says how.
    EXPECT_EQ(provider.jobs == JobsState::kOpen, provider.note_en.empty()) << provider.name;
    EXPECT_EQ(provider.note_en.empty(), provider.note_ru.empty()) << provider.name;
    EXPECT_EQ(provider.serving == Serving::kDirect, provider.serving_en.empty()) << provider.name;
    EXPECT_EQ(provider.serving_en.empty(), provider.serving_ru.empty()) << provider.name;
  }
}

TEST(ProviderTable, TheLastDayIsTheLast) {
  const auto providers = BuiltIn();
  const auto openai = *FindProvider(providers, "openai");
  EXPECT_TRUE(CheckTakesJobs(openai, providers, "2027-01-05", Language::kEnglish));
  const auto refused = CheckTakesJobs(openai, providers, "2027-01-06", Language::kEnglish);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "OpenAI takes no new fine-tuning jobs (last day 2027-01-05): OpenAI admits no "
            "organisation that "
            "has not tuned before (since 2026-05-07), takes no job from anybody from 2027-01-06, "
            "and shuts "
            "the last tunable models with all fine-tunes on them on 2027-01-14");
  EXPECT_EQ(
      refused.error().hint,
      "these train: local (this machine), azure, nebius, together, vertex, openai-compatible");
  // Azure's last day is later.
  EXPECT_EQ(CheckTakesJobs(openai, providers, "2028-01-01", Language::kEnglish).error().hint,
            "these train: local (this machine), nebius, together, vertex, openai-compatible");
  const auto gemini = *FindProvider(providers, "gemini");
  const auto none = CheckTakesJobs(gemini, providers, "2024-01-01", Language::kRussian);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("Vertex"), std::string::npos);
}

TEST(ProviderTable, AWorkspaceReplacesSingleFieldsAndAddsProviders) {
  const auto providers = ParseProviders(
      BuiltInProvidersText(),
      "[[provider]]\nname = \"openai\"\njobs_until = 2026-01-05\n"
      "[[provider.model]]\nid = \"m\"\nuntil = 2027-01-01\n"
      "[[provider]]\nname = \"mine\"\nbase_url = \"https://x/v1\"\nkey_env = \"K\"\n");
  ASSERT_TRUE(providers) << providers.error().message;
  const auto openai = *FindProvider(*providers, "openai");
  EXPECT_EQ(openai.jobs_until, "2026-01-05");
  EXPECT_EQ(openai.base_url, "https://api.openai.com/v1");
  ASSERT_EQ(openai.models.size(), 1u);
  EXPECT_EQ(FindProvider(*providers, "mine")->title, "mine");
}

TEST(ProviderTable, FaultsNameTheProviderAndTheField) {
  const auto message = [](const char* over) {
    const auto providers = ParseProviders("", over);
    return providers ? std::string("none") : providers.error().message;
  };
  const std::string start = "reading the table of providers: providers.toml";
  EXPECT_EQ(message("[[provider]]\nname = \"a\"\npath = 1"),
            start + ", provider a: there is no field path");
  EXPECT_EQ(message("[[provider]]\nname = \"a\"\ntries = -1"),
            start + ", provider a: tries must be a whole number, 0 or more");
  EXPECT_EQ(message("[[provider]]\nname = \"a\"\nauth = \"basic\""),
            start + ", provider a: auth must be one of bearer, api-key, google-key, google-token");
  EXPECT_EQ(message("[[provider]]\nname = \"a\"\n[[provider.model]]\nuntil = 2027-01-01"),
            start + ", provider a: a model has no id");
  EXPECT_EQ(message("[[provider]]\nbase_url = \"x\""), start + ": a provider has no name");
  EXPECT_EQ(message("x = 1"), start + ": there is no field x");
  EXPECT_EQ(message("[[provider]\n").substr(0, start.size() + 8), start + ", line 1");
  EXPECT_EQ(FindProvider(BuiltIn(), "opnai").error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace idiolect
