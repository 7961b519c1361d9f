// Any bytes as a config.json: parsing must end in a configuration that makes sense or an error.

#include <cstdint>
#include <string_view>

#include "engine/files/hf_config.h"

using namespace idiolect;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = ParseHfConfig({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!read) return 0;
  const ModelConfig& config = read->config;
  if (config.layers < 1 || config.heads % config.kv_heads != 0 || config.rope_dim % 2 != 0 ||
      config.rope_dim > config.head_dim ||
      config.sliding.size() != static_cast<size_t>(config.layers)) {
    __builtin_trap();
  }
  (void)ParseHfConfig(WriteHfConfig(config, "bfloat16", {}), "again");
  return 0;
}
