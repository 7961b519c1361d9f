#pragma once
// What the engine's tests share: the base models that scripts/setup fetches, and small random ones.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/files/model_config.h"

namespace idiolect::native {

// $IDIOLECT_MODELS, else the cache folder that `make test` fills.
inline std::filesystem::path TestModel(const std::string& file) {
  if (const char* folder = std::getenv("IDIOLECT_MODELS")) {
    return std::filesystem::path(folder) / file;
  }
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base = cache != nullptr && *cache != '\0'
                                         ? std::filesystem::path(cache)
                                         : std::filesystem::path(home ? home : ".") / ".cache";
  return base / "idiolect" / "models" / file;
}

// Odd sizes on purpose: panels, groups and vectors all have a remainder.
inline ModelConfig TinyLlama() {
  ModelConfig config;
  config.architecture = "llama";
  config.layers = 2;
  config.hidden = 40;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 12;
  config.ffn = 72;
  config.vocabulary = 90;
  config.context_length = 512;
  config.attention_scale = 0.28867513f;
  config.rope_dim = 12;
  return config;
}

inline ModelConfig TinyGemma() {
  ModelConfig config = TinyLlama();
  config.architecture = "gemma3";
  config.layers = 3;
  config.kv_heads = 1;
  config.head_dim = 16;
  config.qk_norm = config.post_attention_norm = config.post_ffn_norm = true;
  config.activation = Activation::kGeluTanh;
  config.embedding_scale = 6.3f;
  config.attention_scale = 0.25f;
  config.rope_dim = 16;
  config.rope_base = 1e6f;
  config.sliding_window = 5;
  config.sliding = {true, true, false};
  return config;
}

}  // namespace idiolect::native
