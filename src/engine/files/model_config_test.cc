#include "engine/files/model_config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/files/model_file.h"
#include "engine/files/test_gguf.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

Result<ModelConfig> Read(const GgufBuilder& builder) {
  const std::string bytes = builder.Build();
  auto file = GgufFile::Parse(bytes, "x.gguf");
  if (!file) return tl::unexpected<Error>(file.error());
  const auto model = ModelFile::FromGguf(std::move(*file));
  if (!model) return tl::unexpected<Error>(model.error());
  return model->config();
}

std::string ErrorOf(const GgufBuilder& builder) {
  const auto config = Read(builder);
  return config ? "no error" : config.error().message;
}

GgufBuilder Tiny(const std::string& architecture) {
  GgufBuilder builder;
  AddTinyModel(&builder, architecture, 20);
  return builder;
}

TEST(ModelConfigTest, DescribesLlama) {
  auto builder = Tiny("llama");
  builder.Real("llama.rope.freq_base", 5e5f);
  const auto config = Read(builder);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->architecture, "llama");
  EXPECT_EQ(config->layers, 2);
  EXPECT_EQ(config->hidden, 8);
  EXPECT_EQ(config->heads, 2);
  EXPECT_EQ(config->kv_heads, 1);
  EXPECT_EQ(config->head_dim, 4);
  EXPECT_EQ(config->ffn, 12);
  EXPECT_EQ(config->vocabulary, 20);
  EXPECT_EQ(config->context_length, 64);
  EXPECT_EQ(config->rope_pairs, RopePairs::kInterleaved);
  EXPECT_EQ(config->rope_base, 5e5f);
  EXPECT_EQ(config->rope_dim, 4);
  EXPECT_EQ(config->activation, Activation::kSilu);
  EXPECT_FLOAT_EQ(config->attention_scale, 0.5f);
  EXPECT_EQ(config->embedding_scale, 1);
  EXPECT_TRUE(config->tied_head);
  EXPECT_FALSE(config->qkv_bias);
  EXPECT_FALSE(config->IsSliding(0));
}

TEST(ModelConfigTest, DescribesGemma3) {
  auto builder = Tiny("gemma3");
  builder.Real("gemma3.rope.freq_base", 1e6f);
  builder.Integer("gemma3.attention.sliding_window", 16);
  builder.Integer("gemma3.attention.sliding_window_pattern", 2);
  const auto config = Read(builder);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->qk_norm);
  EXPECT_TRUE(config->post_attention_norm);
  EXPECT_TRUE(config->post_ffn_norm);
  EXPECT_EQ(config->activation, Activation::kGeluTanh);
  EXPECT_FLOAT_EQ(config->embedding_scale, std::sqrt(8.0f));
  EXPECT_EQ(config->rope_pairs, RopePairs::kHalves);
  EXPECT_EQ(config->rope_base_local, 1e4f);
  EXPECT_TRUE(config->IsSliding(0));
  EXPECT_FALSE(config->IsSliding(1));
}

TEST(ModelConfigTest, TakesThePatternFromALayerListToo) {
  auto builder = Tiny("gemma3");
  builder.Integer("gemma3.attention.sliding_window", 16);
  builder.Integers("gemma3.attention.sliding_window_pattern", {0, 1});
  builder.Real("gemma3.rope.freq_base_swa", 2e4f);
  const auto config = Read(builder);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->IsSliding(0));
  EXPECT_TRUE(config->IsSliding(1));
  EXPECT_EQ(config->rope_base_local, 2e4f);
}

TEST(ModelConfigTest, ReadsLlama3Scaling) {
  auto builder = Tiny("llama");
  builder.Floats("rope_freqs.weight", {2}, {1, 8});
  const auto config = Read(builder);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->rope_divisors, (std::vector<float>{1, 8}));
}

