#pragma once
// Tokenizers and chat templates as Hugging Face's folders keep them: tokenizer.json,
// tokenizer_config.json, generation_config.json, chat_template.jinja. What is read becomes the same
// Tokenizer as a GGUF file's. Supported: byte-level BPE with the pre-tokenizers of pretokenize.h,
// BPE with byte fallback over ▁ (Gemma, Llama 2), and unigram over ▁. Whatever else a
// tokenizer.json may ask for is an error that names the field.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/files/tokenizer.h"

namespace idiolect {

// The texts of the files. Only `tokenizer` must be there.
struct TokenizerFolderTexts {
  std::string tokenizer;   // tokenizer.json
  std::string config;      // tokenizer_config.json: BOS, EOS, padding
  std::string generation;  // generation_config.json: more ends
};

// `what` names the folder in errors.
Result<Tokenizer> ParseTokenizerJson(const TokenizerFolderTexts& texts, const std::string& what);

// Fails with kNotFound when the folder has no tokenizer.json, else as above with kBadInput.
Result<Tokenizer> ReadTokenizerFolder(const std::filesystem::path& folder);

// The Jinja text of the folder's chat template, from chat_template.jinja or tokenizer_config.json;
// empty when it has none.
Result<std::string> ReadTemplateOfFolder(const std::filesystem::path& folder);

}  // namespace idiolect
