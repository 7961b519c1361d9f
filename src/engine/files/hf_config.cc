#include "engine/files/hf_config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/json.h"
#include "engine/files/quoted.h"

namespace idiolect {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostLayers = 1024;
constexpr int64_t kMostUnits = int64_t{1} << 24;
constexpr int64_t kMostPositions = int64_t{1} << 40;
constexpr size_t kDeepestNesting = 32;

struct Family {
  std::string_view model_type;    // in config.json
  std::string_view architecture;  // GGUF's
  bool tied;                      // where the file does not say
};
constexpr Family kFamilies[] = {
    {"llama", "llama", false}, {"mistral", "llama", false},     {"qwen2", "qwen2", false},
    {"qwen3", "qwen3", false}, {"gemma3_text", "gemma3", true}, {"gemma3", "gemma3", true},
    {"phi3", "phi3", false},
};

class HfConfigReader {
 public:
  HfConfigReader(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  Result<HfConfig> Run() {
    if (NestsDeeper(text_, kDeepestNesting)) return Bad("it is nested too deep");
    root_ = Json::parse(text_, nullptr, false);
    if (!root_.is_object()) return Bad("it is no JSON object", "give a model's folder, whole");
    const Json& type = root_["model_type"];
    if (!type.is_string()) return Bad("it has no model_type", "give a language model's folder");
    model_type_ = type.get<std::string>();
    const auto* family = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                      [&](const Family& f) { return f.model_type == model_type_; });
    if (family == std::end(kFamilies)) {
      return Bad("model_type is " + Quoted(model_type_) + ", which is not supported",
                 "supported are llama, mistral, qwen2, qwen3, gemma3, gemma3_text and phi3");
    }
    config_.architecture = family->architecture;
    if (root_.contains("quantization_config") && !root_["quantization_config"].is_null()) {
      return Bad("quantization_config is set, which is not supported",
                 "take the unquantised folder, or a GGUF file of the same model");
    }
    // A model of texts and pictures has the decoder's settings one level down.
    if (root_.contains("text_config") && root_["text_config"].is_object()) {
      Json inner = root_["text_config"];
      root_ = std::move(inner);
    }
    RETURN_IF_ERROR(RefuseUnknownSettings());
    RETURN_IF_ERROR(ReadSizes());
    RETURN_IF_ERROR(ReadFamily());
    RETURN_IF_ERROR(ReadRope());
    RETURN_IF_ERROR(ReadWindows());
    HfConfig result;
    result.config = std::move(config_);
    const Json& tied = At(root_, "tie_word_embeddings");
    result.tied = tied.is_boolean() ? tied.get<bool>() : family->tied;
    return result;
  }

 private:
  static const Json& At(const Json& object, const char* key) {
    static const Json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
  }

  tl::unexpected<Error> Bad(const std::string& why, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, "reading " + what_ + ": " + why, std::move(hint));
  }
  tl::unexpected<Error> NotSupported(const std::string& field) const {
    return Bad(field + " is set, which is not supported",
               "supported are plain models of the families " + std::string(kSupportedFamilies));
  }

  Status RefuseUnknownSettings() const {
    for (const char* key :
         {"attn_logit_softcapping", "final_logit_softcapping", "num_local_experts", "num_experts",
          "use_bidirectional_attention", "mlp_bias", "no_rope_layers", "embedding_multiplier",
          "logits_scaling"}) {
      const Json& value = At(root_, key);
      const bool off = value.is_null() || value == false || value == 0 ||
                       (value.is_structured() && value.empty());
      if (!off) return NotSupported(key);
    }
    return {};
  }

