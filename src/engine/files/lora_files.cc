#include "engine/files/lora_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "engine/files/publish_folder.h"
#include "engine/files/quoted.h"
#include "engine/files/safetensors.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigName = "adapter_config.json";
constexpr const char* kWeightsName = "adapter_model.safetensors";
constexpr const char* kTemplateName = "chat_template.json";
constexpr std::string_view kMagnitudes = "lora_magnitude_vector";  // DoRA's
constexpr std::string_view kPrefix = "base_model.model.model.layers.";

struct Projection {
  std::string_view name, module;
};
constexpr Projection kProjections[] = {
    {"q_proj", "self_attn.q_proj"}, {"k_proj", "self_attn.k_proj"}, {"v_proj", "self_attn.v_proj"},
    {"o_proj", "self_attn.o_proj"}, {"gate_proj", "mlp.gate_proj"}, {"up_proj", "mlp.up_proj"},
    {"down_proj", "mlp.down_proj"},
};

// Several side by side, in this order.
struct FusedProjection {
  std::string_view name, module;
  std::vector<std::string_view> parts;
};
const std::vector<FusedProjection>& FusedProjections() {
  static const std::vector<FusedProjection> kFused = {
      {"qkv_proj", "self_attn.qkv_proj", {"q_proj", "k_proj", "v_proj"}},
      {"gate_up_proj", "mlp.gate_up_proj", {"gate_proj", "up_proj"}},
      {"o_proj", "self_attn.o_proj", {"o_proj"}},
      {"down_proj", "mlp.down_proj", {"down_proj"}}};
  return kFused;
}
constexpr int kMostFused = 3;

std::string ModuleName(const LoraPair& pair) {
  return std::string(kPrefix) + std::to_string(pair.layer) + "." +
         ModuleOfProjection(pair.projection);
}
std::string TensorName(const LoraPair& pair, const char* side) {
  return ModuleName(pair) + ".lora_" + side + ".weight";
}

Status CheckPairs(const fs::path& folder, const LoraAdapter& adapter) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorKind::kBadInput, "writing adapter " + folder.string() + ": " + why);
  };
  if (adapter.rank < 1) return bad("its rank is not positive");
  if (adapter.pairs.empty()) return bad("it has no weights");
  std::set<std::string> names;
  for (const LoraPair& pair : adapter.pairs) {
    const std::string who = Quoted(pair.projection) + " of layer " + std::to_string(pair.layer);
    if (ModuleOfProjection(pair.projection).empty() || pair.layer < 0) {
      return bad("there is no projection " + who);
    }
    const auto sound = [](const NamedMatrix& m) {
      return m.rows > 0 && m.columns > 0 &&
             m.values.size() == static_cast<size_t>(m.rows) * static_cast<size_t>(m.columns);
    };
    if (!sound(pair.a) || !sound(pair.b) || pair.a.rows != adapter.rank ||
        pair.b.columns != adapter.rank) {
      return bad("the matrices of " + who + " do not fit the rank " + std::to_string(adapter.rank));
    }
    const auto outputs = static_cast<size_t>(adapter.use_dora ? pair.b.rows : 0);
    if (pair.magnitudes.size() != outputs) {
      return bad("the magnitudes of " + who + " are not as many as its outputs");
    }
    if (!names.insert(TensorName(pair, "A")).second) return bad(who + " occurs twice");
  }
  return {};
}

