#include "store/jobs.h"

#include "store/database.h"

namespace idiolect {
namespace {

constexpr char kColumns[] =
    "id, provider, model, persona, dataset, status, key, hyperparameters, fine_tuned_model, "
    "adapter, error, result, created_at, finished_at";

Job ReadJob(const Statement& row) {
  const auto text = [&row](int column) { return std::string(row.Text(column)); };
  Job job;
  job.id = text(0);
  job.provider = text(1);
  job.model = text(2);
  job.persona = text(3);
  job.dataset = text(4);
  job.status = text(5);
  job.key = text(6);
  job.hyperparameters = text(7);
  job.fine_tuned_model = text(8);
  job.adapter = text(9);
  job.error = text(10);
  job.result = text(11);
  job.created_at = row.Integer(12);
  job.finished_at = row.Integer(13);
  return job;
}

Result<std::vector<Job>> ReadJobs(Statement query) {
  std::vector<Job> jobs;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return jobs;
    jobs.push_back(ReadJob(query));
  }
}

// OpenAI's job events carry the step of a metrics event in `data`; the table keeps it apart so that
// events past a checkpoint can be found.
int64_t StepOf(const JobEvent& event) {
  const size_t at = event.data.find("\"step\":");
  return at == std::string::npos ? 0 : std::strtoll(event.data.c_str() + at + 7, nullptr, 10);
}

Result<std::vector<JobEvent>> ReadEvents(Statement query) {
  std::vector<JobEvent> events;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return events;
    JobEvent event;
    event.id = query.Integer(0);
    event.created_at = query.Integer(1);
    event.level = query.Text(2);
    event.type = query.Text(3);
    event.message = query.Text(4);
    event.data = query.Text(5);
    events.push_back(std::move(event));
  }
}

}  // namespace

Status SaveJob(Database& database, const Job& job) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare(std::string("INSERT INTO jobs(") + kColumns +
                                    ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14) "
                                    "ON CONFLICT(id) DO UPDATE SET status = excluded.status, "
                                    "fine_tuned_model = excluded.fine_tuned_model, "
                                    "adapter = excluded.adapter, error = excluded.error, "
                                    "result = excluded.result, finished_at = excluded.finished_at, "
                                    "hyperparameters = excluded.hyperparameters"));
  query.Bind(1, job.id).Bind(2, job.provider).Bind(3, job.model).Bind(4, job.persona);
  query.Bind(5, job.dataset).Bind(6, job.status).Bind(7, job.key).Bind(8, job.hyperparameters);
  query.Bind(9, job.fine_tuned_model).Bind(10, job.adapter).Bind(11, job.error);
  query.Bind(12, job.result).Bind(13, job.created_at).Bind(14, job.finished_at);
  return query.Run();
}

Result<std::optional<Job>> FindJob(Database& database, const std::string& id) {
  ASSIGN_OR_RETURN(
      auto query, database.Prepare(std::string("SELECT ") + kColumns + " FROM jobs WHERE id = ?1"));
  query.Bind(1, id);
  ASSIGN_OR_RETURN(auto jobs, ReadJobs(std::move(query)));
  if (jobs.empty()) return std::optional<Job>();
  return std::optional<Job>(std::move(jobs.front()));
}

Result<std::optional<Job>> FindJobByKey(Database& database, const std::string& key) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare(std::string("SELECT ") + kColumns +
                                    " FROM jobs WHERE key = ?1 ORDER BY rowid DESC LIMIT 1"));
  query.Bind(1, key);
  ASSIGN_OR_RETURN(auto jobs, ReadJobs(std::move(query)));
  if (jobs.empty()) return std::optional<Job>();
  return std::optional<Job>(std::move(jobs.front()));
}

Result<std::vector<Job>> ListJobs(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string("SELECT ") + kColumns +
                                                " FROM jobs ORDER BY rowid DESC"));
  return ReadJobs(std::move(query));
}

Status SaveJobRequest(Database& database, const JobRequest& request) {
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare("INSERT OR REPLACE INTO job_requests(job_id, training_file, "
                       "validation_file, suffix, seed, method, integrations, metadata, error_code, "
                       "error_param, result_file, wanted) "
                       "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"));
  query.Bind(1, request.job_id).Bind(2, request.training_file).Bind(3, request.validation_file);
  query.Bind(4, request.suffix).Bind(5, request.seed).Bind(6, request.method);
  query.Bind(7, request.integrations).Bind(8, request.metadata).Bind(9, request.error_code);
  query.Bind(10, request.error_param).Bind(11, request.result_file).Bind(12, request.wanted);
  return query.Run();
}

Result<std::optional<JobRequest>> FindJobRequest(Database& database, const std::string& job_id) {
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare("SELECT training_file, validation_file, suffix, seed, method, integrations, "
                       "metadata, error_code, error_param, result_file, wanted "
                       "FROM job_requests WHERE job_id = ?1"));
  query.Bind(1, job_id);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<JobRequest>();
  JobRequest request;
  request.job_id = job_id;
  request.training_file = query.Text(0);
  request.validation_file = query.Text(1);
  request.suffix = query.Text(2);
  request.seed = query.Integer(3);
  request.method = query.Text(4);
  request.integrations = query.Text(5);
  request.metadata = query.Text(6);
  request.error_code = query.Text(7);
  request.error_param = query.Text(8);
  request.result_file = query.Text(9);
  request.wanted = query.Text(10);
  return std::optional<JobRequest>(std::move(request));
}

Status AddJobEvent(Database& database, const std::string& job_id, const JobEvent& event) {
  ASSIGN_OR_RETURN(
      auto query, database.Prepare(
                      "INSERT INTO job_events(job_id, created_at, level, type, message, data, step)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  query.Bind(1, job_id).Bind(2, event.created_at).Bind(3, event.level).Bind(4, event.type);
  query.Bind(5, event.message).Bind(6, event.data).Bind(7, StepOf(event));
  return query.Run();
}

Result<std::vector<JobEvent>> ListJobEvents(Database& database, const std::string& job_id) {
  return ListJobEventsAfter(database, job_id, 0);
}

Result<std::vector<JobEvent>> ListJobEventsAfter(Database& database, const std::string& job_id,
                                                 int64_t after) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT id, created_at, level, type, message, data "
                                    "FROM job_events WHERE job_id = ?1 AND id > ?2 ORDER BY id"));
  query.Bind(1, job_id).Bind(2, after);
  return ReadEvents(std::move(query));
}

Result<std::vector<JobEvent>> ListNewestJobEvents(Database& database, const std::string& job_id,
                                                  int64_t before, int64_t limit) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT id, created_at, level, type, message, data "
                                    "FROM job_events WHERE job_id = ?1 AND (?2 = 0 OR id < ?2) "
                                    "ORDER BY id DESC LIMIT ?3"));
  query.Bind(1, job_id).Bind(2, before).Bind(3, limit);
  return ReadEvents(std::move(query));
}

Status DropJobEventsAfterStep(Database& database, const std::string& job_id, int64_t step) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("DELETE FROM job_events WHERE job_id = ?1 AND step > ?2"));
  query.Bind(1, job_id).Bind(2, step);
  return query.Run();
}

}  // namespace idiolect
