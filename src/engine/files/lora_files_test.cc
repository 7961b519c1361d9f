#include "engine/files/lora_files.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/file.h"
#include "engine/files/safetensors.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

LoraAdapter Sample() {
  LoraAdapter adapter;
  adapter.rank = 2;
  adapter.alpha = 4;
  adapter.dropout = 0.25;
  adapter.base_model = "smollm2-135m";
  adapter.chat_template = "{\"format\":\"chatml\"}";
  adapter.pairs.push_back(
      {0, "q_proj", {2, 3, {1, 2, 3, 4, 5, 6}}, {4, 2, {1, 2, 3, 4, 5, 6, 7, 8}}});
  adapter.pairs.push_back({11, "down_proj", {2, 1, {1, 2}}, {1, 2, {3, 4}}});
  return adapter;
}

TEST(LoraFilesTest, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  ASSERT_TRUE(WriteLoraAdapter(path, Sample()));
  const auto adapter = ReadLoraAdapter(path);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->rank, 2);
  EXPECT_EQ(adapter->alpha, 4);
  EXPECT_EQ(adapter->dropout, 0.25);
  EXPECT_EQ(adapter->Scale(), 2);
  EXPECT_EQ(adapter->base_model, "smollm2-135m");
  EXPECT_EQ(adapter->chat_template, "{\"format\":\"chatml\"}");
  EXPECT_EQ(adapter->target_modules, (std::vector<std::string>{"down_proj", "q_proj"}));
  ASSERT_EQ(adapter->pairs.size(), 2u);
  EXPECT_EQ(adapter->pairs[1].layer, 11);
  EXPECT_EQ(adapter->pairs[1].projection, "down_proj");
  EXPECT_EQ(adapter->pairs[0].a.columns, 3);
  EXPECT_EQ(adapter->pairs[0].b.values, Sample().pairs[0].b.values);
}

// The names and shapes that PEFT looks for.
TEST(LoraFilesTest, HasPeftsLayout) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteLoraAdapter(folder.path() / "a", Sample()));
  const auto weights = SafetensorsFile::Open(folder.path() / "a/adapter_model.safetensors");
  ASSERT_TRUE(weights);
  const SafeTensor* a =
      weights->Find("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
  const SafeTensor* b =
      weights->Find("base_model.model.model.layers.11.mlp.down_proj.lora_B.weight");
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(a->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(b->shape, (std::vector<int64_t>{1, 2}));
  std::ifstream in(folder.path() / "a/adapter_config.json");
  const auto config = nlohmann::json::parse(in);
  EXPECT_EQ(config["peft_type"], "LORA");
  EXPECT_EQ(config["task_type"], "CAUSAL_LM");
  EXPECT_EQ(config["r"], 2);
  EXPECT_EQ(config["lora_alpha"], 4);
  EXPECT_EQ(config["bias"], "none");
  EXPECT_EQ(config["modules_to_save"], nullptr);
}

TEST(LoraFilesTest, DoraHasItsMagnitudesWherePeftLooksForThem) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  LoraAdapter dora = Sample();
  dora.use_dora = true;
  EXPECT_FALSE(WriteLoraAdapter(path, dora));
  dora.pairs[0].magnitudes = {1, 2, 3, 4};
  dora.pairs[1].magnitudes = {0.5f};
  ASSERT_TRUE(WriteLoraAdapter(path, dora));
  const auto weights = SafetensorsFile::Open(path / "adapter_model.safetensors");
  ASSERT_TRUE(weights);
  const SafeTensor* magnitudes =
      weights->Find("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector");
  ASSERT_NE(magnitudes, nullptr);
  EXPECT_EQ(magnitudes->shape, (std::vector<int64_t>{4}));
  const auto adapter = ReadLoraAdapter(path);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_TRUE(adapter->use_dora);
  EXPECT_EQ(adapter->pairs[0].magnitudes, dora.pairs[0].magnitudes);
  EXPECT_EQ(adapter->pairs[1].magnitudes, dora.pairs[1].magnitudes);
}

