#include "engine/files/model_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include "engine/files/hf_config.h"
#include "engine/files/test_folder.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

std::string ConfigError(const std::string& family, const std::function<void(Json&)>& change) {
  Json config = TestFolderConfig(family);
  change(config);
  const auto read = ParseHfConfig(config.dump(), "config.json");
  return read ? "no error" : read.error().message;
}

TEST(HfConfigTest, SaysWhichFieldIsWrong) {
  const std::string prefix = "reading config.json: ";
  EXPECT_EQ(ConfigError("llama", [](Json& c) { c["model_type"] = "mamba"; }),
            prefix + "model_type is \"mamba\", which is not supported");
  EXPECT_EQ(ConfigError("llama", [](Json& c) { c.erase("hidden_size"); }),
            prefix + "hidden_size is missing");
  EXPECT_EQ(ConfigError("llama", [](Json& c) { c["num_hidden_layers"] = -3; }),
            prefix + "num_hidden_layers is -3, which makes no sense");
  EXPECT_EQ(ConfigError("llama", [](Json& c) { c["num_key_value_heads"] = 3; }),
            prefix + "num_attention_heads is not a multiple of num_key_value_heads");
  EXPECT_EQ(ConfigError("llama", [](Json& c) { c["rope_scaling"]["rope_type"] = "dynamic"; }),
            prefix + "the rope scaling \"dynamic\" is not supported");
  EXPECT_EQ(ConfigError("qwen2", [](Json& c) { c["rope_scaling"].erase("factor"); }),
            prefix + "the factor of its rope scaling is missing or below 1");
  EXPECT_EQ(ConfigError("qwen2",
                        [](Json& c) {
                          c["quantization_config"] = {{"bits", 4}};
                        }),
            prefix + "quantization_config is set, which is not supported");
  EXPECT_EQ(ConfigError("qwen3", [](Json& c) { c["num_experts"] = 8; }),
            prefix + "num_experts is set, which is not supported");
  EXPECT_EQ(ConfigError("phi3", [](Json& c) { c["hidden_act"] = "gelu"; }),
            prefix + "hidden_act is \"gelu\", which is not supported");
  EXPECT_EQ(ConfigError("gemma3_text", [](Json& c) { c["layer_types"][0] = "chunked_attention"; }),
            prefix + "layer_types holds \"chunked_attention\", which is not supported");
  EXPECT_EQ(ConfigError("llama", [](Json& c) { c["rope_theta"] = 0; }),
            prefix + "rope_theta is not a positive number");
  EXPECT_FALSE(ParseHfConfig("[1]", "x"));
  EXPECT_FALSE(ParseHfConfig(std::string(100000, '['), "x"));
}

// Files of before and since transformers 5 say rotation in two ways.
TEST(HfConfigTest, ReadsBothWaysOfSayingRotation) {
  const auto older = ParseHfConfig(TestFolderConfig("llama").dump(), "older");
  Json json = TestFolderConfig("llama");
  json["rope_parameters"] = json["rope_scaling"];
  json["rope_parameters"]["rope_theta"] = json["rope_theta"];
  json.erase("rope_scaling");
  json.erase("rope_theta");
  const auto newer = ParseHfConfig(json.dump(), "newer");
  ASSERT_TRUE(older && newer) << (newer ? "" : newer.error().message);
  EXPECT_EQ(older->config.rope_divisors, newer->config.rope_divisors);
  EXPECT_EQ(older->config.rope_divisors.front(), 1);
  EXPECT_EQ(older->config.rope_divisors.back(), 8);
  EXPECT_EQ(newer->config.rope_base, 1e4f);

  Json gemma = TestFolderConfig("gemma3_text");
  gemma.erase("layer_types");
  gemma["num_hidden_layers"] = 7;
  gemma["rope_local_base_freq"] = 5000.0;
  const auto windows = ParseHfConfig(gemma.dump(), "gemma");
  ASSERT_TRUE(windows) << windows.error().message;
  for (int64_t i = 0; i < 7; ++i) EXPECT_EQ(windows->config.IsSliding(i), i != 5) << i;
  EXPECT_EQ(windows->config.rope_base_local, 5000);
  // With pictures, the decoder's settings are one level down.
  const Json outer = {{"model_type", "gemma3"}, {"text_config", gemma}};
  EXPECT_TRUE(ParseHfConfig(outer.dump(), "outer"));
}

