#pragma once
// A base model and an adapter as files that other programs load: merged into one model (GGUF, or a
// folder of safetensors), or the adapter alone (GGUF for llama.cpp's --lora; PEFT's folder is
// lora_files.h's). Weights pass by in pieces, so that memory does not grow with the model. Whatever
// the form, the numbers are those that our own decoder computes with: merged in f32, then rounded.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/files/lora_files.h"
#include "engine/files/model_file.h"

namespace idiolect {

struct ModelExport {
  const ModelFile* base = nullptr;
  const LoraAdapter* adapter = nullptr;  // null: the base alone
  // Instead of the base's own weights, each by GGUF's name: those that were trained as a whole.
  // Rows of q and k in the halves order, norms with their family's offset added.
  const std::map<std::string, std::span<const float>, std::less<>>* weights = nullptr;
  // Of the matrices; norms and biases are f32 in GGUF. Rows that are no whole blocks, and in Q4_0
  // the embedding and the head, take the next wider type.
  GgmlType type = GgmlType::kF16;
  std::string name;    // general.name
  std::string system;  // for the Modelfile
  // Told how many bytes of weights have been written; false: stop, with kInterrupted.
  std::function<bool(int64_t)> on_bytes;
};

// How many bytes of weights there will be.
int64_t CountExportBytes(const ModelExport& options);

// One GGUF file with tokenizer and chat template inside, and a Modelfile for Ollama beside it,
// named after it. Fails with kBadInput when the adapter does not fit the base or a number does not
// fit the type.
Status WriteMergedGguf(const ModelExport& options, const std::filesystem::path& file);

// A folder in Hugging Face's form. Types: F32, F16, BF16.
Status WriteMergedFolder(const ModelExport& options, const std::filesystem::path& folder);

// The adapter alone, for llama.cpp. The scale is folded in; `type` must be F32, F16 or BF16.
Status WriteGgufLora(const ModelExport& options, const std::filesystem::path& file);

}  // namespace idiolect
