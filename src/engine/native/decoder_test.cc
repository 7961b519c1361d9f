// The decoder against what other people's programs computed from the same files (tests/reference),
// and against itself: blocks of any size must agree.

#include "engine/native/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/cores.h"
#include "engine/native/test_models.h"

namespace idiolect::native {
namespace {

nlohmann::json ReadJson(const std::string& name) {
  std::ifstream in(std::string(IDIOLECT_SOURCE_DIR) + "/tests/reference/" + name);
  EXPECT_TRUE(in.good()) << name;
  return nlohmann::json::parse(in);
}

double WorstDifference(const nlohmann::json& recorded, const std::vector<float>& logits) {
  double worst = 0;
  for (size_t i = 0; i < recorded["indices"].size(); ++i) {
    const auto id = recorded["indices"][i].get<size_t>();
    worst = std::max(
        worst, std::fabs(static_cast<double>(logits[id]) - recorded["values"][i].get<double>()));
  }
  const double sum = std::accumulate(logits.begin(), logits.end(), 0.0);
  worst = std::max(
      worst, std::fabs(sum - recorded["sum"].get<double>()) / static_cast<double>(logits.size()));
  return worst;
}

int32_t Best(const std::vector<float>& logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

class Engine {
 public:
  Engine(const std::string& file, Dtype type)
      : pool_(CountCores()), compute_{&ChooseKernels(), &pool_} {
    auto opened = ModelFile::Open(TestModel(file));
    EXPECT_TRUE(opened) << file << " is needed: run scripts/setup, or set IDIOLECT_MODELS";
    if (!opened) return;
    auto weights = LoadWeights(compute_, *opened, type, 0, nullptr);
    EXPECT_TRUE(weights) << weights.error().message;
    if (weights) weights_ = std::make_unique<Weights>(std::move(*weights));
  }
  const Weights* weights() const { return weights_.get(); }
  const Compute& compute() const { return compute_; }

 private:
  ThreadPool pool_;
  Compute compute_;
  std::unique_ptr<Weights> weights_;
};

void ContinuesAsRecorded(const std::string& recording) {
  const nlohmann::json reference = ReadJson(recording);
  const Engine engine(reference["model"], Dtype::kF32);
  ASSERT_NE(engine.weights(), nullptr);
  const auto step = reference["step"].get<size_t>();
  for (const nlohmann::json& prompt : reference["prompts"]) {
    Decoder decoder(engine.compute(), *engine.weights());
    std::vector<float> logits(static_cast<size_t>(engine.weights()->config.vocabulary));
    decoder.Run(prompt["prompt_ids"].get<std::vector<int32_t>>(), logits.data());
    EXPECT_LE(WorstDifference(prompt["prompt_logits"], logits), 1e-3);
    const auto expected = prompt["generated_ids"].get<std::vector<int32_t>>();
    ASSERT_GE(expected.size(), 32u);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(Best(logits), expected[i]) << "token " << i;
      decoder.Run(std::span(&expected[i], 1), logits.data());
      if (i + 1 == step) {
        EXPECT_LE(WorstDifference(prompt["step_logits"], logits), 1e-3);
      }
    }
  }
}

TEST(DecoderReference, SmolLm2) {
  ContinuesAsRecorded("greedy-smollm2.json");
}
TEST(DecoderReference, Gemma3) {
  ContinuesAsRecorded("greedy-gemma3.json");
}

std::vector<float> AllAtOnce(const Compute& compute, const Weights& weights,
                             const std::vector<int32_t>& tokens) {
  Decoder decoder(compute, weights);
  std::vector<float> logits(tokens.size() * static_cast<size_t>(weights.config.vocabulary));
  decoder.RunAll(tokens, logits.data());
  return logits;
}

TEST(Decoder, BlocksAndSingleTokensAgree) {
  ThreadPool pool(2);
  const Compute compute{&ChooseKernels(), &pool};
  for (const ModelConfig& config : {TinyLlama(), TinyGemma()}) {
    const Weights weights = RandomWeights(compute, config, Dtype::kF32, 0, 3, nullptr);
    std::vector<int32_t> tokens;
    for (int32_t i = 0; i < 70; ++i) tokens.push_back(i * 37 % 90);
    const std::vector<float> whole = AllAtOnce(compute, weights, tokens);
    Decoder decoder(compute, weights);
    std::vector<float> logits(static_cast<size_t>(config.vocabulary));
    size_t at = 0;
    for (const size_t block : {20u, 1u, 1u, 30u, 1u, 17u}) {
      decoder.Run(std::span(tokens).subspan(at, block), logits.data());
      at += block;
      for (size_t c = 0; c < logits.size(); ++c) {
        ASSERT_NEAR(logits[c], whole[(at - 1) * logits.size() + c], 1e-3) << config.architecture;
      }
    }
    // Going back and on again gives the same.
    decoder.Truncate(21);
    decoder.Run(std::span(tokens).subspan(21, 1), logits.data());
    for (size_t c = 0; c < logits.size(); ++c) {
      ASSERT_NEAR(logits[c], whole[21 * logits.size() + c], 1e-3);
    }
  }
}

TEST(Decoder, EveryKernelSetAgrees) {
  ThreadPool pool(2);
  const Compute fast{&ChooseKernels(), &pool}, plain{&PortableKernels(), &pool};
  for (const ModelConfig& config : {TinyLlama(), TinyGemma()}) {
    std::vector<int32_t> tokens;
    for (int32_t i = 0; i < 70; ++i) tokens.push_back(i * 31 % 90);
    for (const Dtype type : {Dtype::kF32, Dtype::kBf16}) {
      const auto a = AllAtOnce(fast, RandomWeights(fast, config, type, 0, 5, nullptr), tokens);
      const auto b = AllAtOnce(plain, RandomWeights(plain, config, type, 0, 5, nullptr), tokens);
      const double tolerance = type == Dtype::kF32 ? 1e-3 : 0.3;
      for (size_t i = 0; i < a.size(); ++i) {
        ASSERT_TRUE(std::isfinite(a[i]));
        ASSERT_NEAR(a[i], b[i], tolerance) << config.architecture;
      }
    }
  }
}

}  // namespace
}  // namespace idiolect::native
