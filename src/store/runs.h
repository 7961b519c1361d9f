#pragma once
// What ran, with which inputs: so that a stage whose inputs, options and code version have not
// changed is skipped, and `--explain` can say why.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"

namespace idiolect {

class Database;

// The parts of a run's key, by name, so that a difference can be named.
using RunKey = std::map<std::string, std::string>;

struct RunRecord {
  RunKey key;
  int64_t finished_at = 0;
  std::string summary;  // the stage's own JSON, what --json prints
};

// The latest finished run of the stage, or nullopt.
Result<std::optional<RunRecord>> LastRun(Database& database, const std::string& stage);
Status RecordRun(Database& database, const std::string& stage, const RunRecord& record);

// In words what differs: "options.gap: 3600 → 7200"; empty when the keys are equal.
std::string ExplainDifference(const RunKey& before, const RunKey& now);

}  // namespace idiolect
