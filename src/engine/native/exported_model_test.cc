// What other programs are given computes what base and adapter compute here: every family, every
// form, read back by our own engine.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "engine/files/dequantize.h"
#include "engine/files/model_export.h"
#include "engine/files/quantize.h"
#include "engine/files/test_folder.h"
#include "engine/files/test_paths.h"
#include "engine/native/decoder.h"
#include "engine/native/weights.h"

namespace idiolect::native {
namespace {

namespace fs = std::filesystem;

class Engine {
 public:
  const Compute& compute() const { return compute_; }

  // Logits after each of some tokens.
  std::vector<float> Logits(const ModelFile& file, const LoraAdapter* adapter) const {
    return Logits(file, adapter, nullptr);
  }
  // The same with all matrices changed by `round` once the adapter is added.
  std::vector<float> Logits(const ModelFile& file, const LoraAdapter* adapter,
                            const MatrixVisitor& round) const {
    MatrixVisitor merge;
    if (adapter != nullptr) {
      auto made = MergeVisitor(compute_, file.config(), *adapter);
      EXPECT_TRUE(made) << made.error().message;
      merge = *made;
    }
    const auto weights = LoadWeights(compute_, file, Dtype::kF32, 0, [&](const MatrixView& view) {
      if (merge) merge(view);
      if (round) round(view);
    });
    EXPECT_TRUE(weights) << weights.error().message;
    if (!weights) return {};
    std::vector<int32_t> tokens;
    for (int i = 0; i < 40; ++i) tokens.push_back((i * 29 + 7) % 250);
    const auto vocabulary = static_cast<size_t>(weights->config.vocabulary);
    std::vector<float> logits(tokens.size() * vocabulary);
    Decoder decoder(compute_, *weights);
    decoder.RunAll(tokens, logits.data());
    return logits;
  }

 private:
  ThreadPool pool_{2};
  Compute compute_{&ChooseKernels(), &pool_};
};

LoraAdapter RandomAdapter(const ModelConfig& config) {
  Random random(11);
  LoraAdapter adapter;
  adapter.rank = 4;
  adapter.alpha = 6;
  adapter.chat_template = ChatTemplate(ChatStyle{}).ToJson();
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (int i = 0; i < kProjections; ++i) {
      const auto projection = static_cast<Projection>(i);
      const auto [rows, columns] = ShapeOf(config, projection);
      LoraPair pair{layer, NameOf(projection), {4, columns, {}}, {rows, 4, {}}};
      for (NamedMatrix* matrix : {&pair.a, &pair.b}) {
        matrix->values.resize(static_cast<size_t>(matrix->rows * matrix->columns));
        for (float& x : matrix->values) x = static_cast<float>(random.Uniform() - 0.5) * 0.3f;
      }
      adapter.pairs.push_back(std::move(pair));
    }
  }
  return adapter;
}

double Farthest(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    worst = std::max(worst, std::fabs(static_cast<double>(a[i] - b[i])));
  }
  return worst;
}

double Spread(const std::vector<float>& logits) {
  double squares = 0;
  for (const float x : logits) squares += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(squares / static_cast<double>(logits.size()));
}

struct TypeAndBound {
  GgmlType type;
  // Of a matrix's error, in parts of its size: what the type's step makes of uniform numbers.
  double matrix;
};

// The type that a matrix of a file of `type` has: see ModelExport::type.
GgmlType TypeOfMatrix(GgmlType type, const MatrixView& view) {
  if (view.columns % InfoOf(type).block_values != 0) return GgmlType::kF16;
  return type == GgmlType::kQ4_0 && view.layer < 0 ? GgmlType::kQ8_0 : type;
}