  Status ReadCount(const char* key, int64_t most, int64_t* value) const {
    const Json& number = At(root_, key);
    if (number.is_null()) return Bad(std::string(key) + " is missing");
    if (!number.is_number_unsigned() || number.get<uint64_t>() < 1 ||
        number.get<uint64_t>() > static_cast<uint64_t>(most)) {
      return Bad(std::string(key) + " is " + number.dump() + ", which makes no sense");
    }
    *value = number.get<int64_t>();
    return {};
  }
  // Keeps the value where the key is absent.
  Status ReadCountIfThere(const char* key, int64_t most, int64_t* value) const {
    return At(root_, key).is_null() ? Status() : ReadCount(key, most, value);
  }
  Status ReadPositive(const Json& from, const char* key, double* value) const {
    const Json& number = At(from, key);
    if (number.is_null()) return {};
    if (!number.is_number() || !std::isfinite(number.get<double>()) || number.get<double>() <= 0) {
      return Bad(std::string(key) + " is not a positive number");
    }
    *value = number.get<double>();
    return {};
  }
  Status ReadPositive(const Json& from, const char* key, float* value) const {
    double wide = static_cast<double>(*value);
    RETURN_IF_ERROR(ReadPositive(from, key, &wide));
    *value = static_cast<float>(wide);
    if (std::isfinite(*value) && *value > 0) return {};
    return Bad(std::string(key) + " makes no sense");
  }

  Status ReadSizes() {
    RETURN_IF_ERROR(ReadCount("num_hidden_layers", kMostLayers, &config_.layers));
    RETURN_IF_ERROR(ReadCount("hidden_size", kMostUnits, &config_.hidden));
    RETURN_IF_ERROR(ReadCount("intermediate_size", kMostUnits, &config_.ffn));
    RETURN_IF_ERROR(ReadCount("num_attention_heads", kMostUnits, &config_.heads));
    config_.kv_heads = config_.heads;
    RETURN_IF_ERROR(ReadCountIfThere("num_key_value_heads", kMostUnits, &config_.kv_heads));
    RETURN_IF_ERROR(ReadCount("max_position_embeddings", kMostPositions, &config_.context_length));
    if (config_.heads % config_.kv_heads != 0) {
      return Bad("num_attention_heads is not a multiple of num_key_value_heads");
    }
    config_.head_dim = config_.hidden / config_.heads;
    RETURN_IF_ERROR(ReadCountIfThere("head_dim", kMostUnits, &config_.head_dim));
    if (config_.head_dim < 2 || config_.head_dim % 2 != 0) {
      return Bad("heads of " + std::to_string(config_.head_dim) + " numbers cannot be rotated");
    }
    config_.norm_epsilon = 1e-6f;
    return ReadPositive(root_, "rms_norm_eps", &config_.norm_epsilon);
  }

  Status ReadFamily() {
    const auto root = [](double n) { return static_cast<float>(std::sqrt(n)); };
    config_.attention_scale = 1 / root(static_cast<double>(config_.head_dim));
    config_.qk_norm = config_.architecture == "qwen3" || config_.architecture == "gemma3";
    const char* key = "hidden_act";
    std::string_view due = "silu";
    if (config_.architecture == "gemma3") {
      config_.post_attention_norm = config_.post_ffn_norm = true;
      config_.activation = Activation::kGeluTanh;
      config_.embedding_scale = root(static_cast<double>(config_.hidden));
      config_.norm_weight_offset = 1;
      double scalar = 256;
      RETURN_IF_ERROR(ReadPositive(root_, "query_pre_attn_scalar", &scalar));
      config_.attention_scale = 1 / root(scalar);
      key = "hidden_activation";
      due = "gelu_pytorch_tanh";
    }
    const Json& activation = At(root_, key);
    if (!activation.is_null() && activation != due) {
      return Bad(std::string(key) + " is " + activation.dump() + ", which is not supported",
                 std::string("supported is ") + std::string(due));
    }
    return {};
  }

