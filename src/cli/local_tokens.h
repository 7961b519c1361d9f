#pragma once
// How a local base model would read a training file: its own tokenizer and chat template, without
// loading the engine.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace idiolect {

struct LocalTokens {
  int64_t tokens = 0;   // templates included, nothing cut
  int64_t learned = 0;  // of the assistant's answers and their ends
};

// kBadInput when the file is no training file or the model's template cannot render it.
Result<LocalTokens> CountLocalTokens(const std::filesystem::path& training_file,
                                     const std::filesystem::path& model);

}  // namespace idiolect