TEST(ExportedModel, MergedGgufComputesTheSame) {
  const TemporaryFolder folder;
  const Engine engine;
  for (const std::string& family : TestFamilies()) {
    SCOPED_TRACE(family);
    WriteTestFolder(folder.path() / family, family);
    const auto base = ModelFile::Open(folder.path() / family);
    ASSERT_TRUE(base) << base.error().message;
    const LoraAdapter adapter = RandomAdapter(base->config());
    const std::vector<float> expected = engine.Logits(*base, &adapter);
    const std::vector<float> alone = engine.Logits(*base, nullptr);
    EXPECT_GT(Farthest(expected, alone), 0.3 * Spread(alone)) << "the adapter does something";
    ModelExport exact;
    exact.base = &*base;
    exact.adapter = &adapter;
    exact.type = GgmlType::kF32;
    ASSERT_TRUE(WriteMergedGguf(exact, folder.path() / "exact.gguf"));
    const auto unrounded = ModelFile::Open(folder.path() / "exact.gguf");
    ASSERT_TRUE(unrounded) << unrounded.error().message;
    for (const auto& [type, matrix_bound] : {TypeAndBound{GgmlType::kF32, 1e-7},
                                             {GgmlType::kF16, 4e-4},
                                             {GgmlType::kBF16, 3e-3},
                                             {GgmlType::kQ8_0, 8e-3},
                                             {GgmlType::kQ4_0, 0.12}}) {
      SCOPED_TRACE(InfoOf(type).name);
      ModelExport options;
      options.base = &*base;
      options.adapter = &adapter;
      options.type = type;
      options.name = "ft:test";
      options.system = "Speak as she does.";
      const fs::path path = folder.path() / (family + ".gguf");
      const Status written = WriteMergedGguf(options, path);
      ASSERT_TRUE(written) << written.error().message;
      const auto merged = ModelFile::Open(path);
      ASSERT_TRUE(merged) << merged.error().message;
      EXPECT_EQ(merged->config().name, "ft:test");
      // What rounding does to logits depends on the model. That it is only rounding, of each matrix
      // to its type and of nothing else, does not: base and adapter with their matrices rounded
      // here give the file's logits, up to the last digit of a sum, which may fall to either side
      // of a step of the type.
      const std::vector<float> rounded =
          engine.Logits(*base, &adapter, [wanted = type](const MatrixView& view) {
            const GgmlType to = TypeOfMatrix(wanted, view);
            const int64_t count = view.rows * view.columns;
            const GgmlTypeInfo& info = InfoOf(to);
            std::string bytes(static_cast<size_t>(count / info.block_values * info.block_bytes),
                              '\0');
            EXPECT_TRUE(Quantize(to, view.values, count, bytes.data()));
            EXPECT_TRUE(Dequantize(to, bytes, view.values, count));
          });
      EXPECT_LE(Farthest(engine.Logits(*merged, nullptr), rounded) / Spread(expected), 2e-3);
      for (const ModelTensor& tensor : merged->tensors()) {
        const ModelTensor& due = *unrounded->FindTensor(tensor.name);
        std::vector<float> a(static_cast<size_t>(tensor.Count())), b(a.size());
        ASSERT_TRUE(Dequantize(tensor.type, tensor.bytes, a.data(), tensor.Count()));
        ASSERT_TRUE(Dequantize(due.type, due.bytes, b.data(), due.Count()));
        double squares = 0;
        for (size_t i = 0; i < a.size(); ++i)
          squares += std::pow(static_cast<double>(a[i] - b[i]), 2);
        EXPECT_LE(std::sqrt(squares / static_cast<double>(a.size())) / Spread(b), matrix_bound)
            << tensor.name;
      }
      // What it is read by.
      const auto own = base->ReadTokenizer(), other = merged->ReadTokenizer();
      ASSERT_TRUE(own && other) << (other ? "" : other.error().message);
      EXPECT_EQ(own->Encode("The other thing, 1234!", Specials::kAsText),
                other->Encode("The other thing, 1234!", Specials::kAsText));
      EXPECT_TRUE(other->IsEnd(*own->FindToken("<|im_end|>")));
      const auto chat = merged->ReadChatTemplate(*other);
      ASSERT_TRUE(chat) << chat.error().message;
      EXPECT_EQ(chat->ToJson(), adapter.chat_template);
      const auto modelfile = ReadFile(folder.path() / (family + ".Modelfile"));
      ASSERT_TRUE(modelfile);
      EXPECT_NE(modelfile->find("FROM ./" + family + ".gguf"), std::string::npos);
      EXPECT_NE(modelfile->find("SYSTEM \"\"\"Speak as she does.\"\"\""), std::string::npos);
    }
  }
}