  Status ReadRope() {
    const bool gemma = config_.architecture == "gemma3";
    config_.rope_scales_sliding = !gemma;
    if (gemma) config_.rope_base = 1e6f;
    // Newer files have all of it in rope_parameters, Gemma's one for each kind of layer.
    const Json& newer = At(root_, "rope_parameters");
    const Json& full = At(newer, "full_attention");
    const Json& parameters = full.is_object() ? full : newer;
    const Json& older = At(root_, "rope_scaling");
    const Json& scaling = parameters.is_object() ? parameters : older;
    double share = 1;
    RETURN_IF_ERROR(ReadPositive(root_, "rope_theta", &config_.rope_base));
    RETURN_IF_ERROR(ReadPositive(parameters, "rope_theta", &config_.rope_base));
    RETURN_IF_ERROR(ReadPositive(root_, "partial_rotary_factor", &share));
    RETURN_IF_ERROR(ReadPositive(parameters, "partial_rotary_factor", &share));
    config_.rope_base_local = config_.rope_base;
    if (gemma) {
      config_.rope_base_local = 1e4f;
      RETURN_IF_ERROR(ReadPositive(root_, "rope_local_base_freq", &config_.rope_base_local));
      RETURN_IF_ERROR(
          ReadPositive(At(newer, "sliding_attention"), "rope_theta", &config_.rope_base_local));
      const Json& local = At(At(newer, "sliding_attention"), "rope_type");
      if (!local.is_null() && local != "default") return NotSupported("rope_parameters.rope_type");
    }
    if (share > 1) return Bad("partial_rotary_factor is more than 1");
    config_.rope_dim = static_cast<int64_t>(static_cast<double>(config_.head_dim) * share);
    if (config_.rope_dim < 2 || config_.rope_dim % 2 != 0) {
      return Bad("partial_rotary_factor leaves an odd number to rotate");
    }
    return ReadScaling(scaling);
  }

  Status ReadScaling(const Json& scaling) {
    const Json& named = At(scaling, "rope_type");
    const Json& type = named.is_null() ? At(scaling, "type") : named;
    const std::string kind = type.is_string() ? type.get<std::string>() : "default";
    double factor = 0;
    RETURN_IF_ERROR(ReadPositive(scaling, "factor", &factor));
    int64_t original = config_.context_length;
    for (const Json* from : {&std::as_const(root_), &scaling}) {
      const Json& value = At(*from, "original_max_position_embeddings");
      if (value.is_null()) continue;
      if (!value.is_number_unsigned() || value.get<uint64_t>() < 1 ||
          value.get<uint64_t>() > static_cast<uint64_t>(kMostPositions)) {
        return Bad("original_max_position_embeddings makes no sense");
      }
      original = value.get<int64_t>();
    }
    if (kind == "default") return {};
    if (kind != "longrope" && kind != "su" && factor < 1) {
      return Bad("the factor of its rope scaling is missing or below 1");
    }
    if (kind == "linear") {
      config_.rope_scaling = RopeScaling::kLinear;
      config_.rope_linear_factor = static_cast<float>(factor);
      return {};
    }
    if (kind == "llama3") {
      Llama3Settings settings;
      settings.factor = factor;
      settings.original_context = original;
      RETURN_IF_ERROR(ReadPositive(scaling, "low_freq_factor", &settings.low_freq_factor));
      RETURN_IF_ERROR(ReadPositive(scaling, "high_freq_factor", &settings.high_freq_factor));
      if (settings.high_freq_factor <= settings.low_freq_factor) {
        return Bad("high_freq_factor is not above low_freq_factor");
      }
      SetLlama3(settings, &config_);
      return {};
    }
    if (kind == "yarn") {
      for (const char* key : {"mscale", "mscale_all_dim"}) {
        if (!At(scaling, key).is_null()) return NotSupported(std::string("rope scaling ") + key);
      }
      if (At(scaling, "truncate") == false) return NotSupported("rope scaling without truncate");
      YarnSettings yarn;
      yarn.factor = factor;
      yarn.original_context = original;
      RETURN_IF_ERROR(ReadPositive(scaling, "beta_fast", &yarn.beta_fast));
      RETURN_IF_ERROR(ReadPositive(scaling, "beta_slow", &yarn.beta_slow));
      RETURN_IF_ERROR(ReadPositive(scaling, "attention_factor", &yarn.attention_factor));
      SetYarn(yarn, &config_);
      return {};
    }
    if (kind == "longrope" || kind == "su") return ReadLongRope(scaling, original);
    return Bad("the rope scaling " + Quoted(kind) + " is not supported",
               "supported are default, linear, llama3, yarn and longrope");
  }

