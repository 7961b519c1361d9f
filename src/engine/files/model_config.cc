#include "engine/files/model_config.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <utility>

#include "engine/files/dequantize.h"
#include "engine/files/quoted.h"

namespace idiolect {
namespace {

constexpr std::string_view kSupported = "llama, qwen2, qwen3, gemma3 and phi3";
constexpr std::string_view kArchitectures[] = {"llama", "qwen2", "qwen3", "gemma3", "phi3"};
// Far above any real model, low enough that products of two cannot overflow.
constexpr int64_t kMostLayers = 1024;
constexpr int64_t kMostUnits = int64_t{1} << 24;
constexpr int64_t kGemma3Pattern = 6;  // every sixth layer of Gemma 3 is global
constexpr int64_t kGemma3Layers27b = 62;

class ConfigReader {
 public:
  explicit ConfigReader(const GgufFile& file) : file_(file) {}

  Result<ModelConfig> Run() {
    const auto architecture = file_.Text("general.architecture");
    if (!architecture) return Bad("it has no general.architecture", "give a language model's file");
    config_.architecture = *architecture;
    config_.name = file_.Text("general.name").value_or("");
    if (std::find(std::begin(kArchitectures), std::end(kArchitectures), *architecture) ==
        std::end(kArchitectures)) {
      return Bad("general.architecture is " + Quoted(*architecture) + ", which is not supported",
                 "supported are " + std::string(kSupported));
    }
    RETURN_IF_ERROR(RefuseUnknownSettings());
    RETURN_IF_ERROR(ReadSizes());
    RETURN_IF_ERROR(ReadRope());
    RETURN_IF_ERROR(ReadWindows());
    DescribeFamily();
    return std::move(config_);
  }

 private:
  tl::unexpected<Error> Bad(const std::string& what, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, "reading model file " + file_.name() + ": " + what,
                std::move(hint));
  }

  std::string Key(std::string_view key) const {
    return config_.architecture + "." + std::string(key);
  }

  // Settings that change the arithmetic in ways the engine does not have.
  Status RefuseUnknownSettings() const {
    for (const std::string_view key :
         {"expert_count", "attn_logit_softcapping", "final_logit_softcapping", "logit_scale",
          "residual_scale", "attention.scale", "embedding_scale"}) {
      if (file_.Real(Key(key)).value_or(0) != 0) {
        return Bad(Key(key) + " is set, which is not supported",
                   "take a plain model of the families " + std::string(kSupported));
      }
    }
    return {};
  }

  Status ReadCount(std::string_view key, int64_t most, int64_t* value) const {
    const auto number = file_.Integer(Key(key));
    if (!number) return Bad(Key(key) + " is missing");
    if (*number < 1 || *number > most) {
      return Bad(Key(key) + " is " + std::to_string(*number) + ", which makes no sense");
    }
    *value = *number;
    return {};
  }

  // A number per layer is allowed where one for all is meant, provided that they are equal.
  Status ReadCountOrEqualCounts(std::string_view key, int64_t fallback, int64_t* value) const {
    if (const auto numbers = file_.Integers(Key(key))) {
      const bool equal =
          !numbers->empty() && std::all_of(numbers->begin(), numbers->end(),
                                           [&](int64_t n) { return n == (*numbers)[0]; });
      if (!equal || (*numbers)[0] < 1 || (*numbers)[0] > kMostUnits) {
        return Bad(Key(key) + " differs between layers, which is not supported");
      }
      *value = (*numbers)[0];
      return {};
    }
    if (fallback > 0 && !file_.Integer(Key(key))) {
      *value = fallback;
      return {};
    }
    return ReadCount(key, kMostUnits, value);
  }

  Status ReadPositive(std::string_view key, float* value) const {
    const auto number = file_.Real(Key(key));
    if (!number) return {};  // keeps the default
    if (!std::isfinite(*number) || *number <= 0) {
      return Bad(Key(key) + " is not a positive number");
    }
    *value = static_cast<float>(*number);
    return {};
  }

