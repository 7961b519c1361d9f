// Every family against transformers: the same small random models, made from their tensors' names
// (tools/reference/family_models.py says how), give the same greedy tokens and logits, from a
// folder and from the GGUF file that we make of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "engine/files/model_export.h"
#include "engine/files/test_folder.h"
#include "engine/files/test_paths.h"
#include "engine/native/decoder.h"
#include "engine/native/weights.h"

namespace idiolect::native {
namespace {

namespace fs = std::filesystem;

// u of the recording: splitmix64 seeded with the FNV-1a-64 of the name.
class NumbersOf {
 public:
  explicit NumbersOf(const std::string& name) {
    for (const char c : name) {
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    }
  }
  double Next() {
    state_ += 0x9e3779b97f4a7c15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    z ^= z >> 31;
    return static_cast<double>(z >> 40) / 16777216.0;
  }

 private:
  uint64_t state_ = 14695981039346656037ull;
};

void WriteRecordedFolder(const fs::path& folder, const nlohmann::json& model, double amplitude) {
  const bool gemma = model["config"]["model_type"] == "gemma3_text";
  std::vector<std::vector<float>> values;
  std::vector<SafeTensor> tensors;
  for (const auto& [name, shape] : model["tensors"].items()) {
    SafeTensor tensor{name, "F32", shape.get<std::vector<int64_t>>(), {}};
    int64_t count = 1;
    for (const int64_t extent : tensor.shape) count *= extent;
    const double columns = static_cast<double>(tensor.shape.back());
    NumbersOf numbers(name);
    std::vector<float> one;
    for (int64_t i = 0; i < count; ++i) {
      const double u = numbers.Next() - 0.5;
      double value = u * amplitude / std::sqrt(columns);
      if (name.find("norm") != std::string::npos) value = 0.6 * u + (gemma ? 0 : 1);
      if (name.ends_with(".bias")) value = 0.4 * u;
      one.push_back(static_cast<float>(value));
    }
    values.push_back(std::move(one));
    tensors.push_back(std::move(tensor));
  }
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].bytes = BytesOf(values[i]);
  ASSERT_TRUE(MakeFolders(folder));
  // In two files with an index, as large models come.
  std::vector<SafeTensor> halves[2];
  nlohmann::json index = {{"metadata", {{"total_size", 0}}},
                          {"weight_map", nlohmann::json::object()}};
  for (size_t i = 0; i < tensors.size(); ++i) {
    halves[i % 2].push_back(tensors[i]);
    index["weight_map"][tensors[i].name] = i % 2 == 0 ? "a.safetensors" : "b.safetensors";
  }
  ASSERT_TRUE(WriteSafetensors(folder / "a.safetensors", halves[0]));
  ASSERT_TRUE(WriteSafetensors(folder / "b.safetensors", halves[1]));
  ASSERT_TRUE(PublishFile(folder / "model.safetensors.index.json", index.dump()));
  ASSERT_TRUE(PublishFile(folder / "config.json", model["config"].dump()));
  ASSERT_TRUE(PublishFile(folder / "tokenizer.json", TestTokenizerJson()));
  ASSERT_TRUE(PublishFile(folder / "tokenizer_config.json", "{\"eos_token\":\"<|im_end|>\"}"));
}

double Farthest(const std::vector<float>& logits, const nlohmann::json& recorded) {
  EXPECT_EQ(logits.size(), recorded.size());
  double worst = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    worst = std::max(worst, std::fabs(static_cast<double>(logits[i]) - recorded[i].get<double>()));
  }
  return worst;
}

void GoesOnAsRecorded(const Compute& compute, const ModelFile& file, const nlohmann::json& model) {
  const auto weights = LoadWeights(compute, file, Dtype::kF32, 0, nullptr);
  ASSERT_TRUE(weights) << weights.error().message;
  Decoder decoder(compute, *weights);
  std::vector<float> logits(static_cast<size_t>(weights->config.vocabulary));
  decoder.Run(model["prompt_ids"].get<std::vector<int32_t>>(), logits.data());
  EXPECT_LE(Farthest(logits, model["prompt_logits"]), 1e-3);
  const auto expected = model["generated_ids"].get<std::vector<int32_t>>();
  ASSERT_GE(expected.size(), 64u);
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    ASSERT_EQ(best, expected[i]) << "token " << i;
    if (i + 1 == expected.size()) break;
    decoder.Run(std::span(&expected[i], 1), logits.data());
  }
  EXPECT_LE(Farthest(logits, model["last_logits"]), 1e-3);
}

TEST(Families, GoOnAsTransformersDoes) {
  std::ifstream in(ReferenceFolder() / "families.json");
  const auto recorded = nlohmann::json::parse(in);
  ThreadPool pool(2);
  const Compute compute{&ChooseKernels(), &pool};
  const TemporaryFolder folder;
  std::map<std::string, int> architectures;
  for (const auto& model : recorded["models"]) {
    const std::string family = model["family"];
    SCOPED_TRACE(family);
    const fs::path path = folder.path() / family;
    WriteRecordedFolder(path, model, recorded["amplitude"]);
    const auto file = ModelFile::Open(path);
    ASSERT_TRUE(file) << file.error().message;
    ++architectures[file->config().architecture];
    GoesOnAsRecorded(compute, *file, model);
    ModelExport options;
    options.base = &*file;
    options.type = GgmlType::kF32;
    const Status written = WriteMergedGguf(options, folder.path() / "model.gguf");
    if (model["config"].contains("query_pre_attn_scalar")) {  // 20, where heads have 24 numbers
      ASSERT_FALSE(written);
      EXPECT_NE(written.error().message.find("query_pre_attn_scalar"), std::string::npos);
      continue;
    }
    ASSERT_TRUE(written) << written.error().message;
    const auto gguf = ModelFile::Open(folder.path() / "model.gguf");
    ASSERT_TRUE(gguf) << gguf.error().message;
    GoesOnAsRecorded(compute, *gguf, model);
  }
  EXPECT_EQ(architectures.size(), 5u);
}

}  // namespace
}  // namespace idiolect::native