  Status ReadLongRope(const Json& scaling, int64_t original) {
    const auto divisors = [&](const char* key, std::vector<float>* out) -> Status {
      const Json& list = At(scaling, key);
      if (!list.is_array() || static_cast<int64_t>(list.size()) != config_.rope_dim / 2) {
        return Bad(std::string(key) + " does not fit the heads");
      }
      for (const Json& value : list) {
        if (!value.is_number() || !(value.get<double>() > 0)) {
          return Bad(std::string(key) + " holds a number that is not positive");
        }
        out->push_back(value.get<float>());
      }
      return {};
    };
    RETURN_IF_ERROR(divisors("short_factor", &config_.rope_divisors));
    RETURN_IF_ERROR(divisors("long_factor", &config_.rope_long_divisors));
    const double factor =
        static_cast<double>(config_.context_length) / static_cast<double>(original);
    double magnitude =
        factor <= 1 ? 1 : std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(original)));
    RETURN_IF_ERROR(ReadPositive(scaling, "attention_factor", &magnitude));
    config_.rope_scaling = RopeScaling::kLongRope;
    config_.rope_magnitude = static_cast<float>(magnitude);
    config_.rope_factor = static_cast<float>(factor);
    config_.rope_original_context = original;
    config_.context_length = std::min(config_.context_length, original);
    return {};
  }

  Status ReadWindows() {
    config_.sliding.assign(static_cast<size_t>(config_.layers), false);
    const bool gemma = config_.architecture == "gemma3";
    const bool qwen = config_.architecture == "qwen2" || config_.architecture == "qwen3";
    const Json& window = At(root_, "sliding_window");
    if (window.is_null() || model_type_ == "llama") return {};
    if (qwen && At(root_, "use_sliding_window") != true) return {};
    RETURN_IF_ERROR(ReadCount("sliding_window", kMostPositions, &config_.sliding_window));
    const Json& types = At(root_, "layer_types");
    if (types.is_array()) {
      if (types.size() != config_.sliding.size()) {
        return Bad("layer_types does not have one for each layer");
      }
      for (size_t i = 0; i < types.size(); ++i) {
        if (types[i] != "sliding_attention" && types[i] != "full_attention") {
          return Bad("layer_types holds " + types[i].dump() + ", which is not supported",
                     "supported are full_attention and sliding_attention");
        }
        config_.sliding[i] = types[i] == "sliding_attention";
      }
      return {};
    }
    int64_t every = gemma ? 6 : 0, from = 0;
    if (gemma) {
      RETURN_IF_ERROR(ReadCountIfThere("sliding_window_pattern", kMostLayers, &every));
      RETURN_IF_ERROR(ReadCountIfThere("_sliding_window_pattern", kMostLayers, &every));
    }
    if (qwen && At(root_, "max_window_layers") != 0) {
      from = 28;
      RETURN_IF_ERROR(ReadCountIfThere("max_window_layers", kMostUnits, &from));
    }
    for (int64_t i = 0; i < config_.layers; ++i) {
      config_.sliding[static_cast<size_t>(i)] = i >= from && (every == 0 || (i + 1) % every != 0);
    }
    return {};
  }

  std::string_view text_;
  const std::string& what_;
  Json root_;
  std::string model_type_;
  ModelConfig config_;
};