std::string ConfigText(const LoraAdapter& adapter) {
  std::set<std::string> modules(adapter.target_modules.begin(), adapter.target_modules.end());
  if (modules.empty()) {
    for (const LoraPair& pair : adapter.pairs) modules.insert(pair.projection);
  }
  const nlohmann::ordered_json json = {
      {"alpha_pattern", nlohmann::json::object()},
      {"auto_mapping", nullptr},
      {"base_model_name_or_path", adapter.base_model},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"inference_mode", true},
      {"init_lora_weights", true},
      {"layers_pattern", nullptr},
      {"layers_to_transform", nullptr},
      {"lora_alpha", adapter.alpha},
      {"lora_dropout", adapter.dropout},
      {"modules_to_save", nullptr},
      {"peft_type", "LORA"},
      {"r", adapter.rank},
      {"rank_pattern", nlohmann::json::object()},
      {"revision", nullptr},
      {"target_modules", modules},
      {"task_type", "CAUSAL_LM"},
      {"use_dora", adapter.use_dora},
      {"use_rslora", adapter.use_rslora},
  };
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Status WriteWeights(const fs::path& path, const LoraAdapter& adapter) {
  std::vector<SafeTensor> tensors;
  for (const LoraPair& pair : adapter.pairs) {
    tensors.push_back(
        {TensorName(pair, "A"), "F32", {pair.a.rows, pair.a.columns}, BytesOf(pair.a.values)});
    tensors.push_back(
        {TensorName(pair, "B"), "F32", {pair.b.rows, pair.b.columns}, BytesOf(pair.b.values)});
    if (!adapter.use_dora) continue;
    tensors.push_back({ModuleName(pair) + "." + std::string(kMagnitudes),
                       "F32",
                       {pair.b.rows},
                       BytesOf(pair.magnitudes)});
  }
  return WriteSafetensors(path, tensors);
}

class AdapterReader {
 public:
  explicit AdapterReader(const fs::path& folder) : folder_(folder) {}

  Result<LoraAdapter> Run() {
    if (!Exists(folder_ / kConfigName)) {
      return Fail(ErrorKind::kNotFound,
                  "reading adapter " + folder_.string() + ": it has no " + kConfigName);
    }
    ASSIGN_OR_RETURN(const std::string config, ReadFile(folder_ / kConfigName));
    RETURN_IF_ERROR(ReadConfig(config));
    ASSIGN_OR_RETURN(const auto weights, SafetensorsFile::Open(folder_ / kWeightsName));
    RETURN_IF_ERROR(ReadWeights(weights));
    if (Exists(folder_ / kTemplateName)) {
      ASSIGN_OR_RETURN(adapter_.chat_template, ReadFile(folder_ / kTemplateName));
    }
    return std::move(adapter_);
  }

