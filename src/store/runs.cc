#include "store/runs.h"

#include <nlohmann/json.hpp>

#include "store/database.h"

namespace idiolect {

Result<std::optional<RunRecord>> LastRun(Database& database, const std::string& stage) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT finished_at, key, summary FROM runs WHERE stage = ?1 "
                                    "ORDER BY rowid DESC LIMIT 1"));
  query.Bind(1, stage);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<RunRecord>();
  RunRecord record;
  record.finished_at = query.Integer(0);
  record.summary = query.Text(2);
  const auto key = nlohmann::json::parse(query.Text(1), nullptr, /*allow_exceptions=*/false);
  if (key.is_object()) {
    for (const auto& [name, value] : key.items()) {
      if (value.is_string()) record.key[name] = value.get<std::string>();
    }
  }
  return std::optional<RunRecord>(std::move(record));
}

Status RecordRun(Database& database, const std::string& stage, const RunRecord& record) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("INSERT INTO runs(stage, finished_at, key, summary) "
                                    "VALUES(?1, ?2, ?3, ?4)"));
  const std::string key =
      nlohmann::json(record.key).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  query.Bind(1, stage).Bind(2, record.finished_at).Bind(3, key).Bind(4, record.summary);
  return query.Run();
}

std::string ExplainDifference(const RunKey& before, const RunKey& now) {
  std::string out;
  const auto add = [&out](const std::string& line) {
    if (!out.empty()) out += "; ";
    out += line;
  };
  for (const auto& [name, value] : now) {
    const auto old = before.find(name);
    if (old == before.end()) {
      add(name + ": new, " + value);
    } else if (old->second != value) {
      add(name + ": " + old->second + " → " + value);
    }
  }
  for (const auto& [name, value] : before) {
    if (now.count(name) == 0) add(name + ": no longer, was " + value);
  }
  return out;
}

}  // namespace idiolect
