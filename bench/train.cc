// Speed of LoRA training against the matrix-product limit, both measured here and now.
//
// The limit: the products that a step cannot do without, each run bare, as often as a step needs
// it, and summed. They are: the frozen projections forward and backward to their inputs (not
// backward below the first layer, where nothing learns), the adapters' products (x·Aᵀ, ·Bᵀ, and
// four backward), attention's (two forward, four backward, at half their size for the causal mask),
// and the head's forward and backward at targets. A product counts with the faster of LibTorch's
// at::mm and the engine's own on packed operands.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>

#include "base/cores.h"
#include "base/random.h"
#include "dataset/reader.h"
#include "engine/native/matrix.h"
#include "engine/torch/lora_model.h"
#include "engine/torch/memory.h"
#include "engine/torch/optimizer.h"
#include "engine/torch/samples.h"

namespace idiolect {
namespace {

using native::Compute;
using native::Dtype;

template <typename Body>
double Time(Body body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Product {
  std::string what;
  int64_t m, n, k;
  double times;  // per step

  double Flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) * times;
  }
};

std::vector<Product> ProductsOf(const ModelConfig& c, int64_t tokens, int64_t samples,
                                int64_t targets, int64_t rank) {
  std::vector<Product> products;
  const auto layers = static_cast<double>(c.layers);
  const int64_t q = c.heads * c.head_dim;
  const int64_t kv = c.kv_heads * c.head_dim;
  auto projection = [&](const char* what, int64_t in, int64_t out, double times, bool below) {
    const std::string name = what;
    products.push_back({name + " forward", tokens, out, in, layers * times});
    products.push_back({name + " backward", tokens, in, out, (layers - (below ? 1 : 0)) * times});
    products.push_back({name + " x·A", tokens, rank, in, layers * times});
    products.push_back({name + " u·B", tokens, out, rank, layers * times});
    products.push_back({name + " dy·B", tokens, rank, out, layers * times});
    products.push_back({name + " du·A", tokens, in, rank, (layers - (below ? 1 : 0)) * times});
    products.push_back({name + " dA", rank, in, tokens, layers * times});
    products.push_back({name + " dB", out, rank, tokens, layers * times});
  };
  projection("q", c.hidden, q, 1, true);
  projection("k, v", c.hidden, kv, 2, true);
  projection("o", q, c.hidden, 1, false);
  projection("gate, up", c.hidden, c.ffn, 2, false);
  projection("down", c.ffn, c.hidden, 1, false);
  const int64_t length = tokens / samples;
  // Half: what the mask leaves.
  const double each = 0.5 * layers * static_cast<double>(c.heads * samples);
  products.push_back({"attention q·k, do·v", length, length, c.head_dim, 2 * each});
  products.push_back({"attention p·v, ds·k, ds·q, p·do", length, c.head_dim, length, 4 * each});
  products.push_back({"head forward", targets, c.vocabulary, c.hidden, 1});
  products.push_back({"head backward", targets, c.hidden, c.vocabulary, 1});
  return products;
}

// One bare product in both ways; Measure() keeps the best time of either.
class BareProduct {
 public:
  BareProduct(const Compute& compute, const Product& product, Dtype type)
      : compute_(compute), product_(product), type_(type) {
    const auto options = type == Dtype::kBf16 ? at::kBFloat16 : at::kFloat;
    a_ = at::randn({product.m, product.k}).to(options);
    b_ = at::randn({product.k, product.n}).to(options);
    out_ = at::empty({product.m, product.n}, options);
    packed_ = native::PackedMatrix(arena_.get(), type, {product.n}, product.k);
  }

  void Measure() {
    own_ = std::min(own_, Time([&] {
                      Multiply(compute_, product_.m, {a_.data_ptr(), product_.k}, packed_,
                               {out_.data_ptr(), type_, product_.n, nullptr, 0});
                    }));
    // LibTorch's f32 product can be a hundred times slower where it has no optimised BLAS.
    if (torch_ < 20 * own_ || torch_ == kNever) {
      torch_ = std::min(torch_, Time([&] { at::mm_out(out_, a_, b_); }));
    }
  }
  double seconds() const { return std::min(own_, torch_); }
  double torch_seconds() const { return torch_; }
  const Product& product() const { return product_; }