 private:
  tl::unexpected<Error> Bad(const std::string& why, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, "reading adapter " + folder_.string() + ": " + why,
                std::move(hint));
  }

  Status ReadConfig(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return Bad(std::string(kConfigName) + " is no JSON object");
    const auto get = [&](const char* key) { return json.value(key, nlohmann::json()); };
    if (get("peft_type") != "LORA") return Bad("peft_type is not LORA, the only kind supported");
    for (const char* key : {"fan_in_fan_out", "lora_bias"}) {
      if (get(key) == true) return Bad(std::string(key) + " is true, which is not supported");
    }
    for (const char* key : {"modules_to_save", "rank_pattern", "alpha_pattern",
                            "layers_to_transform", "trainable_token_indices"}) {
      const auto value = get(key);
      if (!value.is_null() && !(value.is_structured() && value.empty())) {
        return Bad(std::string(key) + " is set, which is not supported");
      }
    }
    const auto bias = get("bias");
    if (!bias.is_null() && bias != "none") return Bad("bias is not \"none\"");
    const auto rank = get("r"), alpha = get("lora_alpha");
    if (!rank.is_number_integer() || rank.get<int64_t>() < 1 || rank.get<int64_t>() > 1 << 16) {
      return Bad("r is not a sensible rank");
    }
    if (!alpha.is_number() || !std::isfinite(alpha.get<double>())) {
      return Bad("lora_alpha is not a number");
    }
    adapter_.rank = rank.get<int>();
    adapter_.alpha = alpha.get<double>();
    const auto dropout = get("lora_dropout"), base = get("base_model_name_or_path");
    if (dropout.is_number()) adapter_.dropout = dropout.get<double>();
    if (base.is_string()) adapter_.base_model = base.get<std::string>();
    adapter_.use_rslora = get("use_rslora") == true;
    adapter_.use_dora = get("use_dora") == true;
    for (const auto& module : get("target_modules")) {
      if (module.is_string()) adapter_.target_modules.push_back(module.get<std::string>());
    }
    return {};
  }

  // Takes "base_model.model.model.layers.3.mlp.up_proj.lora_A.weight" apart. The side of a
  // magnitude vector is 'm'.
  static bool ParseName(std::string_view name, LoraPair* pair, char* side) {
    constexpr std::string_view kSuffix = ".weight";
    if (name.substr(0, kPrefix.size()) != kPrefix) return false;
    name.remove_prefix(kPrefix.size());
    const auto number = std::from_chars(name.data(), name.data() + name.size(), pair->layer);
    if (number.ec != std::errc() || pair->layer < 0) return false;
    name.remove_prefix(static_cast<size_t>(number.ptr - name.data()));
    for (const Projection& projection : kProjections) {
      if (name == "." + std::string(projection.module) + "." + std::string(kMagnitudes)) {
        pair->projection = projection.name;
        *side = 'm';
        return true;
      }
      for (const char letter : {'A', 'B'}) {
        const std::string rest = "." + std::string(projection.module) + ".lora_" + letter;
        if (name != rest + std::string(kSuffix)) continue;
        pair->projection = projection.name;
        *side = letter;
        return true;
      }
    }
    return false;
  }

  Status ReadWeights(const SafetensorsFile& weights) {
    std::map<std::pair<int64_t, std::string>, LoraPair> pairs;
    for (const SafeTensor& tensor : weights.tensors()) {
      LoraPair parsed;
      char side = 0;
      if (!ParseName(tensor.name, &parsed, &side)) {
        return Bad("tensor " + Quoted(tensor.name) + " belongs to nothing that can be adapted",
                   "supported are q, k, v, o, gate, up and down projections of a decoder");
      }
      if (side == 'm') {
        if (!adapter_.use_dora || tensor.shape.size() != 1) {
          return Bad("tensor " + Quoted(tensor.name) +
                     (adapter_.use_dora ? " is no vector" : " is there without use_dora"));
        }
        LoraPair& pair = pairs[{parsed.layer, parsed.projection}];
        pair.layer = parsed.layer;
        pair.projection = parsed.projection;
        ASSIGN_OR_RETURN(pair.magnitudes, FloatsOf(tensor));
        for (const float value : pair.magnitudes) {
          if (std::isfinite(value)) continue;
          return Bad("tensor " + Quoted(tensor.name) + " holds numbers that are not finite");
        }
        continue;
      }
      const bool first = side == 'A';
      if (tensor.shape.size() != 2 || tensor.shape[first ? 0 : 1] != adapter_.rank) {
        return Bad("tensor " + Quoted(tensor.name) +
                   " does not fit r = " + std::to_string(adapter_.rank));
      }
      LoraPair& pair = pairs[{parsed.layer, parsed.projection}];
      pair.layer = parsed.layer;
      pair.projection = parsed.projection;
      NamedMatrix& matrix = first ? pair.a : pair.b;
      matrix.rows = tensor.shape[0];
      matrix.columns = tensor.shape[1];
      ASSIGN_OR_RETURN(matrix.values, FloatsOf(tensor));
      for (const float value : matrix.values) {
        if (!std::isfinite(value)) {
          return Bad("tensor " + Quoted(tensor.name) + " holds numbers that are not finite");
        }
      }
    }
    for (auto& [key, pair] : pairs) {
      if (pair.a.values.empty() || pair.b.values.empty()) {
        return Bad("layer " + std::to_string(pair.layer) + " has only half of " + pair.projection);
      }
      if (adapter_.use_dora && pair.magnitudes.size() != static_cast<size_t>(pair.b.rows)) {
        return Bad("layer " + std::to_string(pair.layer) +
                   " has no magnitude for every output of " + pair.projection);
      }
      adapter_.pairs.push_back(std::move(pair));
    }
    if (adapter_.pairs.empty()) return Bad("it has no weights");
    return {};
  }

  fs::path folder_;
  LoraAdapter adapter_;
};

}  // namespace

double LoraAdapter::Scale() const {
  return use_rslora ? alpha / std::sqrt(static_cast<double>(rank)) : alpha / rank;
}

std::string ModuleOfProjection(const std::string& projection) {
  for (const Projection& row : kProjections) {
    if (row.name == projection) return std::string(row.module);
  }
  for (const FusedProjection& row : FusedProjections()) {
    if (row.name == projection) return std::string(row.module);
  }
  return {};
}

