#pragma once
// A tokenizer's description written in the two forms that other programs read: GGUF's metadata and
// Hugging Face's tokenizer.json. The counterpart of gguf_tokenizer.cc and tokenizer_json.cc.

#include <cstdint>
#include <string>

#include "engine/files/gguf_header.h"
#include "engine/files/tokenizer_spec.h"

namespace idiolect {

// Adds tokenizer.ggml.*. Llama.cpp wants a token for each of the embedding's `rows`: what the
// tokenizer lacks is filled with unused ones.
void AddTokenizer(const TokenizerSpec& spec, int64_t rows, GgufHeader* header);

// tokenizer.json.
std::string TokenizerJsonOf(const TokenizerSpec& spec);
// tokenizer_config.json and generation_config.json.
std::string TokenizerConfigOf(const TokenizerSpec& spec, int64_t context_length);
std::string GenerationConfigOf(const TokenizerSpec& spec, const std::vector<int32_t>& ends);

}  // namespace idiolect
