#pragma once
// config.json and tensor names of Hugging Face's model folders, read into the engine's description
// and written from it. Families whose weights lie alike (Llama, Mistral) become one architecture.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/model_config.h"
#include "engine/files/safetensors.h"

namespace idiolect {

struct HfConfig {
  ModelConfig config;
  bool tied = false;  // lm_head.weight, if it is there, counts for nothing
};

// `what` names the file in errors. Fails with kBadInput, naming the field, for a model_type or
// setting that the engine does not have, and for missing or senseless numbers.
Result<HfConfig> ParseHfConfig(std::string_view json, const std::string& what);

// The tensors of all files by GGUF's names, shared ones taken apart; those of a picture tower and
// buffers that are computed anyway are left out. Fails with kBadInput for a number format that is
// no float, and for a name twice.
Result<std::vector<ModelTensor>> TensorsOfSafetensors(const std::vector<SafetensorsFile>& files,
                                                      const HfConfig& config,
                                                      const std::string& what);

// "model.layers.3.mlp.up_proj.weight" for "blk.3.ffn_up.weight"; empty for a name that has none.
std::string HfNameOf(const ModelConfig& config, std::string_view gguf_name);

// What a folder with weights of `dtype` ("bfloat16") says of the model. Ids below 0 are left out.
struct HfTokenIds {
  int64_t bos = -1, eos = -1, padding = -1;
};
std::string WriteHfConfig(const ModelConfig& config, const std::string& dtype,
                          const HfTokenIds& ids);

}  // namespace idiolect
