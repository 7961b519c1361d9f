#pragma once
// A dataset's lines (OpenAI's chat JSONL) as each provider wants them.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "providers/provider_table.h"

namespace idiolect {

// One line in the provider's form; nullopt when it cannot be said there (nobody asks before the
// answer, or nothing is answered). kBadInput when it is no chat line. What is not OpenAI's form
// joins neighbouring messages of one role by a line break, as turns must alternate there.
Result<std::optional<std::string>> ConvertLine(std::string_view line, DataForm form);

struct PreparedFile {
  std::filesystem::path path;  // the dataset's own file where the form is OpenAI's
  std::string sha256;
  int64_t bytes = 0, lines = 0, left_out = 0;
};

// Writes `source` in the provider's form into `outbox`, or takes it as it is. The same input gives
// the same bytes, so the hash says whether the provider has it.
Result<PreparedFile> PrepareFile(const std::filesystem::path& source, DataForm form,
                                 const std::filesystem::path& outbox);

}  // namespace idiolect