TEST(LoraFilesTest, ReplacesAnOlderAdapterAsAWhole) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  ASSERT_TRUE(WriteLoraAdapter(path, Sample()));
  ASSERT_TRUE(PublishFile(path / "left-over", "x"));
  LoraAdapter next = Sample();
  next.alpha = 1;
  next.use_rslora = true;
  ASSERT_TRUE(WriteLoraAdapter(path / "", next));
  const auto adapter = ReadLoraAdapter(path);
  ASSERT_TRUE(adapter);
  EXPECT_DOUBLE_EQ(adapter->Scale(), 1 / std::sqrt(2.0));
  EXPECT_FALSE(Exists(path / "left-over"));
  const std::filesystem::directory_iterator entries(folder.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(LoraFilesTest, RefusesToWriteWhatDoesNotFit) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  LoraAdapter adapter = Sample();
  adapter.pairs[0].a.rows = 3;
  EXPECT_EQ(WriteLoraAdapter(path, adapter).error().message,
            "writing adapter " + path.string() +
                ": the matrices of \"q_proj\" of layer 0 do not fit the rank 2");
  adapter = Sample();
  adapter.pairs.push_back(adapter.pairs[0]);
  EXPECT_FALSE(WriteLoraAdapter(path, adapter));
  adapter = Sample();
  adapter.pairs[0].projection = "lm_head";
  EXPECT_FALSE(WriteLoraAdapter(path, adapter));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LoraFilesTest, SaysWhichFieldIsNotSupported) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  const auto error_with = [&](const char* key, const nlohmann::json& value) {
    EXPECT_TRUE(WriteLoraAdapter(path, Sample()));
    std::ifstream in(path / "adapter_config.json");
    auto config = nlohmann::json::parse(in);
    config[key] = value;
    EXPECT_TRUE(PublishFile(path / "adapter_config.json", config.dump()));
    const auto adapter = ReadLoraAdapter(path);
    const std::string prefix = "reading adapter " + path.string() + ": ";
    return adapter ? "no error" : adapter.error().message.substr(prefix.size());
  };
  EXPECT_EQ(error_with("anything_new", 1), "no error");
  EXPECT_EQ(error_with("use_dora", true), "layer 0 has no magnitude for every output of q_proj");
  EXPECT_EQ(error_with("modules_to_save", {"lm_head"}),
            "modules_to_save is set, which is not supported");
  EXPECT_EQ(error_with("rank_pattern", {{"q_proj", 4}}),
            "rank_pattern is set, which is not supported");
  EXPECT_EQ(error_with("peft_type", "IA3"), "peft_type is not LORA, the only kind supported");
  EXPECT_EQ(error_with("r", -1), "r is not a sensible rank");
  EXPECT_EQ(error_with("r", 3),
            "tensor \"base_model.model.model.layers.0.self_attn.q_proj.lora_A."
            "weight\" does not fit r = 3");
  EXPECT_EQ(error_with("lora_alpha", "x"), "lora_alpha is not a number");
  EXPECT_EQ(ReadLoraAdapter(folder.path() / "absent").error().kind, ErrorKind::kNotFound);
}

TEST(LoraFilesTest, RefusesHalfPairsAndNumbersThatAreNone) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "adapter";
  LoraAdapter adapter = Sample();
  adapter.pairs[0].a.values[0] = NAN;
  ASSERT_TRUE(WriteLoraAdapter(path, adapter));
  EXPECT_EQ(ReadLoraAdapter(path).error().message,
            "reading adapter " + path.string() +
                ": tensor \"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight\" holds "
                "numbers that are not finite");
  const std::vector<float> half = {1, 2};
  ASSERT_TRUE(WriteSafetensors(path / "adapter_model.safetensors",
                               {{"base_model.model.model.layers.3.mlp.up_proj.lora_A.weight",
                                 "F32",
                                 {2, 1},
                                 BytesOf(half)}}));
  EXPECT_EQ(ReadLoraAdapter(path).error().message,
            "reading adapter " + path.string() + ": layer 3 has only half of up_proj");
}

}  // namespace
}  // namespace idiolect