struct NameRow {
  std::string_view hf, gguf;
};
constexpr NameRow kLayerNames[] = {
    {"self_attn.q_proj.weight", "attn_q.weight"},
    {"self_attn.k_proj.weight", "attn_k.weight"},
    {"self_attn.v_proj.weight", "attn_v.weight"},
    {"self_attn.o_proj.weight", "attn_output.weight"},
    {"self_attn.q_proj.bias", "attn_q.bias"},
    {"self_attn.k_proj.bias", "attn_k.bias"},
    {"self_attn.v_proj.bias", "attn_v.bias"},
    {"self_attn.q_norm.weight", "attn_q_norm.weight"},
    {"self_attn.k_norm.weight", "attn_k_norm.weight"},
    {"mlp.gate_proj.weight", "ffn_gate.weight"},
    {"mlp.up_proj.weight", "ffn_up.weight"},
    {"mlp.down_proj.weight", "ffn_down.weight"},
    {"input_layernorm.weight", "attn_norm.weight"},
    {"self_attn.qkv_proj.weight", "attn_qkv.weight"},
    {"mlp.gate_up_proj.weight", "ffn_gate_up.weight"},
};
constexpr NameRow kPlainNorms[] = {{"post_attention_layernorm.weight", "ffn_norm.weight"}};
constexpr NameRow kGemmaNorms[] = {
    {"post_attention_layernorm.weight", "post_attention_norm.weight"},
    {"pre_feedforward_layernorm.weight", "ffn_norm.weight"},
    {"post_feedforward_layernorm.weight", "post_ffw_norm.weight"},
};
constexpr NameRow kGlobalNames[] = {{"model.embed_tokens.weight", "token_embd.weight"},
                                    {"model.norm.weight", "output_norm.weight"},
                                    {"lm_head.weight", "output.weight"}};

std::vector<NameRow> LayerNames(bool gemma) {
  std::vector<NameRow> rows(std::begin(kLayerNames), std::end(kLayerNames));
  if (gemma) {
    rows.insert(rows.end(), std::begin(kGemmaNorms), std::end(kGemmaNorms));
  } else {
    rows.insert(rows.end(), std::begin(kPlainNorms), std::end(kPlainNorms));
  }
  return rows;
}

// Where a name begins with `prefix` and a number and a dot: the number and what follows.
struct LayerName {
  int64_t layer = 0;
  std::string_view rest;
};
std::optional<LayerName> SplitLayer(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  LayerName split;
  const auto number = std::from_chars(name.data(), name.data() + name.size(), split.layer);
  if (number.ec != std::errc() || split.layer < 0) return std::nullopt;
  name.remove_prefix(static_cast<size_t>(number.ptr - name.data()));
  if (name.empty() || name[0] != '.') return std::nullopt;
  split.rest = name.substr(1);
  return split;
}

// Empty: the tensor is of no use here.
std::string GgufNameOf(bool gemma, std::string_view name) {
  // A model of texts and pictures, in its two ways of saying so.
  std::string plain(name);
  for (const auto& [from, to] :
       {NameRow{"language_model.model.", "model."}, NameRow{"model.language_model.", "model."},
        NameRow{"language_model.lm_head.", "lm_head."}}) {
    if (!name.starts_with(from)) continue;
    plain = std::string(to) + std::string(name.substr(from.size()));
    break;
  }
  for (const NameRow& row : kGlobalNames) {
    if (plain == row.hf) return std::string(row.gguf);
  }
  if (const auto split = SplitLayer(plain, "model.layers.")) {
    const std::string blk = "blk." + std::to_string(split->layer) + ".";
    for (const NameRow& row : LayerNames(gemma)) {
      if (split->rest == row.hf) return blk + std::string(row.gguf);
    }
    if (split->rest == "self_attn.rotary_emb.inv_freq") return {};
  }
  for (const std::string_view prefix : {"vision_tower.", "multi_modal_projector.",
                                        "model.vision_tower.", "model.multi_modal_projector."}) {
    if (name.starts_with(prefix)) return {};
  }
  return plain;  // CheckTensors will say that it has no place
}

std::optional<GgmlType> TypeOf(std::string_view dtype) {
  if (dtype == "F32") return GgmlType::kF32;
  if (dtype == "F16") return GgmlType::kF16;
  if (dtype == "BF16") return GgmlType::kBF16;
  return std::nullopt;
}

}  // namespace