  Status ReadSizes() {
    RETURN_IF_ERROR(ReadCount("block_count", kMostLayers, &config_.layers));
    RETURN_IF_ERROR(ReadCount("embedding_length", kMostUnits, &config_.hidden));
    RETURN_IF_ERROR(ReadCountOrEqualCounts("feed_forward_length", 0, &config_.ffn));
    RETURN_IF_ERROR(ReadCountOrEqualCounts("attention.head_count", 0, &config_.heads));
    RETURN_IF_ERROR(
        ReadCountOrEqualCounts("attention.head_count_kv", config_.heads, &config_.kv_heads));
    RETURN_IF_ERROR(ReadCount("context_length", int64_t{1} << 40, &config_.context_length));
    if (config_.heads % config_.kv_heads != 0) {
      return Bad(Key("attention.head_count") + " is not a multiple of " +
                 Key("attention.head_count_kv"));
    }
    config_.head_dim = config_.hidden / config_.heads;
    if (file_.Integer(Key("attention.key_length"))) {
      RETURN_IF_ERROR(ReadCount("attention.key_length", kMostUnits, &config_.head_dim));
    }
    if (config_.head_dim < 2 || config_.head_dim % 2 != 0) {
      return Bad("heads of " + std::to_string(config_.head_dim) + " numbers cannot be rotated");
    }
    if (file_.Integer(Key("attention.value_length")).value_or(config_.head_dim) !=
        config_.head_dim) {
      return Bad(Key("attention.value_length") +
                 " differs from the key length, which is not "
                 "supported");
    }
    if (!file_.Real(Key("attention.layer_norm_rms_epsilon"))) {
      return Bad(Key("attention.layer_norm_rms_epsilon") + " is missing");
    }
    return ReadPositive("attention.layer_norm_rms_epsilon", &config_.norm_epsilon);
  }

  Status ReadRope() {
    config_.rope_dim = config_.head_dim;
    if (file_.Integer(Key("rope.dimension_count"))) {
      RETURN_IF_ERROR(ReadCount("rope.dimension_count", config_.head_dim, &config_.rope_dim));
    }
    if (config_.rope_dim % 2 != 0) return Bad(Key("rope.dimension_count") + " is odd");
    if (config_.architecture == "llama" && config_.rope_dim != config_.head_dim) {
      return Bad(Key("rope.dimension_count") +
                 " is not the size of a head, which is not supported");
    }
    RETURN_IF_ERROR(ReadPositive("rope.freq_base", &config_.rope_base));
    config_.rope_base_local = config_.rope_base;
    config_.rope_scales_sliding = config_.architecture != "gemma3";
    RETURN_IF_ERROR(ReadScaling());
    if (file_.FindTensor("rope_freqs.weight") != nullptr) {
      config_.rope_scaling = RopeScaling::kLlama3;
      ASSIGN_OR_RETURN(config_.rope_divisors, Divisors("rope_freqs.weight"));
    }
    const bool has_long = file_.FindTensor("rope_factors_long.weight") != nullptr;
    if (has_long != (file_.FindTensor("rope_factors_short.weight") != nullptr)) {
      return Bad("it has only one of rope_factors_long.weight and rope_factors_short.weight");
    }
    if (!has_long) return {};
    config_.rope_scaling = RopeScaling::kLongRope;
    ASSIGN_OR_RETURN(config_.rope_divisors, Divisors("rope_factors_short.weight"));
    ASSIGN_OR_RETURN(config_.rope_long_divisors, Divisors("rope_factors_long.weight"));
    RETURN_IF_ERROR(ReadPositive("rope.scaling.attn_factor", &config_.rope_magnitude));
    RETURN_IF_ERROR(ReadCount("rope.scaling.original_context_length", int64_t{1} << 40,
                              &config_.rope_original_context));
    config_.rope_factor = static_cast<float>(config_.context_length) /
                          static_cast<float>(config_.rope_original_context);
    config_.context_length = std::min(config_.context_length, config_.rope_original_context);
    return {};
  }

  Status ReadScaling() {
    const auto kind = file_.Text(Key("rope.scaling.type")).value_or("none");
    if (kind == "linear") {
      config_.rope_scaling = RopeScaling::kLinear;
      return ReadPositive("rope.scaling.factor", &config_.rope_linear_factor);
    }
    if (kind == "yarn") {
      YarnSettings yarn;
      float factor = 0, fast = 32, slow = 1, magnitude = 1;
      RETURN_IF_ERROR(ReadPositive("rope.scaling.factor", &factor));
      RETURN_IF_ERROR(ReadPositive("rope.scaling.yarn_beta_fast", &fast));
      RETURN_IF_ERROR(ReadPositive("rope.scaling.yarn_beta_slow", &slow));
      RETURN_IF_ERROR(ReadPositive("rope.scaling.attn_factor", &magnitude));
      RETURN_IF_ERROR(ReadCount("rope.scaling.original_context_length", int64_t{1} << 40,
                                &yarn.original_context));
      if (factor < 1) return Bad(Key("rope.scaling.factor") + " is missing or below 1");
      yarn.factor = static_cast<double>(factor);
      yarn.beta_fast = static_cast<double>(fast);
      yarn.beta_slow = static_cast<double>(slow);
      SetYarn(yarn, &config_);
      config_.rope_magnitude *= magnitude;
      return {};
    }
    if (kind != "none" && kind != "longrope") {
      return Bad(Key("rope.scaling.type") + " is " + Quoted(kind) + ", which is not supported",
                 "supported are \"none\", \"linear\", \"yarn\", \"longrope\" and Llama 3.1's "
                 "rope_freqs.weight");
    }
    return {};
  }