LoraAdapter ByModulesOfFamily(const ModelConfig& c, const LoraAdapter& adapter) {
  if (c.architecture != "phi3") return adapter;
  const int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  const auto outputs_of = [&](std::string_view part) {
    return part == "q_proj"                          ? q
           : part == "k_proj" || part == "v_proj"    ? kv
           : part == "o_proj" || part == "down_proj" ? c.hidden
                                                     : c.ffn;
  };
  std::map<std::pair<int64_t, std::string_view>, const LoraPair*> pairs;
  for (const LoraPair& pair : adapter.pairs) pairs[{pair.layer, pair.projection}] = &pair;
  LoraAdapter fused = adapter;
  fused.pairs.clear();
  fused.target_modules.clear();
  fused.rank = adapter.rank * kMostFused;
  // The factor by which the product counts stays.
  fused.use_rslora = false;
  fused.alpha = adapter.Scale() * fused.rank;
  for (int64_t layer = 0; layer < c.layers; ++layer) {
    for (const FusedProjection& row : FusedProjections()) {
      LoraPair joined;
      joined.layer = layer;
      joined.projection = row.name;
      const int64_t rank = fused.rank;
      for (const std::string_view part : row.parts) joined.b.rows += outputs_of(part);
      joined.b.columns = joined.a.rows = rank;
      joined.b.values.assign(static_cast<size_t>(joined.b.rows * rank), 0);
      int64_t first_row = 0, first_rank = 0;
      bool learns = false;
      for (const std::string_view part : row.parts) {
        const auto found = pairs.find({layer, part});
        if (found != pairs.end()) {
          const LoraPair& pair = *found->second;
          learns = true;
          joined.a.columns = pair.a.columns;
          joined.a.values.resize(static_cast<size_t>(rank * pair.a.columns));
          std::copy(pair.a.values.begin(), pair.a.values.end(),
                    joined.a.values.begin() + first_rank * pair.a.columns);
          for (int64_t r = 0; r < pair.b.rows; ++r) {
            std::copy_n(pair.b.values.begin() + r * adapter.rank, adapter.rank,
                        joined.b.values.begin() + (first_row + r) * rank + first_rank);
          }
          joined.magnitudes.insert(joined.magnitudes.end(), pair.magnitudes.begin(),
                                   pair.magnitudes.end());
        }
        first_row += outputs_of(part);
        first_rank += adapter.rank;
      }
      if (learns) fused.pairs.push_back(std::move(joined));
    }
  }
  return fused;
}

Status WriteLoraAdapter(const fs::path& folder, const LoraAdapter& adapter) {
  RETURN_IF_ERROR(CheckPairs(folder, adapter));
  return PublishFolder(folder, [&](const fs::path& beside) -> Status {
    RETURN_IF_ERROR(WriteWeights(beside / kWeightsName, adapter));
    if (!adapter.chat_template.empty()) {
      RETURN_IF_ERROR(PublishFile(beside / kTemplateName, adapter.chat_template));
    }
    return PublishFile(beside / kConfigName, ConfigText(adapter));
  });
}

Result<LoraAdapter> ReadLoraAdapter(const fs::path& folder) {
  return AdapterReader(folder).Run();
}

Status CheckAdapterFits(const ModelConfig& c, const LoraAdapter& adapter) {
  const std::string hint = "was it trained on another base model?";
  const int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  const auto shape_of =
      [&](const std::string& projection) -> std::optional<std::pair<int64_t, int64_t>> {
    if (projection == "q_proj") return std::pair(q, c.hidden);
    if (projection == "k_proj" || projection == "v_proj") return std::pair(kv, c.hidden);
    if (projection == "o_proj") return std::pair(c.hidden, q);
    if (projection == "gate_proj" || projection == "up_proj") return std::pair(c.ffn, c.hidden);
    if (projection == "down_proj") return std::pair(c.hidden, c.ffn);
    return std::nullopt;
  };
  for (const LoraPair& pair : adapter.pairs) {
    const auto shape = shape_of(pair.projection);
    const std::string where = pair.projection + " of layer " + std::to_string(pair.layer);
    if (!shape || pair.layer < 0 || pair.layer >= c.layers) {
      return Fail(ErrorKind::kBadInput, "adding the adapter: the model has no " + where, hint);
    }
    if (pair.b.rows != shape->first || pair.a.columns != shape->second ||
        pair.a.rows != pair.b.columns) {
      return Fail(ErrorKind::kBadInput,
                  "adding the adapter: " + where + " has another shape than the model's", hint);
    }
  }
  return {};
}

}  // namespace idiolect