Result<HfConfig> ParseHfConfig(std::string_view json, const std::string& what) {
  return HfConfigReader(json, what).Run();
}

Result<std::vector<ModelTensor>> TensorsOfSafetensors(const std::vector<SafetensorsFile>& files,
                                                      const HfConfig& hf, const std::string& what) {
  const ModelConfig& config = hf.config;
  const int64_t q = config.heads * config.head_dim, kv = config.kv_heads * config.head_dim;
  const auto bad = [&](const std::string& why, std::string hint = {}) {
    return Fail(ErrorKind::kBadInput, "reading model folder " + what + ": " + why, std::move(hint));
  };
  std::vector<ModelTensor> tensors;
  std::set<std::string> names;
  for (const SafetensorsFile& file : files) {
    for (const SafeTensor& tensor : file.tensors()) {
      const std::string name = GgufNameOf(config.architecture == "gemma3", tensor.name);
      if (name.empty() || (hf.tied && name == "output.weight")) continue;
      const auto type = TypeOf(tensor.dtype);
      if (!type) {
        return bad("tensor " + Quoted(tensor.name) + " is of type " + tensor.dtype +
                       ", which is not supported",
                   "take a folder in F32, F16 or BF16");
      }
      if (!names.insert(name).second) {
        return bad("tensor " + Quoted(tensor.name) + " is there twice");
      }
      const bool matrix = tensor.shape.size() == 2;
      struct Part {
        const char* name;
        int64_t rows;
      };
      std::vector<Part> parts;
      std::string_view fused;
      if (name.ends_with(".attn_qkv.weight") && matrix && tensor.shape[0] == q + 2 * kv) {
        fused = "attn_qkv.weight";
        parts = {{"attn_q.weight", q}, {"attn_k.weight", kv}, {"attn_v.weight", kv}};
      } else if (name.ends_with(".ffn_gate_up.weight") && matrix &&
                 tensor.shape[0] == 2 * config.ffn) {
        fused = "ffn_gate_up.weight";
        parts = {{"ffn_gate.weight", config.ffn}, {"ffn_up.weight", config.ffn}};
      } else {
        tensors.push_back({name, *type, tensor.shape, tensor.bytes});
        continue;
      }
      const size_t row_bytes = tensor.bytes.size() / static_cast<size_t>(tensor.shape[0]);
      size_t at = 0;
      for (const Part& part : parts) {
        const size_t bytes = row_bytes * static_cast<size_t>(part.rows);
        tensors.push_back({name.substr(0, name.size() - fused.size()) + part.name,
                           *type,
                           {part.rows, tensor.shape[1]},
                           tensor.bytes.substr(at, bytes)});
        at += bytes;
      }
    }
  }
  if (!hf.tied && names.count("output.weight") == 0) {
    return bad("tie_word_embeddings is false and there is no lm_head.weight");
  }
  return tensors;
}

std::string HfNameOf(const ModelConfig& config, std::string_view gguf_name) {
  for (const NameRow& row : kGlobalNames) {
    if (gguf_name == row.gguf) return std::string(row.hf);
  }
  const auto split = SplitLayer(gguf_name, "blk.");
  if (!split) return {};
  for (const NameRow& row : LayerNames(config.architecture == "gemma3")) {
    if (split->rest != row.gguf) continue;
    return "model.layers." + std::to_string(split->layer) + "." + std::string(row.hf);
  }
  return {};
}

