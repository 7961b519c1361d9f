#include "store/samples.h"

#include <utility>

#include "store/database.h"

namespace idiolect {
namespace {

constexpr char kDatasetColumns[] =
    "SELECT id, persona, folder, key, created_at, summary FROM datasets ";

DatasetRow DatasetOf(const Statement& row) {
  DatasetRow dataset;
  dataset.id = row.Integer(0);
  dataset.persona = row.Integer(1);
  dataset.folder = row.Text(2);
  dataset.key = row.Text(3);
  dataset.created_at = row.Integer(4);
  dataset.summary = row.Text(5);
  return dataset;
}

}  // namespace

// All rows of a table go faster than chosen ones, and mostly there is one persona.
Status ForgetDatasets(Database& database, PersonId persona) {
  ASSIGN_OR_RETURN(auto others, database.Prepare("SELECT 1 FROM datasets WHERE persona<>?1"));
  ASSIGN_OR_RETURN(const bool chosen, others.Bind(1, persona).Step());
  others.Reset();
  const std::string of_persona =
      chosen ? " WHERE dataset_id IN (SELECT id FROM datasets WHERE persona=?1)" : "";
  for (const std::string& sql :
       {"DELETE FROM samples" + of_persona, "DELETE FROM rejects" + of_persona,
        std::string("DELETE FROM datasets WHERE persona=?1")}) {
    ASSIGN_OR_RETURN(auto remove, database.Prepare(sql));
    if (sql.ends_with("?1") || sql.ends_with("?1)")) remove.Bind(1, persona);
    RETURN_IF_ERROR(remove.Run());
  }
  return {};
}

Result<int64_t> ReplaceDataset(Database& database, const DatasetRow& dataset,
                               std::span<const SampleRow> samples,
                               std::span<const RejectRow> rejects) {
  RETURN_IF_ERROR(ForgetDatasets(database, dataset.persona));
  ASSIGN_OR_RETURN(auto add, database.Prepare("INSERT INTO datasets(persona, folder, key, "
                                              "created_at, summary) VALUES(?1,?2,?3,?4,?5)"));
  add.Bind(1, dataset.persona).Bind(2, dataset.folder).Bind(3, dataset.key);
  RETURN_IF_ERROR(add.Bind(4, dataset.created_at).Bind(5, dataset.summary).Run());
  const int64_t id = database.LastInsertId();

  ASSIGN_OR_RETURN(auto sample, database.Prepare("INSERT INTO samples VALUES(?1,?2,?3,?4,?5,?6,?7,"
                                                 "?8,?9)"));
  sample.Bind(8, id);
  for (const SampleRow& row : samples) {
    sample.Bind(1, row.answer).Bind(2, row.answer_last).Bind(3, row.answers_to);
    sample.Bind(4, row.conversation).Bind(5, row.link).Bind(6, static_cast<int64_t>(row.split));
    RETURN_IF_ERROR(sample.Bind(7, row.line).Bind(9, row.quality).Run());
  }
  ASSIGN_OR_RETURN(auto reject, database.Prepare("INSERT INTO rejects VALUES(?1,?2,?3)"));
  reject.Bind(3, id);
  for (const RejectRow& row : rejects) {
    RETURN_IF_ERROR(reject.Bind(1, row.message).Bind(2, int64_t{row.rule}).Run());
  }
  return id;
}

Status SetDatasetSummary(Database& database, int64_t dataset_id, const std::string& summary) {
  ASSIGN_OR_RETURN(auto set, database.Prepare("UPDATE datasets SET summary=?2 WHERE id=?1"));
  return set.Bind(1, dataset_id).Bind(2, summary).Run();
}

Result<std::optional<DatasetRow>> NewestDatasetOf(Database& database, PersonId persona) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string(kDatasetColumns) +
                                                "WHERE persona=?1 ORDER BY id DESC LIMIT 1"));
  ASSIGN_OR_RETURN(const bool row, query.Bind(1, persona).Step());
  return row ? std::optional(DatasetOf(query)) : std::nullopt;
}

Result<std::vector<DatasetRow>> ListDatasets(Database& database) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string(kDatasetColumns) + "ORDER BY id DESC"));
  std::vector<DatasetRow> datasets;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return datasets;
    datasets.push_back(DatasetOf(query));
  }
}

Result<std::vector<SampleRow>> ListSamples(Database& database, int64_t dataset_id) {
  ASSIGN_OR_RETURN(
      auto query,
      database.Prepare("SELECT answer, answer_last, answers_to, conversation, link, "
                       "split, line, quality FROM samples WHERE dataset_id=?1 ORDER BY answer"));
  query.Bind(1, dataset_id);
  std::vector<SampleRow> samples;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return samples;
    samples.push_back({query.Integer(0), query.Integer(1), query.Integer(2), query.Integer(3),
                       query.Real(4), static_cast<Split>(query.Integer(5)), query.Integer(6),
                       query.Real(7)});
  }
}

Result<std::vector<RejectRow>> ListRejects(Database& database, int64_t dataset_id) {
  ASSIGN_OR_RETURN(auto query, database.Prepare("SELECT message_id, rule FROM rejects WHERE "
                                                "dataset_id=?1 ORDER BY message_id"));
  query.Bind(1, dataset_id);
  std::vector<RejectRow> rejects;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rejects;
    rejects.push_back({query.Integer(0), static_cast<int>(query.Integer(1))});
  }
}

}  // namespace idiolect