  Result<std::vector<float>> Divisors(const std::string& name) const {
    const GgufTensor* tensor = file_.FindTensor(name);
    if (tensor->Count() != config_.rope_dim / 2) {
      return Bad("tensor " + name + " does not fit " + Key("rope.dimension_count"));
    }
    ASSIGN_OR_RETURN(std::vector<float> divisors, Dequantize(*tensor));
    for (const float divisor : divisors) {
      if (!std::isfinite(divisor) || divisor <= 0) {
        return Bad("tensor " + name + " holds a number that is not positive");
      }
    }
    return divisors;
  }

  Status ReadWindows() {
    config_.sliding.assign(static_cast<size_t>(config_.layers), false);
    const int64_t window = file_.Integer(Key("attention.sliding_window")).value_or(0);
    if (window < 0) return Bad(Key("attention.sliding_window") + " is negative");
    if (window == 0) return {};
    config_.sliding_window = window;
    const std::string key = Key("attention.sliding_window_pattern");
    if (const auto pattern = file_.Integers(key)) {  // per layer: does it slide
      if (pattern->size() < config_.sliding.size()) return Bad(key + " is shorter than the model");
      for (size_t i = 0; i < config_.sliding.size(); ++i) config_.sliding[i] = (*pattern)[i] != 0;
    } else {
      const bool gemma = config_.architecture == "gemma3";
      const int64_t every = file_.Integer(key).value_or(gemma ? kGemma3Pattern : 0);
      for (int64_t i = 0; i < config_.layers; ++i) {
        config_.sliding[static_cast<size_t>(i)] = every <= 0 || (i + 1) % every != 0;
      }
    }
    if (config_.architecture == "gemma3") {
      config_.rope_base_local = 1e4f;
      RETURN_IF_ERROR(ReadPositive("rope.local_freq_base", &config_.rope_base_local));
      RETURN_IF_ERROR(ReadPositive("rope.freq_base_swa", &config_.rope_base_local));
    }
    return {};
  }

  void DescribeFamily() {
    const std::string& family = config_.architecture;
    const auto root = [](int64_t n) { return std::sqrt(static_cast<float>(n)); };
    config_.attention_scale = 1 / root(config_.head_dim);
    config_.qk_norm = family == "qwen3" || family == "gemma3";
    if (family == "llama") config_.rope_pairs = RopePairs::kInterleaved;
    if (family == "gemma3") {
      config_.post_attention_norm = config_.post_ffn_norm = true;
      config_.activation = Activation::kGeluTanh;
      config_.embedding_scale = root(config_.hidden);
      // The one member of the family that scales by another number, known only by its depth.
      if (config_.layers == kGemma3Layers27b) {
        config_.attention_scale = 1 / root(config_.hidden / config_.heads);
      }
    }
  }

