#pragma once
// A LoRA adapter as PEFT keeps it: a folder of adapter_config.json and adapter_model.safetensors
// that PEFT and vLLM load as it is. Beside them lies chat_template.json, our own: how conversations
// were rendered in training (see chat_template.h).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/files/model_config.h"

namespace idiolect {

struct NamedMatrix {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<float> values;  // row-major
};

// One adapted projection: the change of its weight is scale * b * a.
struct LoraPair {
  int64_t layer = 0;
  std::string projection;  // Hugging Face's name: "q_proj", "gate_proj" …
  NamedMatrix a;           // [rank, inputs]
  NamedMatrix b;           // [outputs, rank], rows in Hugging Face's order
  // DoRA: the lengths of the rows of W + scale * b * a, whatever they have become; else empty.
  std::vector<float> magnitudes = {};
};

struct LoraAdapter {
  int rank = 0;
  double alpha = 0;
  double dropout = 0;
  bool use_rslora = false;
  bool use_dora = false;                    // every pair has magnitudes
  std::string base_model;                   // base_model_name_or_path
  std::vector<std::string> target_modules;  // filled from `pairs` when empty
  std::string chat_template;                // ChatTemplate::ToJson(), may be empty
  std::vector<LoraPair> pairs;

  double Scale() const;  // alpha / rank, or alpha / √rank
};

// The same adapter by the modules that other programs' model has: Phi's projections lie side by
// side in qkv_proj and gate_up_proj, so their factors become one pair of three times the rank, the
// second factor in blocks; the rest is filled up with zeros. Of other families it is the adapter
// itself. What comes out is for writing: ReadLoraAdapter knows single projections alone.
LoraAdapter ByModulesOfFamily(const ModelConfig& config, const LoraAdapter& adapter);

// "self_attn.q_proj" for "q_proj"; empty for a projection that decoders do not have.
std::string ModuleOfProjection(const std::string& projection);

// Writes the folder beside its place and moves it there in one step, replacing an older one. Fails
// with kBadInput, before writing, when a matrix does not fit the rank.
Status WriteLoraAdapter(const std::filesystem::path& folder, const LoraAdapter& adapter);

// Fails with kNotFound when there is no such folder; with kBadInput for an adapter that is not
// LoRA or DoRA on a decoder's projections alone (other modules saved, per-module ranks), naming the
// field.
Result<LoraAdapter> ReadLoraAdapter(const std::filesystem::path& folder);

// kBadInput when the adapter has projections or shapes that the model has not.
Status CheckAdapterFits(const ModelConfig& config, const LoraAdapter& adapter);

}  // namespace idiolect
