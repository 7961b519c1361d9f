#include "analysis/training_estimate.h"

#include <cmath>

#include "base/file.h"
#include "tokens/token_counter.h"
#include "validate/validate.h"

namespace idiolect {
namespace {

constexpr size_t kCountedBytes = size_t{384} << 10;

}  // namespace

Result<TrainingEstimate> EstimateTraining(const std::filesystem::path& train_file,
                                          const std::filesystem::path& workspace,
                                          uint64_t examples) {
  TrainingEstimate estimate;
  ASSIGN_OR_RETURN(estimate.prices, LoadPrices({}, workspace));
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(train_file));
  std::string_view counted = file.bytes();
  if (counted.size() > kCountedBytes) {
    // Whole lines only; a single line longer than that is counted whole.
    size_t end = counted.rfind('\n', kCountedBytes);
    if (end == std::string_view::npos) end = counted.find('\n');
    if (end != std::string_view::npos) counted = counted.substr(0, end + 1);
  }
  estimate.carried_over = counted.size() < file.bytes().size();
  const double times = counted.empty() ? 1
                                       : static_cast<double>(file.bytes().size()) /
                                             static_cast<double>(counted.size());
  const auto counter = OpenBestCounter();
  const ValidationReport report = ValidateBytes(counted, {}, *counter);
  estimate.counter = counter->Name();
  estimate.exact_counter = counter->IsExact();
  const auto carried = [times](uint64_t tokens) {
    return static_cast<uint64_t>(std::llround(static_cast<double>(tokens) * times));
  };
  estimate.tokens = carried(report.tokens);
  estimate.billable_tokens = carried(report.billable_tokens);
  estimate.epochs = GuessEpochs(examples);
  return estimate;
}

}  // namespace idiolect
