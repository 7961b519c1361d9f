#pragma once
// A base model on disk, in either form: one GGUF file, or a folder of Hugging Face's (config.json,
// safetensors, tokenizer.json). Whoever needs weights, tokenizer or template asks here and need not
// know which it is. Weights come by GGUF's names; what several projections share is taken apart.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/chat_template.h"
#include "engine/files/gguf.h"
#include "engine/files/model_config.h"
#include "engine/files/safetensors.h"
#include "engine/files/tokenizer.h"
#include "engine/files/tokenizer_spec.h"

namespace idiolect {

// Constant after Open, hence thread-safe. The files are mapped, not loaded.
class ModelFile {
 public:
  // Fails with kNotFound when there is nothing at `path`; kBadInput when it is no sound model or
  // one that the engine does not have: the message says which file and field.
  static Result<ModelFile> Open(const std::filesystem::path& path);
  static Result<ModelFile> FromGguf(GgufFile file);

  const ModelConfig& config() const { return config_; }
  const std::vector<ModelTensor>& tensors() const { return tensors_; }
  const ModelTensor* FindTensor(std::string_view name) const;
  int64_t CountParameters() const;

  Result<Tokenizer> ReadTokenizer() const;
  // What the tokenizer was built from. Views in it live as long as this and it.
  Result<OwnedTokenizerSpec> ReadTokenizerSpec() const;
  // Jinja; nullopt: there is none.
  Result<std::optional<std::string>> ReadTemplateText() const;
  // From the template text, or where there is none from the vocabulary.
  Result<ChatTemplate> ReadChatTemplate(const Tokenizer& tokenizer) const;

  // Null for a folder; empty for a GGUF file.
  const GgufFile* gguf() const { return gguf_.get(); }
  const std::filesystem::path& folder() const { return folder_; }
  const std::string& name() const { return name_; }  // the path, for messages

 private:
  ModelFile() = default;
  static Result<ModelFile> OpenFolder(const std::filesystem::path& folder);

  std::string name_;
  ModelConfig config_;
  std::unique_ptr<GgufFile> gguf_;
  std::filesystem::path folder_;
  std::vector<SafetensorsFile> shards_;
  std::vector<ModelTensor> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
};

}  // namespace idiolect