 private:
  static constexpr double kNever = 1e30;
  const Compute& compute_;
  const Product product_;
  const Dtype type_;
  at::Tensor a_, b_, out_;
  std::unique_ptr<native::Arena> arena_ = std::make_unique<native::Arena>();
  native::PackedMatrix packed_;
  double own_ = kNever, torch_ = kNever;
};

struct Settings {
  std::string model;
  std::string precision = "bf16";
  int64_t tokens = 1024;
  int64_t samples = 1;
  int rank = 16;
  int threads = CountCores();
  int rounds = 7;
  std::string lines;
  bool details = false;
};

PackedRow MakeRow(const Settings& settings, int64_t vocabulary) {
  PackedRow row;
  Random random(1);
  for (int64_t i = 0; i < settings.tokens; ++i) {
    row.tokens.push_back(static_cast<int32_t>(random.Below(static_cast<uint64_t>(vocabulary))));
  }
  row.is_target.assign(row.tokens.size(), 1);
  const int64_t length = settings.tokens / settings.samples;
  for (int64_t s = 1; s <= settings.samples; ++s) row.starts.push_back(s * length);
  row.starts.back() = settings.tokens;
  return row;
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// On real lines: rows packed as the trainer packs them, for a while; trained samples per second.
int MeasureLines(const Settings& settings, const Compute& compute, const ModelFile& file,
                 LoraModel& model) {
  const auto samples = ReadSamples(settings.lines);
  const auto tokenizer = file.ReadTokenizer();
  if (!samples || !tokenizer) {
    std::fprintf(stderr, "%s\n", (samples ? tokenizer.error() : samples.error()).message.c_str());
    return 1;
  }
  const auto chat = file.ReadChatTemplate(*tokenizer);
  const auto rendered = chat ? RenderSamples(*tokenizer, *chat, *samples, settings.tokens)
                             : Result<TokenSamples>(tl::unexpected<Error>(chat.error()));
  if (!rendered) {
    std::fprintf(stderr, "%s\n", rendered.error().message.c_str());
    return 1;
  }
  const auto rows = Pack(rendered->samples, settings.tokens, Shuffle::kYes, 1);
  AdamW optimizer(compute, model.parameter_count(), 0.01);
  int64_t trained = 0, tokens = 0;
  double seconds = 0;
  for (size_t i = 0; i <= static_cast<size_t>(settings.rounds) && i < rows.size(); ++i) {
    const PackedRow& row = rows[i];
    const double time = Time([&] {
      model.ZeroGradients();
      model.AccumulateGradients(row, 1.0f / static_cast<float>(row.CountTargets()));
      optimizer.Step(1e-4, 1.0, model.gradients(), model.parameters());
      model.ParametersChanged();
    });
    if (i == 0 && rows.size() > 1) continue;  // the first touches the memory
    seconds += time;
    trained += static_cast<int64_t>(row.origins.size());
    tokens += static_cast<int64_t>(row.tokens.size());
  }
  std::printf(
      "{\"bench\":\"train lines\",\"samples_per_s\":%.3f,\"tokens_per_s\":%.1f,\"samples\":%ld,"
      "\"tokens_of_a_row\":%ld,\"precision\":\"%s\",\"threads\":%d}\n",
      static_cast<double>(trained) / seconds, static_cast<double>(tokens) / seconds,
      static_cast<long>(trained), static_cast<long>(settings.tokens), settings.precision.c_str(),
      settings.threads);
  return 0;
}

int Measure(const Settings& settings) {
  at::set_num_threads(settings.threads);
  native::ThreadPool pool(settings.threads);
  const Compute compute{&native::ChooseKernels(), &pool};
  const Dtype type = settings.precision == "f32" ? Dtype::kF32 : Dtype::kBf16;
  const auto file = ModelFile::Open(settings.model);
  if (!file) {
    std::fprintf(stderr, "%s (%s)\n", file.error().message.c_str(), file.error().hint.c_str());
    return 1;
  }
  const auto loaded = LoraModel::Load(compute, *file, type,
                                      {settings.rank, 2.0 * settings.rank, 7, settings.tokens});
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    return 1;
  }
  LoraModel& model = **loaded;
  if (!settings.lines.empty()) return MeasureLines(settings, compute, *file, model);
  AdamW optimizer(compute, model.parameter_count(), 0.01);
  const PackedRow row = MakeRow(settings, model.config().vocabulary);
  const int64_t targets = row.CountTargets();
  auto step = [&] {
    model.ZeroGradients();
    model.AccumulateGradients(row, 1.0f / static_cast<float>(targets));
    optimizer.Step(1e-4, 1.0, model.gradients(), model.parameters());
    model.ParametersChanged();
  };
  step();
  const double peak = PeakMib();  // the bare products below need memory of their own

  std::vector<BareProduct> products;
  for (const Product& product :
       ProductsOf(model.config(), settings.tokens, settings.samples, targets, settings.rank)) {
    products.emplace_back(compute, product, type);
  }
  std::vector<double> steps;
  for (int round = 0; round < settings.rounds; ++round) {
    for (BareProduct& product : products) product.Measure();
    steps.push_back(Time(step));
  }
  std::sort(steps.begin(), steps.end());
  double limit = 0, flops = 0, torch_limit = 0;
  for (const BareProduct& bare : products) {
    const Product& p = bare.product();
    limit += bare.seconds() * p.times;
    torch_limit += bare.torch_seconds() * p.times;
    flops += p.Flops();
    if (settings.details) {
      std::printf("%-34s %6ld x %6ld x %6ld  %7.1f times  %6.1f GFLOP/s  %7.2f ms\n",
                  p.what.c_str(), static_cast<long>(p.m), static_cast<long>(p.n),
                  static_cast<long>(p.k), p.times, p.Flops() / p.times / bare.seconds() / 1e9,
                  bare.seconds() * p.times * 1e3);
    }
  }
  const auto tokens = static_cast<double>(settings.tokens);
  const double best = steps.front();
  const double median = steps[steps.size() / 2];
  std::printf("%s, %ld tokens in %ld samples, rank %d, %s, %d threads, kernels %s\n",
              settings.model.substr(settings.model.rfind('/') + 1).c_str(),
              static_cast<long>(settings.tokens), static_cast<long>(settings.samples),
              settings.rank, settings.precision.c_str(), settings.threads, compute.kernels->name);
  std::printf("products a step cannot do without: %.1f GFLOP, %.0f MFLOP a token\n", flops / 1e9,
              flops / tokens / 1e6);
  std::printf(
      "step: best %.3f s, median %.3f s of %d; bare products: %.3f s (LibTorch's alone %.3f s)\n",
      best, median, settings.rounds, limit, torch_limit);
  std::printf(
      "{\"bench\":\"train\",\"model\":\"%s\",\"tokens\":%ld,\"rank\":%d,\"precision\":\"%s\","
      "\"threads\":%d,\"tokens_per_s\":%.1f,\"median_tokens_per_s\":%.1f,"
      "\"limit_tokens_per_s\":%.1f,\"ratio\":%.3f,\"torch_limit_tokens_per_s\":%.1f,"
      "\"peak_mib\":%.0f,\"estimated_mib\":%.0f}\n",
      settings.model.substr(settings.model.rfind('/') + 1).c_str(),
      static_cast<long>(settings.tokens), settings.rank, settings.precision.c_str(),
      settings.threads, tokens / best, tokens / median, tokens / limit, limit / best,
      tokens / torch_limit, peak,
      static_cast<double>(PeakBytes(model.config(), type,
                                    {settings.rank, 2.0 * settings.rank, 7, settings.tokens})) /
          (1 << 20));
  return 0;
}

}  // namespace
}  // namespace idiolect

int main(int argc, char** argv) {
  idiolect::Settings settings;
  CLI::App app{"Speed of LoRA training beside the matrix-product limit of this machine"};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--model", settings.model, "a GGUF file")->required();
  app.add_option("--tokens", settings.tokens, "tokens in the packed row")
      ->check(CLI::Range(16, 65536));
  app.add_option("--samples", settings.samples, "samples that share the row")
      ->check(CLI::Range(1, 4096));
  app.add_option("--rank", settings.rank, "rank of the adapters")->check(CLI::Range(1, 512));
  app.add_option("--threads", settings.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_option("--precision", settings.precision, "bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}));
  app.add_option("--rounds", settings.rounds, "steps timed, products between them")
      ->check(CLI::Range(1, 1000));
  app.add_option("--lines", settings.lines, "chat lines to train on instead, for --rounds rows");
  app.add_flag("--details", settings.details, "every product's speed");
  CLI11_PARSE(app, argc, argv);
  return idiolect::Measure(settings);
}
