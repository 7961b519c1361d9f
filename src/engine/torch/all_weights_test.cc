// Training of all weights: each one's gradient against finite differences, and what is written
// against what was learned, for every family.

#include "engine/torch/all_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <span>

#include "base/file.h"
#include "base/random.h"
#include "engine/files/model_export.h"
#include "engine/files/test_folder.h"
#include "engine/files/test_paths.h"
#include "engine/native/test_models.h"
#include "engine/torch/lora_model.h"
#include "engine/torch/memory.h"
#include "engine/torch/model_fixture.h"
#include "engine/torch/optimizer.h"

namespace idiolect {
namespace {

using native::Compute;
using native::Dtype;

class AllWeightsTest : public ModelTest {};

LoraOptions AllWeights(int64_t max_tokens) {
  LoraOptions options;
  options.max_tokens = max_tokens;
  options.all_weights = true;
  return options;
}

// Odd in every way that a family can be: biases and norms on q and k together, a head of its own.
ModelConfig Everything() {
  ModelConfig config = native::TinyGemma();
  config.qkv_bias = true;
  config.tied_head = false;
  return config;
}

void ChecksGradients(const Compute& compute, const ModelConfig& config,
                     const LoraOptions& options) {
  const auto model = LoraModel::Random(compute, config, Dtype::kF32, 11, options);
  const int64_t count = model->parameter_count();
  const PackedRow row = RandomRow({23, 9, 14}, config.vocabulary, 8);
  const auto scale = static_cast<float>(1.0 / static_cast<double>(row.CountTargets()));
  model->ZeroGradients();
  model->AccumulateGradients(row, scale);
  const std::vector<float> gradients(model->gradients(), model->gradients() + count);
  const std::vector<float> start(model->parameters(), model->parameters() + count);
  int64_t named = 0;
  for (const NamedPlace& weight : model->WeightNames()) {
    named += weight.place.count;
    const float* gradient = gradients.data() + weight.place.at;
    // Along the gradient, whose length is then how fast the loss changes.
    double square = 0;
    for (int64_t i = 0; i < weight.place.count; ++i) {
      square += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
    }
    const double length = std::sqrt(square);
    ASSERT_GT(length, 1e-4) << weight.name;
    const double step = 4e-3;
    auto loss_at = [&](double times) {
      for (int64_t i = 0; i < weight.place.count; ++i) {
        model->parameters()[weight.place.at + i] =
            start[static_cast<size_t>(weight.place.at + i)] +
            static_cast<float>(times * static_cast<double>(gradient[i]) / length);
      }
      model->ParametersChanged();
      return model->Evaluate(row).loss * static_cast<double>(scale);
    };
    // Richardson's combination of two central differences: its error falls with step^4.
    const double wide = (loss_at(2 * step) - loss_at(-2 * step)) / (4 * step);
    const double narrow = (loss_at(step) - loss_at(-step)) / (2 * step);
    loss_at(0);
    EXPECT_NEAR((4 * narrow - wide) / 3, length, 0.01 * length + 3e-4)
        << config.architecture << ' ' << weight.name;
  }
  EXPECT_EQ(named, count);
}

TEST_F(AllWeightsTest, GradientsAreThoseOfTheLoss) {
  for (const ModelConfig& config : {native::TinyLlama(), native::TinyGemma(), Everything()}) {
    ChecksGradients(compute_, config, AllWeights(64));
    ChecksGradients(portable_, config, AllWeights(64));
  }
  LoraOptions again = AllWeights(64);
  again.recompute = true;
  ChecksGradients(compute_, Everything(), again);
}

// In bf16 the same within its digits.
TEST_F(AllWeightsTest, GradientsInBf16AreNear) {
  const ModelConfig config = Everything();
  const PackedRow row = RandomRow({23, 9, 14}, config.vocabulary, 8);
  std::vector<std::vector<float>> gradients;
  std::vector<NamedPlace> names;
  for (const Dtype type : {Dtype::kF32, Dtype::kBf16}) {
    const auto model = LoraModel::Random(compute_, config, type, 11, AllWeights(64));
    model->ZeroGradients();
    model->AccumulateGradients(row, 0.01f);
    gradients.emplace_back(model->gradients(), model->gradients() + model->parameter_count());
    names = model->WeightNames();
  }
  for (const NamedPlace& weight : names) {
    double apart = 0, size = 0;
    for (int64_t i = 0; i < weight.place.count; ++i) {
      const auto at = static_cast<size_t>(weight.place.at + i);
      apart += std::pow(static_cast<double>(gradients[0][at] - gradients[1][at]), 2);
      size += std::pow(static_cast<double>(gradients[0][at]), 2);
    }
    // Eight bits a number, through a dozen roundings.
    EXPECT_LT(std::sqrt(apart / size), 0.08) << weight.name;
  }
}

TEST_F(AllWeightsTest, StepsBringTheLossDownAndLeaveNothingBehind) {
  const ModelConfig config = Everything();
  const auto model = LoraModel::Random(compute_, config, Dtype::kF32, 11, AllWeights(64));
  const PackedRow row = RandomRow({23, 9, 14}, config.vocabulary, 8);
  AdamW optimizer(compute_, model->parameter_count(), 0.01, model->matrix_count());
  const double before = model->Evaluate(row).Mean();
  for (int step = 0; step < 20; ++step) {
    model->ZeroGradients();
    model->AccumulateGradients(row, 0.02f);
    optimizer.Step(3e-3, 1, model->gradients(), model->parameters());
    model->ParametersChanged();
  }
  const double after = model->Evaluate(row).Mean();
  EXPECT_LT(after, 0.5 * before);
  // Put into another model, the numbers are all that there is.
  const auto other = LoraModel::Random(compute_, config, Dtype::kF32, 12, AllWeights(64));
  std::copy(model->parameters(), model->parameters() + model->parameter_count(),
            other->parameters());
  other->ParametersChanged();
  EXPECT_EQ(other->Evaluate(row).Mean(), after);
}

TEST_F(AllWeightsTest, NormsAndBiasesDoNotDecay) {
  const auto model = LoraModel::Random(compute_, Everything(), Dtype::kF32, 11, AllWeights(64));
  const int64_t count = model->parameter_count();
  const std::vector<float> start(model->parameters(), model->parameters() + count);
  AdamW optimizer(compute_, count, 0.5, model->matrix_count());
  model->ZeroGradients();
  optimizer.Step(1e-2, 0, model->gradients(), model->parameters());
  for (const NamedPlace& weight : model->WeightNames()) {
    const bool matrix = weight.name.ends_with(".weight") && !weight.name.ends_with("norm.weight");
    for (int64_t i = weight.place.at; i < weight.place.at + weight.place.count; ++i) {
      const float before = start[static_cast<size_t>(i)];
      ASSERT_NEAR(model->parameters()[i], matrix ? before * 0.995f : before, 1e-6f) << weight.name;
    }
  }
}

TEST_F(AllWeightsTest, MemoryIsKnownBeforehand) {
  for (const ModelConfig& config : {native::TinyLlama(), Everything()}) {
    for (const Dtype type : {Dtype::kF32, Dtype::kBf16}) {
      LoraOptions options = AllWeights(96);
      options.recompute = type == Dtype::kBf16;
      const auto model = LoraModel::Random(compute_, config, type, 1, options);
      EXPECT_EQ(ModelBytes(config, type, options), model->bytes()) << config.architecture;
      EXPECT_EQ(CountParameters(config, options), model->parameter_count());
    }
  }
  // They cannot stay in the file, and what fits is said.
  const auto refused = PlanMemory(native::TinyLlama(), Dtype::kF32, AllWeights(64),
                                  Recompute::kAuto, BaseForm::kAuto, 1 << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().hint.substr(0, 27), "an adapter, without --full,");
}

// Nothing learned: the folder that is written from the array must be the base's own, to the bit,
// whatever its family's order of rows and offset of norms.
TEST_F(AllWeightsTest, WhatIsWrittenIsWhatWasLearned) {
  const TemporaryFolder folder;
  for (const std::string& family : TestFamilies()) {
    SCOPED_TRACE(family);
    WriteTestFolder(folder.path() / family, family);
    const auto base = ModelFile::Open(folder.path() / family);
    ASSERT_TRUE(base) << base.error().message;
    ModelExport plain;
    plain.base = &*base;
    plain.type = GgmlType::kF32;
    const auto gguf = folder.path() / (family + ".gguf");
    ASSERT_TRUE(WriteMergedGguf(plain, gguf));
    ASSERT_TRUE(WriteMergedFolder(plain, folder.path() / (family + "-plain")));
    for (const auto& from : {folder.path() / family, gguf}) {
      const auto file = ModelFile::Open(from);
      ASSERT_TRUE(file) << file.error().message;
      const auto model = LoraModel::Load(compute_, *file, Dtype::kF32, AllWeights(32));
      ASSERT_TRUE(model) << model.error().message;
      std::map<std::string, std::span<const float>, std::less<>> weights;
      for (const NamedPlace& weight : (*model)->WeightNames()) {
        weights[weight.name] = {(*model)->parameters() + weight.place.at,
                                static_cast<size_t>(weight.place.count)};
      }
      EXPECT_EQ(weights.size(), file->tensors().size());
      ModelExport trained = plain;
      trained.base = &*file;
      trained.weights = &weights;
      const auto out = folder.path() / (family + "-trained");
      ASSERT_TRUE(WriteMergedFolder(trained, out));
      const auto plain_file =
          SafetensorsFile::Open(folder.path() / (family + "-plain") / "model.safetensors");
      const auto trained_file = SafetensorsFile::Open(out / "model.safetensors");
      ASSERT_TRUE(plain_file && trained_file);
      for (const SafeTensor& tensor : plain_file->tensors()) {
        const SafeTensor* other = trained_file->Find(tensor.name);
        ASSERT_NE(other, nullptr) << tensor.name;
        const auto a = FloatsOf(tensor), b = FloatsOf(*other);
        ASSERT_TRUE(a && b);
        ASSERT_EQ(a->size(), b->size());
        for (size_t i = 0; i < a->size(); ++i) {
          // Gemma's 1 is added and taken away again.
          ASSERT_NEAR((*a)[i], (*b)[i], 1.2e-7) << tensor.name << " at " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace idiolect
