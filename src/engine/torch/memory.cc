#include "engine/torch/memory.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "engine/native/weights.h"

namespace idiolect {
namespace {

using native::Dtype;
using native::Projection;

int64_t Rounded(int64_t count, int64_t unit) {
  return (count + unit - 1) / unit * unit;
}

// Of a PackedMatrix.
int64_t PackedBytes(Dtype type, int64_t columns, int64_t k, int64_t extra_k) {
  const int64_t group = native::GroupOf(type);
  return Rounded(columns, 16) * (Rounded(k, group) + Rounded(extra_k, group)) / group * 4;
}

struct Group {
  int64_t inputs;
  std::vector<Projection> parts;
};
std::vector<Group> GroupsOf(const ModelConfig& c) {
  return {{c.hidden, {Projection::kQ, Projection::kK, Projection::kV}},
          {c.heads * c.head_dim, {Projection::kO}},
          {c.hidden, {Projection::kGate, Projection::kUp}},
          {c.ffn, {Projection::kDown}}};
}

bool Learns(const Group& group, const LoraOptions& options) {
  if (options.all_weights) return false;  // of adapters
  if (options.targets.empty()) return true;
  return std::any_of(group.parts.begin(), group.parts.end(), [&](Projection part) {
    return std::find(options.targets.begin(), options.targets.end(), part) != options.targets.end();
  });
}

std::string Mib(int64_t bytes) {
  return GroupDigits(Rounded(bytes, 1 << 20) >> 20) + " MiB";
}

// A file that holds one number; what else stands there ("max") is no limit.
int64_t NumberIn(const char* path) {
  std::ifstream in(path);
  int64_t value = 0;
  return in >> value ? value : std::numeric_limits<int64_t>::max();
}

}  // namespace

int64_t CountParameters(const ModelConfig& config, const LoraOptions& options) {
  if (options.all_weights) return WeightPlaces(config).count;
  const int64_t rank = Rounded(options.rank, 16);
  int64_t count = 0;
  for (const Group& group : GroupsOf(config)) {
    if (!Learns(group, options)) continue;
    for (const Projection part : group.parts) {
      count += rank * (group.inputs + native::ShapeOf(config, part).rows);
    }
  }
  // With DoRA a magnitude for every output of a group that learns.
  if (options.dora) {
    for (const Group& group : GroupsOf(config)) {
      if (!Learns(group, options)) continue;
      for (const Projection part : group.parts) count += native::ShapeOf(config, part).rows;
    }
  }
  return count * config.layers;
}

int64_t ModelBytes(const ModelConfig& c, Dtype type, const LoraOptions& options) {
  const int64_t rank = options.all_weights ? 0 : Rounded(options.rank, 16);
  const int64_t size = native::SizeOf(type);
  const int64_t t = options.max_tokens;
  const bool drops = options.dropout > 0;
  const int64_t q = c.heads * c.head_dim;
  const int64_t qkv = q + 2 * c.kv_heads * c.head_dim;

  // Weights: forward, and the other way round.
  int64_t frozen = 0, layer = 0, shrunk = 0, plain = 0;
  for (const Group& group : GroupsOf(c)) {
    const auto parts = static_cast<int64_t>(group.parts.size());
    const int64_t r = Learns(group, options) ? rank : 0;
    int64_t outputs = 0;
    for (const Projection part : group.parts) {
      const int64_t rows = native::ShapeOf(c, part).rows;
      outputs += rows;
      frozen += PackedBytes(type, rows, group.inputs, rank);
      if (r > 0) layer += PackedBytes(type, r, rows, 0);
    }
    frozen += PackedBytes(type, group.inputs, outputs, parts * r);
    if (r > 0) layer += PackedBytes(type, parts * r, group.inputs, 0);
    if (r > 0 && drops) layer += PackedBytes(type, group.inputs, parts * r, 0);
    shrunk += parts * r;
    if (r > 0 && options.dora) plain += outputs;
  }
  int64_t total = c.layers * layer + (options.base_in_file ? 1 : c.layers) * frozen;
  total += PackedBytes(type, c.vocabulary, c.hidden, 0) * (c.tied_head ? 1 : 2);
  total += PackedBytes(type, c.hidden, c.vocabulary, 0);

  // Activations that backward needs.
  int64_t kept = c.hidden * 4 + 2 * 4;                                   // hidden_mid, inverses
  kept += (2 * c.hidden + qkv + q + 3 * c.ffn + shrunk + plain) * size;  // what products take
  kept += c.heads * 4;                                                   // log_sums
  if (c.qk_norm) kept += qkv * size;
  if (c.post_attention_norm) kept += c.hidden * 4 + 4;
  if (c.post_ffn_norm) kept += c.hidden * 4 + 4;
  total += t * (c.layers * c.hidden * 4 + (options.recompute ? 1 : c.layers) * kept);

  // The step's own.
  total += t * (3 * c.hidden * 4 + (c.hidden + q + qkv + 3 * c.ffn + 3 * rank) * size);
  const int64_t chunk = LogitRows(c.vocabulary, t);
  total += chunk * (c.vocabulary * 4 + c.hidden * (size + 4));
  if (drops) total += t * std::max({c.hidden, q, c.ffn}) * (size + 4);
  return total + CountParameters(c, options) * 2 * 4;
}

int64_t PeakBytes(const ModelConfig& config, Dtype type, const LoraOptions& options) {
  // AdamW's moments, the best epoch's parameters, and those of a checkpoint while it is read.
  const int64_t copies = CountParameters(config, options) * 4 * (2 + 1 + 1);
  // LibTorch and the program with their tables; tokenizer and samples; pages taken in large units.
  constexpr int64_t kLibraries = int64_t{256} << 20;
  // The file's pages can be dropped at any time, but training from it is slow where they are.
  return ModelBytes(config, type, options) + copies + kLibraries;
}

int64_t FreeMemory() {
  int64_t least = std::numeric_limits<int64_t>::max();
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    long long kib = 0;
    if (std::sscanf(line.c_str(), "MemAvailable: %lld kB", &kib) == 1) least = kib * 1024;
  }
  const struct {
    const char *limit, *used;
  } groups[] = {{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
                {"/sys/fs/cgroup/memory/memory.limit_in_bytes",
                 "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
  for (const auto& group : groups) {
    const int64_t limit = NumberIn(group.limit), used = NumberIn(group.used);
    if (limit < std::numeric_limits<int64_t>::max() && used < limit) {
      least = std::min(least, limit - used);
    }
  }
  return least;
}

Result<MemoryPlan> PlanMemory(const ModelConfig& config, Dtype type, const LoraOptions& options,
                              Recompute recompute, BaseForm base, int64_t free_bytes) {
  auto peak = [&](int64_t tokens, bool again, bool in_file) {
    LoraOptions tried = options;
    tried.max_tokens = tokens;
    tried.recompute = again;
    tried.base_in_file = in_file;
    return PeakBytes(config, type, tried);
  };
  const int64_t tokens = options.max_tokens;
  const bool may_pack = base != BaseForm::kUnpacked && !options.all_weights;
  for (const bool in_file : {false, true}) {
    if (in_file ? !may_pack : base == BaseForm::kPacked) continue;
    for (const bool again : {false, true}) {
      if (again ? recompute == Recompute::kNever : recompute == Recompute::kAlways) continue;
      const int64_t bytes = peak(tokens, again, in_file);
      if (bytes <= free_bytes) return MemoryPlan{bytes, free_bytes, again, in_file};
    }
  }
  std::string hint;
  const bool again = recompute != Recompute::kNever;
  const bool in_file = may_pack;
  if (!again && peak(tokens, true, in_file) <= free_bytes) {
    hint = "--recompute auto: it takes " + Mib(peak(tokens, true, in_file));
  } else if (!in_file && !options.all_weights && peak(tokens, again, true) <= free_bytes) {
    hint = "--base auto: it takes " + Mib(peak(tokens, again, true));
  }
  for (int64_t fewer = tokens / 2; hint.empty() && fewer >= 64; fewer /= 2) {
    const int64_t bytes = peak(fewer, again, in_file);
    if (bytes <= free_bytes) {
      hint = "--pack-tokens " + std::to_string(fewer) + ": it takes " + Mib(bytes);
    }
  }
  if (hint.empty() && options.all_weights) {
    hint = "an adapter, without --full, or a smaller base model: this one takes " +
           Mib(peak(64, true, false)) + " at least";
  } else if (hint.empty()) {
    hint = "a smaller base model: this one takes " + Mib(peak(64, true, true)) + " at least";
  }
  return Fail(ErrorKind::kFailed,
              "preparing to train: it would take " + Mib(peak(tokens, again, in_file)) +
                  " of memory, and " + Mib(free_bytes) + " are free",
              hint);
}

}  // namespace idiolect
