#pragma once
// A dataset in the forms that trainers load unchanged (docs/formats.md). Reads the dataset's own
// chat lines and writes a folder beside; the dataset itself is never touched.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/engine.h"

namespace idiolect {

enum class ExportFormat {
  kOpenAi,        // chat lines with weights, as the dataset has them
  kShareGpt,      // conversations of from and value
  kAlpaca,        // instruction, output, history
  kTrl,           // prompt and completion: TRL ignores weights
  kLlamaFactory,  // messages with tags and dataset_info.json
  kAxolotl,       // messages with a train flag each and a configuration
  kGemini,        // contents and parts
  kPreference,    // prompt, chosen, rejected
};
struct ExportFormatInfo {
  ExportFormat format;
  const char* name;
};
std::vector<ExportFormatInfo> ExportFormats();
// nullopt: no such format.
std::optional<ExportFormat> ExportFormatOf(std::string_view name);

// Another model's answer to a prompt, for kPreference; nullopt leaves the sample out (an empty
// answer, or the same as the person's).
using RejectedAnswer =
    std::function<Result<std::optional<std::string>>(const std::vector<ChatMessage>& prompt)>;

struct ExportOptions {
  ExportFormat format = ExportFormat::kOpenAi;
  std::string name = "persona";  // of the dataset in dataset_info.json and the configuration
  std::string base_model;        // in axolotl's configuration; empty: to be filled in
  // kPreference only.
  RejectedAnswer rejected;
  size_t most_pairs = 0;  // 0: all
};

struct ExportedFile {
  std::string name;
  int64_t samples = 0;  // 0: a file that is no data
};

// Writes the files of the format into `out` (made when missing; files of the same names are
// replaced, each whole) from train.jsonl, valid.jsonl and test.jsonl of `dataset`. Empty parts are
// left away, since loaders refuse empty files. kMisuse for preference without `rejected`.
Result<std::vector<ExportedFile>> ExportDataset(const std::filesystem::path& dataset,
                                                const std::filesystem::path& out,
                                                const ExportOptions& options);

// One sample as a line or array entry of the format, without line end. For kPreference `rejected`
// is the other answer.
std::string ExportSample(const TrainingSample& sample, ExportFormat format,
                         std::string_view rejected = {});

}  // namespace idiolect
