// Logits and greedy continuations of one model file, or of a base and an adapter, as the engine
// computes them in f32: what bench/parity compares with other programs'.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/cores.h"
#include "engine/files/lora_files.h"
#include "engine/files/tokenizer.h"
#include "engine/native/decoder.h"
#include "engine/native/weights.h"

namespace idiolect::native {
namespace {

struct Settings {
  std::string model, adapter, prompts, out;
  int generate = 32;
};

int Fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

// A line a prompt: its ids, then those that follow most likely. The logits after each prompt go to
// the file `out`, all prompts' one after another, as f32.
int Run(const Settings& settings) {
  ThreadPool pool(CountCores());
  const Compute compute{&ChooseKernels(), &pool};
  const auto file = ModelFile::Open(settings.model);
  if (!file) return Fail(file.error());
  const auto tokenizer = file->ReadTokenizer();
  if (!tokenizer) return Fail(tokenizer.error());
  LoraAdapter adapter;
  MatrixVisitor merge;
  if (!settings.adapter.empty()) {
    auto read = ReadLoraAdapter(settings.adapter);
    if (!read) return Fail(read.error());
    adapter = *std::move(read);
    auto visitor = MergeVisitor(compute, file->config(), adapter);
    if (!visitor) return Fail(visitor.error());
    merge = *std::move(visitor);
  }
  const auto weights = LoadWeights(compute, *file, Dtype::kF32, 0, merge);
  if (!weights) return Fail(weights.error());
  std::vector<float> logits(static_cast<size_t>(weights->config.vocabulary));
  std::ifstream prompts(settings.prompts);
  std::ofstream out(settings.out, std::ios::binary);
  for (std::string line; std::getline(prompts, line);) {
    std::vector<int32_t> ids = tokenizer->Encode(line, Specials::kParse);
    if (tokenizer->add_bos() && tokenizer->bos()) ids.insert(ids.begin(), *tokenizer->bos());
    Decoder decoder(compute, *weights);
    decoder.Run(ids, logits.data());
    out.write(reinterpret_cast<const char*>(logits.data()),
              static_cast<std::streamsize>(logits.size() * sizeof(float)));
    std::string text = "{\"prompt\":[";
    for (const int32_t id : ids) text += (text.back() == '[' ? "" : ",") + std::to_string(id);
    text += "],\"greedy\":[";
    for (int i = 0; i < settings.generate; ++i) {
      const auto best =
          static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      text += (text.back() == '[' ? "" : ",") + std::to_string(best);
      decoder.Run(std::span(&best, 1), logits.data());
    }
    std::printf("%s]}\n", text.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace idiolect::native

int main(int argc, char** argv) {
  idiolect::native::Settings settings;
  CLI::App app{"Logits and greedy continuations in f32"};
  app.add_option("--model", settings.model, "a GGUF file, or a folder of safetensors")->required();
  app.add_option("--adapter", settings.adapter, "a folder in PEFT's layout");
  app.add_option("--prompts", settings.prompts, "a file, a line a prompt")->required();
  app.add_option("--out", settings.out, "where the logits go")->required();
  app.add_option("--generate", settings.generate, "tokens after each prompt");
  CLI11_PARSE(app, argc, argv);
  return idiolect::native::Run(settings);
}