class ModelFolderTest : public ::testing::Test {
 protected:
  void SetUp() override { WriteTestFolder(path_, "qwen3"); }
  std::string Error() const {
    const auto file = ModelFile::Open(path_);
    if (!file) return file.error().message;
    const auto tokenizer = file->ReadTokenizer();
    return tokenizer ? "no error" : tokenizer.error().message;
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "model";
  const std::string name_ = path_.string();
};

TEST_F(ModelFolderTest, Opens) {
  const auto file = ModelFile::Open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->config().architecture, "qwen3");
  EXPECT_EQ(file->config().name, "model");
  EXPECT_TRUE(file->config().tied_head);
  EXPECT_NE(file->FindTensor("blk.1.ffn_down.weight"), nullptr);
  EXPECT_EQ(file->FindTensor("blk.2.ffn_down.weight"), nullptr);
  const auto tokenizer = file->ReadTokenizer();
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_TRUE(file->ReadChatTemplate(*tokenizer));
  EXPECT_EQ(ModelFile::Open(path_ / "config.json").error().message,
            "reading model " + name_ + "/config.json: it is part of a folder");
}

TEST_F(ModelFolderTest, NamesWhatIsMissingOrWrong) {
  std::filesystem::rename(path_ / "tokenizer.json", folder_.path() / "kept");
  EXPECT_NE(Error(), "no error");
  std::filesystem::rename(folder_.path() / "kept", path_ / "tokenizer.json");

  Json config = TestFolderConfig("qwen3");
  config["intermediate_size"] = 128;
  ASSERT_TRUE(PublishFile(path_ / "config.json", config.dump()));
  EXPECT_EQ(Error(), "reading model folder " + name_ +
                         ": tensor \"blk.0.ffn_gate.weight\" is [96, 64] where [128, 64] was due");
  config = TestFolderConfig("qwen3");
  config["tie_word_embeddings"] = false;
  ASSERT_TRUE(PublishFile(path_ / "config.json", config.dump()));
  EXPECT_EQ(Error(), "reading model folder " + name_ +
                         ": tie_word_embeddings is false and there is no lm_head.weight");
  config = TestFolderConfig("llama");
  config["tie_word_embeddings"] = true;
  ASSERT_TRUE(PublishFile(path_ / "config.json", config.dump()));
  EXPECT_EQ(Error(), "reading model folder " + name_ +
                         ": tensor \"blk.0.attn_k_norm.weight\" has no place in a llama model as "
                         "supported here");
  // A tokenizer of another, larger model.
  config = TestFolderConfig("qwen3");
  config["vocab_size"] = 100;
  ASSERT_TRUE(PublishFile(path_ / "config.json", config.dump()));
  WriteTestWeights(path_ / "model.safetensors", TestFolderTensors(config), 3);
  EXPECT_EQ(Error(), "reading the tokenizer of " + name_ +
                         ": it has 260 tokens but the model's embedding only 100 rows");
}

TEST_F(ModelFolderTest, ReadsShardsByTheirIndex) {
  const auto index = path_ / "model.safetensors.index.json";
  ASSERT_TRUE(PublishFile(index, R"({"weight_map": {"a": "../other.safetensors"}})"));
  EXPECT_EQ(Error(), "reading " + index.string() +
                         ": weight_map names \"../other.safetensors\", which is no file of the "
                         "folder");
  ASSERT_TRUE(PublishFile(index, R"({"weight_map": {"a": "part-1.safetensors"}})"));
  EXPECT_EQ(Error(), "reading model folder " + name_ + ": part-1.safetensors is missing");
  ASSERT_TRUE(PublishFile(index, "{}"));
  EXPECT_EQ(Error(), "reading " + index.string() + ": it has no weight_map");
  // Two files with the same tensors.
  std::filesystem::copy_file(path_ / "model.safetensors", path_ / "again.safetensors");
  ASSERT_TRUE(PublishFile(
      index, R"({"weight_map": {"a": "model.safetensors", "b": "again.safetensors"}})"));
  EXPECT_NE(Error().find("is there twice"), std::string::npos) << Error();
}

TEST_F(ModelFolderTest, RefusesNumberFormatsThatAreNoFloats) {
  const std::vector<float> values(64, 1);
  ASSERT_TRUE(WriteSafetensors(path_ / "model.safetensors",
                               {{"model.norm.weight", "I32", {64}, BytesOf(values)}}));
  EXPECT_EQ(Error(), "reading model folder " + name_ +
                         ": tensor \"model.norm.weight\" is of type I32, which is not supported");
}

}  // namespace
}  // namespace idiolect