// From a GGUF base as well as from a folder: through GGUF and back the numbers are the same.
TEST(ExportedModel, MergedFolderComputesTheSame) {
  const TemporaryFolder folder;
  const Engine engine;
  for (const std::string& family : TestFamilies()) {
    SCOPED_TRACE(family);
    WriteTestFolder(folder.path() / "base", family);
    const auto base = ModelFile::Open(folder.path() / "base");
    ASSERT_TRUE(base) << base.error().message;
    const LoraAdapter adapter = RandomAdapter(base->config());
    const std::vector<float> expected = engine.Logits(*base, &adapter);
    ModelExport options;
    options.base = &*base;
    options.type = GgmlType::kF32;
    ASSERT_TRUE(WriteMergedGguf(options, folder.path() / "base.gguf"));
    const auto as_gguf = ModelFile::Open(folder.path() / "base.gguf");
    ASSERT_TRUE(as_gguf) << as_gguf.error().message;
    for (const ModelFile* from : {&*base, &*as_gguf}) {
      options.base = from;
      options.adapter = &adapter;
      const fs::path path = folder.path() / "merged";
      const Status written = WriteMergedFolder(options, path);
      ASSERT_TRUE(written) << written.error().message;
      const auto merged = ModelFile::Open(path);
      ASSERT_TRUE(merged) << merged.error().message;
      EXPECT_EQ(merged->gguf(), nullptr);
      if (family != "llama") {  // whose scaling has other edges than Llama 3.1's
        EXPECT_LE(Farthest(engine.Logits(*merged, nullptr), expected) / Spread(expected), 1e-4);
      }
      const auto tokenizer = merged->ReadTokenizer();
      ASSERT_TRUE(tokenizer) << tokenizer.error().message;
      EXPECT_EQ(tokenizer->Encode("the th", Specials::kAsText),
                base->ReadTokenizer()->Encode("the th", Specials::kAsText));
      const auto chat = merged->ReadChatTemplate(*tokenizer);
      ASSERT_TRUE(chat) << chat.error().message;
      EXPECT_EQ(chat->ToJson(), adapter.chat_template);
    }
  }
}

// Of Phi's projections side by side the product of the factors is that of each part, one under the
// other; o and down stay what they were.
TEST(ExportedModel, PeftFindsPhisModules) {
  const TemporaryFolder folder;
  WriteTestFolder(folder.path() / "phi3", "phi3");
  const auto base = ModelFile::Open(folder.path() / "phi3");
  ASSERT_TRUE(base) << base.error().message;
  LoraAdapter adapter = RandomAdapter(base->config());
  adapter.use_rslora = true;
  const LoraAdapter fused = ByModulesOfFamily(base->config(), adapter);
  ASSERT_EQ(fused.pairs.size(), static_cast<size_t>(4 * base->config().layers));
  const auto product = [](const LoraAdapter& of, const LoraPair& pair) {
    std::vector<double> change;
    for (int64_t o = 0; o < pair.b.rows; ++o) {
      for (int64_t i = 0; i < pair.a.columns; ++i) {
        double sum = 0;
        for (int64_t r = 0; r < of.rank; ++r) {
          sum += static_cast<double>(pair.b.values[static_cast<size_t>(o * of.rank + r)]) *
                 static_cast<double>(pair.a.values[static_cast<size_t>(r * pair.a.columns + i)]);
        }
        change.push_back(sum * of.Scale());
      }
    }
    return change;
  };
  const std::map<std::string, std::vector<std::string>> parts = {
      {"qkv_proj", {"q_proj", "k_proj", "v_proj"}},
      {"gate_up_proj", {"gate_proj", "up_proj"}},
      {"o_proj", {"o_proj"}},
      {"down_proj", {"down_proj"}}};
  for (const LoraPair& pair : fused.pairs) {
    std::vector<double> expected;
    for (const std::string& part : parts.at(pair.projection)) {
      for (const LoraPair& own : adapter.pairs) {
        if (own.layer != pair.layer || own.projection != part) continue;
        const std::vector<double> change = product(adapter, own);
        expected.insert(expected.end(), change.begin(), change.end());
      }
    }
    const std::vector<double> got = product(fused, pair);
    ASSERT_EQ(got.size(), expected.size()) << pair.projection;
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-5);
  }
  const auto written = WriteLoraAdapter(folder.path() / "peft", fused);
  ASSERT_TRUE(written) << written.error().message;
  // An adapter of another family is written as it is.
  WriteTestFolder(folder.path() / "qwen2", "qwen2");
  const auto other = ModelFile::Open(folder.path() / "qwen2");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(ByModulesOfFamily(other->config(), adapter).rank, adapter.rank);
}

