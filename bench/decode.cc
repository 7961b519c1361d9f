// Speed of decoding and of reading a prompt.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/cores.h"
#include "base/random.h"
#include "engine/native/decoder.h"

namespace idiolect::native {
namespace {

template <typename Body>
double Time(Body body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Settings {
  std::string model;
  std::string precision = "stored";
  int prompt = 512;
  int generate = 128;
  int threads = CountCores();
  int rounds = 5;
};

int Measure(const Settings& settings) {
  ThreadPool pool(settings.threads);
  const Compute compute{&ChooseKernels(), &pool};
  const auto file = ModelFile::Open(settings.model);
  if (!file) {
    std::fprintf(stderr, "%s (%s)\n", file.error().message.c_str(), file.error().hint.c_str());
    return 1;
  }
  const Dtype type = settings.precision == "f32" ? Dtype::kF32 : Dtype::kBf16;
  const WeightForm form =
      settings.precision == "stored" ? WeightForm::kAsStored : WeightForm::kUnpacked;
  Result<Weights> weights = Fail(ErrorKind::kFailed, "not loaded");
  const double load = Time([&] { weights = LoadWeights(compute, *file, type, 0, nullptr, form); });
  if (!weights) {
    std::fprintf(stderr, "%s\n", weights.error().message.c_str());
    return 1;
  }
  const int64_t vocabulary = weights->config.vocabulary;
  std::vector<float> logits(static_cast<size_t>(vocabulary));
  Random random(1);
  std::vector<int32_t> prompt;
  for (int i = 0; i < settings.prompt; ++i) {
    prompt.push_back(static_cast<int32_t>(random.Below(static_cast<uint64_t>(vocabulary))));
  }
  Decoder decoder(compute, *weights);
  double read = 1e30, write = 1e30;
  for (int round = 0; round < settings.rounds; ++round) {
    decoder.Truncate(0);
    read = std::min(read, Time([&] {
                      for (size_t at = 0; at < prompt.size(); at += Decoder::kBlock) {
                        decoder.Run(std::span(prompt).subspan(
                                        at, std::min<size_t>(Decoder::kBlock, prompt.size() - at)),
                                    logits.data());
                      }
                    }));
    // As others measure it: from an empty cache.
    decoder.Truncate(0);
    write = std::min(write, Time([&] {
                       int32_t token = prompt.front();
                       for (int i = 0; i < settings.generate; ++i) {
                         decoder.Run(std::span(&token, 1), logits.data());
                         token = static_cast<int32_t>(
                             std::max_element(logits.begin(), logits.end()) - logits.begin());
                       }
                     }));
  }
  const double read_speed = settings.prompt / read, write_speed = settings.generate / write;
  const std::string name = settings.model.substr(settings.model.rfind('/') + 1);
  std::printf("%s, %s, %d threads, kernels %s: loaded in %.2f s, %.0f MiB of weights\n",
              name.c_str(), settings.precision.c_str(), settings.threads, compute.kernels->name,
              load, static_cast<double>(weights->bytes()) / (1 << 20));
  std::printf("prompt of %d tokens: %.0f tokens/s; then %d tokens: %.1f tokens/s (best of %d)\n",
              settings.prompt, read_speed, settings.generate, write_speed, settings.rounds);
  std::printf(
      "{\"bench\":\"decode\",\"model\":\"%s\",\"precision\":\"%s\",\"threads\":%d,"
      "\"prompt_tokens_per_s\":%.1f,\"tokens_per_s\":%.1f,\"load_s\":%.3f}\n",
      name.c_str(), settings.precision.c_str(), settings.threads, read_speed, write_speed, load);
  return 0;
}

}  // namespace
}  // namespace idiolect::native

int main(int argc, char** argv) {
  idiolect::native::Settings settings;
  CLI::App app{"Speed of decoding"};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--model", settings.model, "a GGUF file")->required();
  app.add_option("--precision", settings.precision,
                 "stored (packed weights as the file has them), bf16 or f32")
      ->check(CLI::IsMember({"stored", "bf16", "f32"}));
  app.add_option("--prompt", settings.prompt, "tokens of the prompt")->check(CLI::Range(1, 100000));
  app.add_option("--generate", settings.generate, "tokens generated")->check(CLI::Range(1, 100000));
  app.add_option("--threads", settings.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_option("--rounds", settings.rounds, "repetitions; the best counts")
      ->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  return idiolect::native::Measure(settings);
}