  const GgufFile& file_;
  ModelConfig config_;
};

std::string Describe(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

class TensorCheck {
 public:
  TensorCheck(const std::vector<ModelTensor>& tensors, const std::string& what, ModelConfig* config)
      : what_(what), config_(*config) {
    for (const ModelTensor& tensor : tensors) tensors_[tensor.name] = &tensor;
  }

  Status Run(uint64_t tokens) {
    config_.qkv_bias = tensors_.count("blk.0.attn_q.bias") > 0;
    config_.tied_head = tensors_.count("output.weight") == 0;
    const auto embedding = tensors_.find("token_embd.weight");
    if (embedding == tensors_.end()) return Bad("tensor \"token_embd.weight\" is missing");
    if (embedding->second->shape.size() == 2) config_.vocabulary = embedding->second->shape[0];
    RETURN_IF_ERROR(Expect("token_embd.weight", {config_.vocabulary, config_.hidden}));
    if (tokens > static_cast<uint64_t>(config_.vocabulary)) {
      return Bad("its tokenizer has " + std::to_string(tokens) + " tokens but its embedding only " +
                 std::to_string(config_.vocabulary) + " rows");
    }
    RETURN_IF_ERROR(Expect("output_norm.weight", {config_.hidden}));
    if (!config_.tied_head) {
      RETURN_IF_ERROR(Expect("output.weight", {config_.vocabulary, config_.hidden}));
    }
    for (int64_t layer = 0; layer < config_.layers; ++layer) RETURN_IF_ERROR(CheckLayer(layer));
    for (const auto& [name, tensor] : tensors_) {
      if (expected_.count(name) == 0) {
        return Bad("tensor " + Quoted(name) + " has no place in a " + config_.architecture +
                       " model as supported here",
                   "supported are plain models of the families " + std::string(kSupported));
      }
    }
    return {};
  }

 private:
  tl::unexpected<Error> Bad(const std::string& why, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, what_ + ": " + why, std::move(hint));
  }

  Status Expect(const std::string& name, const std::vector<int64_t>& shape) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return Bad("tensor " + Quoted(name) + " is missing");
    if (found->second->shape != shape) {
      return Bad("tensor " + Quoted(name) + " is " + Describe(found->second->shape) + " where " +
                 Describe(shape) + " was due");
    }
    expected_.insert(name);
    return {};
  }