TEST(ModelConfigTest, SaysWhichFieldIsWrong) {
  const std::string prefix = "reading model file x.gguf: ";
  GgufBuilder empty;
  EXPECT_EQ(ErrorOf(empty), prefix + "it has no general.architecture");
  const auto other = Read(Tiny("mamba"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message,
            prefix + "general.architecture is \"mamba\", which is not supported");
  EXPECT_EQ(other.error().hint, "supported are llama, qwen2, qwen3, gemma3 and phi3");

  auto experts = Tiny("llama");
  experts.Integer("llama.expert_count", 8);
  EXPECT_EQ(ErrorOf(experts), prefix + "llama.expert_count is set, which is not supported");
  auto yarn = Tiny("llama");
  yarn.Text("llama.rope.scaling.type", "dynamic");
  EXPECT_EQ(ErrorOf(yarn),
            prefix + "llama.rope.scaling.type is \"dynamic\", which is not supported");
  auto head = Tiny("llama");
  head.Integer("llama.attention.key_length", 5);
  EXPECT_EQ(ErrorOf(head), prefix + "heads of 5 numbers cannot be rotated");
  auto base = Tiny("llama");
  base.Real("llama.rope.freq_base", NAN);
  EXPECT_EQ(ErrorOf(base), prefix + "llama.rope.freq_base is not a positive number");
  auto extra = Tiny("llama");
  extra.Zeros("blk.0.ffn_gate_exps.weight", {2});
  EXPECT_EQ(ErrorOf(extra), prefix +
                                "tensor \"blk.0.ffn_gate_exps.weight\" has no place in a llama "
                                "model as supported here");
  // A llama file that calls itself Qwen 3 lacks its norms.
  EXPECT_EQ(ErrorOf(Tiny("qwen3")), prefix + "tensor \"blk.0.attn_q_norm.weight\" is missing");
  auto words = Tiny("llama");
  words.Texts("tokenizer.ggml.tokens", std::vector<std::string>(21, "x"));
  EXPECT_EQ(ErrorOf(words), prefix + "its tokenizer has 21 tokens but its embedding only 20 rows");
}

TEST(ModelConfigTest, ChecksShapes) {
  GgufBuilder builder;
  builder.Text("general.architecture", "llama");
  builder.Integer("llama.block_count", 1);
  builder.Integer("llama.embedding_length", 8);
  builder.Integer("llama.feed_forward_length", 12);
  builder.Integer("llama.attention.head_count", 2);
  builder.Integer("llama.context_length", 64);
  builder.Real("llama.attention.layer_norm_rms_epsilon", 1e-6f);
  builder.Zeros("token_embd.weight", {20, 4});
  EXPECT_EQ(ErrorOf(builder),
            "reading model file x.gguf: tensor \"token_embd.weight\" is [20, 4] "
            "where [20, 8] was due");
}

TEST(ModelConfigTest, OrdersRowsForHalves) {
  EXPECT_EQ(RowsForHalves(2, 4), (std::vector<int64_t>{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(ModelConfigTest, ReadsTheBaseModels) {
  const auto smollm = CachedModel("SmolLM2-135M-Instruct.Q4_1.gguf");
  const auto gemma = CachedModel("gemma-3-270m-q4_k_m.gguf");
  ASSERT_TRUE(std::filesystem::exists(smollm) && std::filesystem::exists(gemma))
      << "the base models are missing: idiolect models pull";
  const auto smollm_file = ModelFile::Open(smollm);
  ASSERT_TRUE(smollm_file) << smollm_file.error().message;
  const ModelConfig* llama = &smollm_file->config();
  EXPECT_EQ(smollm_file->CountParameters(), 134515008);
  EXPECT_EQ(llama->vocabulary, 49152);
  EXPECT_EQ(llama->rope_base, 1e5f);
  EXPECT_EQ(llama->sliding_window, 0);

  const auto gemma_file = ModelFile::Open(gemma);
  ASSERT_TRUE(gemma_file) << gemma_file.error().message;
  const ModelConfig* config = &gemma_file->config();
  EXPECT_EQ(config->head_dim, 256);
  EXPECT_EQ(config->sliding_window, 512);
  for (int64_t layer = 0; layer < 18; ++layer) {
    EXPECT_EQ(config->IsSliding(layer), layer % 6 != 5) << layer;
  }
  EXPECT_FLOAT_EQ(config->attention_scale, 1.0f / 16);
}

}  // namespace
}  // namespace idiolect
