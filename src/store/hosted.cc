#include "store/hosted.h"

#include "store/database.h"

namespace idiolect {
namespace {

constexpr const char* kSteps[] = {"upload", "create", "follow", "test", "done"};

constexpr char kFileColumns[] =
    "provider, account, sha256, name, bytes, file_id, upload_id, part_ids, part_bytes, sent_at_ms";
constexpr char kRunColumns[] =
    "run_id, provider, account, key, step, model, persona, dataset, training_file, "
    "validation_file, job_id, last_event, created_at, create_sent_at_ms, options";

HostedStep StepOf(std::string_view name) {
  for (int i = 0; i < 5; ++i) {
    if (name == kSteps[i]) return static_cast<HostedStep>(i);
  }
  return HostedStep::kUpload;
}

Result<std::vector<HostedRun>> ReadRuns(Statement query) {
  std::vector<HostedRun> runs;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return runs;
    const auto text = [&query](int column) { return std::string(query.Text(column)); };
    HostedRun run;
    run.run_id = text(0);
    run.provider = text(1);
    run.account = text(2);
    run.key = text(3);
    run.step = StepOf(query.Text(4));
    run.model = text(5);
    run.persona = text(6);
    run.dataset = text(7);
    run.training_file = text(8);
    run.validation_file = text(9);
    run.job_id = text(10);
    run.last_event = text(11);
    run.created_at = query.Integer(12);
    run.create_sent_at_ms = query.Integer(13);
    run.options = text(14);
    runs.push_back(std::move(run));
  }
}

Result<std::optional<HostedRun>> FirstRun(Database& database, const char* where,
                                          const std::string& value) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("SELECT ") + kRunColumns +
                                                " FROM hosted_runs WHERE " + where +
                                                " = ?1 ORDER BY rowid DESC LIMIT 1"));
  query.Bind(1, value);
  ASSIGN_OR_RETURN(auto runs, ReadRuns(std::move(query)));
  if (runs.empty()) return std::optional<HostedRun>();
  return std::optional<HostedRun>(std::move(runs.front()));
}

}  // namespace

const char* HostedStepName(HostedStep step) {
  return kSteps[static_cast<int>(step)];
}

Status SaveHostedFile(Database& database, const HostedFile& file) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare(std::string("INSERT OR REPLACE INTO hosted_files(") +
                                    kFileColumns + ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"));
  query.Bind(1, file.provider).Bind(2, file.account).Bind(3, file.sha256).Bind(4, file.name);
  query.Bind(5, file.bytes).Bind(6, file.file_id).Bind(7, file.upload_id).Bind(8, file.part_ids);
  query.Bind(9, file.part_bytes).Bind(10, file.sent_at_ms);
  return query.Run();
}

Result<std::optional<HostedFile>> FindHostedFile(Database& database, const std::string& provider,
                                                 const std::string& account,
                                                 const std::string& sha256) {
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare(std::string("SELECT ") + kFileColumns +
                       " FROM hosted_files WHERE provider = ?1 AND account = ?2 AND sha256 = ?3"));
  query.Bind(1, provider).Bind(2, account).Bind(3, sha256);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<HostedFile>();
  HostedFile file;
  file.provider = provider;
  file.account = account;
  file.sha256 = sha256;
  file.name = query.Text(3);
  file.bytes = query.Integer(4);
  file.file_id = query.Text(5);
  file.upload_id = query.Text(6);
  file.part_ids = query.Text(7);
  file.part_bytes = query.Integer(8);
  file.sent_at_ms = query.Integer(9);
  return std::optional<HostedFile>(std::move(file));
}

Status SaveHostedRun(Database& database, const HostedRun& run) {
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare(std::string("INSERT INTO hosted_runs(") + kRunColumns +
                       ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15) "
                       "ON CONFLICT(run_id) DO UPDATE SET step = excluded.step, "
                       "training_file = excluded.training_file, "
                       "validation_file = excluded.validation_file, job_id = excluded.job_id, "
                       "last_event = excluded.last_event, "
                       "create_sent_at_ms = excluded.create_sent_at_ms"));
  query.Bind(1, run.run_id).Bind(2, run.provider).Bind(3, run.account).Bind(4, run.key);
  const std::string step = HostedStepName(run.step);
  query.Bind(5, step).Bind(6, run.model).Bind(7, run.persona).Bind(8, run.dataset);
  query.Bind(9, run.training_file).Bind(10, run.validation_file).Bind(11, run.job_id);
  query.Bind(12, run.last_event).Bind(13, run.created_at).Bind(14, run.create_sent_at_ms);
  query.Bind(15, run.options);
  return query.Run();
}

Result<std::optional<HostedRun>> FindHostedRunByKey(Database& database, const std::string& key) {
  return FirstRun(database, "key", key);
}

Result<std::optional<HostedRun>> FindHostedRunByJob(Database& database, const std::string& job_id) {
  return FirstRun(database, "job_id", job_id);
}

Result<std::vector<HostedRun>> ListHostedRuns(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("SELECT ") + kRunColumns +
                                                " FROM hosted_runs ORDER BY rowid DESC"));
  return ReadRuns(std::move(query));
}

Result<int64_t> CountPeopleInDataset(Database& database, int64_t dataset_id) {
  // A message's id holds its chat and its place in it: a conversation is a range of ids. Ranges of
  // one chat may interleave with others, hence "about".
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare("SELECT count(DISTINCT m.author) FROM (SELECT conversation AS first, "
                       "max(answer_last) AS last FROM samples WHERE dataset_id = ?1 "
                       "GROUP BY conversation) AS c "
                       "JOIN messages AS m ON m.id BETWEEN c.first AND c.last AND m.author > 0"));
  query.Bind(1, dataset_id);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Integer(0) : 0;
}

}  // namespace idiolect