std::string WriteHfConfig(const ModelConfig& c, const std::string& dtype, const HfTokenIds& ids) {
  struct Word {
    std::string_view architecture, model_type, name;
  };
  constexpr Word kWords[] = {{"llama", "llama", "LlamaForCausalLM"},
                             {"qwen2", "qwen2", "Qwen2ForCausalLM"},
                             {"qwen3", "qwen3", "Qwen3ForCausalLM"},
                             {"gemma3", "gemma3_text", "Gemma3ForCausalLM"},
                             {"phi3", "phi3", "Phi3ForCausalLM"}};
  nlohmann::ordered_json json;
  Word word = kWords[0];
  for (const Word& row : kWords) {
    if (row.architecture == c.architecture) word = row;
  }
  const bool slides = c.sliding_window > 0;
  // Llama's own class knows no windows, Mistral's is the same model with them.
  if (c.architecture == "llama" && slides) word = {"llama", "mistral", "MistralForCausalLM"};
  json["architectures"] = {word.name};
  json["model_type"] = word.model_type;
  json["torch_dtype"] = dtype;
  json["vocab_size"] = c.vocabulary;
  json["hidden_size"] = c.hidden;
  json["intermediate_size"] = c.ffn;
  json["num_hidden_layers"] = c.layers;
  json["num_attention_heads"] = c.heads;
  json["num_key_value_heads"] = c.kv_heads;
  json["head_dim"] = c.head_dim;
  json["rms_norm_eps"] = c.norm_epsilon;
  json["tie_word_embeddings"] = c.tied_head;
  const bool gemma = c.architecture == "gemma3";
  json[gemma ? "hidden_activation" : "hidden_act"] = gemma ? "gelu_pytorch_tanh" : "silu";
  json["attention_bias"] = false;
  json["rope_theta"] = c.rope_base;
  int64_t context = c.context_length;
  auto scaling = nlohmann::ordered_json();
  switch (c.rope_scaling) {
    case RopeScaling::kNone:
      break;
    case RopeScaling::kLinear:
      scaling = {{"rope_type", "linear"}, {"factor", c.rope_linear_factor}};
      break;
    case RopeScaling::kLlama3: {
      // The first and last divisors are 1 and the factor; the edges between are Llama 3.1's.
      scaling = {{"rope_type", "llama3"},
                 {"factor", c.rope_divisors.empty() ? 1.0f : c.rope_divisors.back()},
                 {"low_freq_factor", 1.0},
                 {"high_freq_factor", 4.0},
                 {"original_max_position_embeddings", 8192}};
      break;
    }
    case RopeScaling::kYarn:
      scaling = {{"rope_type", "yarn"},
                 {"factor", c.rope_factor},
                 {"attention_factor", c.rope_magnitude},
                 {"original_max_position_embeddings", c.rope_original_context}};
      break;
    case RopeScaling::kLongRope:
      scaling = {{"rope_type", "longrope"},
                 {"short_factor", c.rope_divisors},
                 {"long_factor", c.rope_long_divisors},
                 {"attention_factor", c.rope_magnitude},
                 {"factor", c.rope_factor}};
      json["original_max_position_embeddings"] = c.rope_original_context;
      context = static_cast<int64_t>(std::lround(static_cast<double>(c.rope_original_context) *
                                                 static_cast<double>(c.rope_factor)));
      break;
  }
  if (!scaling.is_null()) json["rope_scaling"] = scaling;
  json["max_position_embeddings"] = context;
  if (c.rope_dim != c.head_dim) {
    json["partial_rotary_factor"] =
        static_cast<double>(c.rope_dim) / static_cast<double>(c.head_dim);
  }
  if (gemma) {
    json["rope_local_base_freq"] = c.rope_base_local;
    json["query_pre_attn_scalar"] = std::lround(1 / (c.attention_scale * c.attention_scale));
  }
  json["sliding_window"] = slides ? nlohmann::ordered_json(c.sliding_window) : nullptr;
  if (c.architecture == "qwen2" || c.architecture == "qwen3") json["use_sliding_window"] = slides;
  if (slides && (gemma || c.architecture == "qwen2" || c.architecture == "qwen3")) {
    for (int64_t i = 0; i < c.layers; ++i) {
      json["layer_types"].push_back(c.IsSliding(i) ? "sliding_attention" : "full_attention");
    }
  }
  if (ids.bos >= 0) json["bos_token_id"] = ids.bos;
  if (ids.eos >= 0) json["eos_token_id"] = ids.eos;
  json["pad_token_id"] = ids.padding >= 0 ? nlohmann::ordered_json(ids.padding) : nullptr;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace idiolect