  Status CheckLayer(int64_t layer) {
    const ModelConfig& c = config_;
    const std::string blk = "blk." + std::to_string(layer) + ".";
    const int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
    RETURN_IF_ERROR(Expect(blk + "attn_norm.weight", {c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "attn_q.weight", {q, c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "attn_k.weight", {kv, c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "attn_v.weight", {kv, c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "attn_output.weight", {c.hidden, q}));
    RETURN_IF_ERROR(Expect(blk + "ffn_norm.weight", {c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "ffn_gate.weight", {c.ffn, c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "ffn_up.weight", {c.ffn, c.hidden}));
    RETURN_IF_ERROR(Expect(blk + "ffn_down.weight", {c.hidden, c.ffn}));
    if (c.qkv_bias) {
      RETURN_IF_ERROR(Expect(blk + "attn_q.bias", {q}));
      RETURN_IF_ERROR(Expect(blk + "attn_k.bias", {kv}));
      RETURN_IF_ERROR(Expect(blk + "attn_v.bias", {kv}));
    }
    if (c.qk_norm) {
      RETURN_IF_ERROR(Expect(blk + "attn_q_norm.weight", {c.head_dim}));
      RETURN_IF_ERROR(Expect(blk + "attn_k_norm.weight", {c.head_dim}));
    }
    if (c.post_attention_norm)
      RETURN_IF_ERROR(Expect(blk + "post_attention_norm.weight", {c.hidden}));
    if (c.post_ffn_norm) RETURN_IF_ERROR(Expect(blk + "post_ffw_norm.weight", {c.hidden}));
    return {};
  }

  const std::string& what_;
  ModelConfig& config_;
  std::map<std::string_view, const ModelTensor*> tensors_;
  std::set<std::string, std::less<>> expected_;
};

// Row range [first, first + rows) of a matrix.
ModelTensor Rows(const GgufTensor& from, std::string name, int64_t first, int64_t rows) {
  const int64_t all = from.shape[0];
  const auto row_bytes = static_cast<int64_t>(from.bytes.size()) / all;
  return {std::move(name),
          from.type,
          {rows, from.shape[1]},
          from.bytes.substr(static_cast<size_t>(first * row_bytes),
                            static_cast<size_t>(rows * row_bytes))};
}

}  // namespace

int64_t ModelTensor::Count() const {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

Result<ModelConfig> ReadGgufConfig(const GgufFile& file) {
  return ConfigReader(file).Run();
}

Result<std::vector<ModelTensor>> TensorsOfGguf(const GgufFile& file, const ModelConfig& config) {
  const int64_t q = config.heads * config.head_dim, kv = config.kv_heads * config.head_dim;
  std::vector<ModelTensor> tensors;
  for (const GgufTensor& tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    if (name == "rope_freqs.weight" || name.starts_with("rope_factors_")) continue;
    const std::string blk(name.substr(0, name.find('.', 4) + 1));  // "blk.N."
    const bool matrix = tensor.shape.size() == 2;
    if (name.ends_with(".attn_qkv.weight") && matrix && tensor.shape[0] == q + 2 * kv) {
      tensors.push_back(Rows(tensor, blk + "attn_q.weight", 0, q));
      tensors.push_back(Rows(tensor, blk + "attn_k.weight", q, kv));
      tensors.push_back(Rows(tensor, blk + "attn_v.weight", q + kv, kv));
    } else if (config.architecture == "phi3" && name.ends_with(".ffn_up.weight") && matrix &&
               tensor.shape[0] == 2 * config.ffn) {
      tensors.push_back(Rows(tensor, blk + "ffn_gate.weight", 0, config.ffn));
      tensors.push_back(Rows(tensor, blk + "ffn_up.weight", config.ffn, config.ffn));
    } else {
      tensors.push_back({std::string(name), tensor.type, tensor.shape, tensor.bytes});
    }
  }
  return tensors;
}

Status CheckTensors(const std::vector<ModelTensor>& tensors, uint64_t tokens,
                    const std::string& what, ModelConfig* config) {
  return TensorCheck(tensors, what, config).Run(tokens);
}

void SetYarn(const YarnSettings& yarn, ModelConfig* config) {
  const auto dim = static_cast<double>(config->rope_dim);
  const auto base = static_cast<double>(config->rope_base);
  // The index of the frequency that turns so many times within the original context.
  const auto index_of = [&](double turns) {
    return dim *
           std::log(static_cast<double>(yarn.original_context) / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(base));
  };
  const double low = std::max(0.0, std::floor(index_of(yarn.beta_fast)));
  const double high = std::min(dim - 1, std::ceil(index_of(yarn.beta_slow)));
  config->rope_divisors.clear();
  for (int64_t i = 0; i < config->rope_dim / 2; ++i) {
    const double ramp =
        std::clamp((static_cast<double>(i) - low) / std::max(0.001, high - low), 0.0, 1.0);
    config->rope_divisors.push_back(static_cast<float>(1 / (ramp / yarn.factor + (1 - ramp))));
  }
  config->rope_magnitude = static_cast<float>(
      yarn.attention_factor > 0 ? yarn.attention_factor : 0.1 * std::log(yarn.factor) + 1);
  config->rope_scaling = RopeScaling::kYarn;
  config->rope_factor = static_cast<float>(yarn.factor);
  config->rope_original_context = yarn.original_context;
}

void SetLlama3(const Llama3Settings& settings, ModelConfig* config) {
  const auto original = static_cast<double>(settings.original_context);
  config->rope_divisors.clear();
  for (int64_t i = 0; i < config->rope_dim / 2; ++i) {
    const double wave =
        2 * std::numbers::pi *
        std::pow(static_cast<double>(config->rope_base),
                 2.0 * static_cast<double>(i) / static_cast<double>(config->rope_dim));
    double divisor = 1;
    if (wave > original / settings.low_freq_factor) {
      divisor = settings.factor;
    } else if (wave >= original / settings.high_freq_factor) {
      const double shade = (original / wave - settings.low_freq_factor) /
                           (settings.high_freq_factor - settings.low_freq_factor);
      divisor = 1 / ((1 - shade) / settings.factor + shade);
    }
    config->rope_divisors.push_back(static_cast<float>(divisor));
  }
  config->rope_scaling = RopeScaling::kLlama3;
}

std::vector<int64_t> RowsForHalves(int64_t heads, int64_t head_dim) {
  std::vector<int64_t> rows(static_cast<size_t>(heads * head_dim));
  for (int64_t head = 0; head < heads; ++head) {
    for (int64_t i = 0; i < head_dim / 2; ++i) {
      const auto at = static_cast<size_t>(head * head_dim + i);
      rows[at] = head * head_dim + 2 * i;
      rows[at + static_cast<size_t>(head_dim / 2)] = head * head_dim + 2 * i + 1;
    }
  }
  return rows;
}

std::vector<int64_t> RowsForInterleaved(int64_t heads, int64_t head_dim) {
  const std::vector<int64_t> halves = RowsForHalves(heads, head_dim);
  std::vector<int64_t> rows(halves.size());
  for (size_t i = 0; i < halves.size(); ++i) {
    rows[static_cast<size_t>(halves[i])] = static_cast<int64_t>(i);
  }
  return rows;
}

}  // namespace idiolect