// Base plus factors, by GGUF's names and order of rows, are the merged file's numbers.
TEST(ExportedModel, GgufLoraFitsTheBaseByNameAndRow) {
  const TemporaryFolder folder;
  for (const std::string& family : TestFamilies()) {
    SCOPED_TRACE(family);
    WriteTestFolder(folder.path() / family, family);
    const auto base = ModelFile::Open(folder.path() / family);
    ASSERT_TRUE(base) << base.error().message;
    const LoraAdapter adapter = RandomAdapter(base->config());
    ModelExport options;
    options.base = &*base;
    options.type = GgmlType::kF32;
    ASSERT_TRUE(WriteMergedGguf(options, folder.path() / "base.gguf"));
    options.adapter = &adapter;
    ASSERT_TRUE(WriteMergedGguf(options, folder.path() / "merged.gguf"));
    ASSERT_TRUE(WriteGgufLora(options, folder.path() / "lora.gguf"));
    const auto plain = GgufFile::Open(folder.path() / "base.gguf");
    const auto merged = GgufFile::Open(folder.path() / "merged.gguf");
    const auto lora = GgufFile::Open(folder.path() / "lora.gguf");
    ASSERT_TRUE(plain && merged && lora) << (lora ? "" : lora.error().message);
    EXPECT_EQ(lora->Text("general.type"), "adapter");
    EXPECT_EQ(lora->Text("adapter.type"), "lora");
    EXPECT_EQ(lora->Text("general.architecture"), base->config().architecture);
    EXPECT_EQ(lora->Real("adapter.lora.alpha"), 0);
    size_t adapted = 0;
    for (const GgufTensor& tensor : plain->tensors()) {
      const GgufTensor* a = lora->FindTensor(std::string(tensor.name) + ".lora_a");
      const GgufTensor* b = lora->FindTensor(std::string(tensor.name) + ".lora_b");
      std::vector<float> sum = *Dequantize(tensor);
      const std::vector<float> due = *Dequantize(*merged->FindTensor(tensor.name));
      if (a != nullptr) {
        ASSERT_NE(b, nullptr);
        ++adapted;
        const auto av = *Dequantize(*a), bv = *Dequantize(*b);
        const int64_t columns = tensor.shape[1], rank = a->shape[0];
        ASSERT_EQ(a->shape[1], columns);
        ASSERT_EQ(b->shape, (std::vector<int64_t>{tensor.shape[0], rank}));
        for (int64_t row = 0; row < tensor.shape[0]; ++row) {
          for (int64_t r = 0; r < rank; ++r) {
            for (int64_t c = 0; c < columns; ++c) {
              sum[static_cast<size_t>(row * columns + c)] +=
                  bv[static_cast<size_t>(row * rank + r)] *
                  av[static_cast<size_t>(r * columns + c)];
            }
          }
        }
      }
      EXPECT_LE(Farthest(sum, due), 1e-5) << tensor.name;
    }
    EXPECT_EQ(adapted * 2, lora->tensors().size());
    EXPECT_GT(adapted, 0u);
  }
}

TEST(ExportedModel, StopsWhenAskedAndLeavesNothing) {
  const TemporaryFolder folder;
  WriteTestFolder(folder.path() / "base", "qwen3");
  const auto base = ModelFile::Open(folder.path() / "base");
  ASSERT_TRUE(base) << base.error().message;
  ModelExport options;
  options.base = &*base;
  options.on_bytes = [](int64_t bytes) { return bytes < 20000; };
  const Status gguf = WriteMergedGguf(options, folder.path() / "m.gguf");
  ASSERT_FALSE(gguf);
  EXPECT_EQ(gguf.error().kind, ErrorKind::kInterrupted);
  const Status merged = WriteMergedFolder(options, folder.path() / "m");
  ASSERT_FALSE(merged);
  size_t left = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    left += entry.path().filename() != "base";
  }
  EXPECT_EQ(left, 0u);
  options.on_bytes = nullptr;
  options.type = GgmlType::kQ8_0;
  const Status packed = WriteMergedFolder(options, folder.path() / "m");
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().message, "writing model folder " + (folder.path() / "m").string() +
                                        ": safetensors hold no Q8_0");
}

}  // namespace
}  // namespace idiolect::native
