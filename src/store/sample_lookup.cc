#include "store/sample_lookup.h"

#include "store/database.h"

namespace idiolect {
namespace {

constexpr char kColumns[] =
    "SELECT s.answer, s.answer_last, s.answers_to, s.conversation, s.link, s.split, s.line, "
    "d.folder FROM samples s JOIN datasets d ON d.id = s.dataset_id ";

SampleRow RowOf(const Statement& row) {
  return {row.Integer(0), row.Integer(1), row.Integer(2),
          row.Integer(3), row.Real(4),    static_cast<Split>(row.Integer(5)),
          row.Integer(6)};
}

}  // namespace

Result<std::optional<SampleRow>> FindSampleAt(Database& database, MessageId message,
                                              std::string* folder) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string(kColumns) +
                                                "WHERE s.answer <= ?1 AND s.answer_last >= ?1 "
                                                "ORDER BY s.answer DESC LIMIT 1"));
  ASSIGN_OR_RETURN(const bool row, query.Bind(1, message).Step());
  if (!row) return std::optional<SampleRow>();
  if (folder != nullptr) *folder = query.Text(7);
  return std::optional(RowOf(query));
}

Result<std::optional<int>> FindRejectOf(Database& database, MessageId message,
                                        std::string* folder) {
  ASSIGN_OR_RETURN(auto query,
                   database.Prepare("SELECT r.rule, d.folder FROM rejects r JOIN datasets d ON "
                                    "d.id = r.dataset_id WHERE r.message_id = ?1"));
  ASSIGN_OR_RETURN(const bool row, query.Bind(1, message).Step());
  if (!row) return std::optional<int>();
  if (folder != nullptr) *folder = query.Text(1);
  return std::optional(static_cast<int>(query.Integer(0)));
}

Result<std::vector<SampleRow>> FindAnswersTo(Database& database, MessageId message) {
  ASSIGN_OR_RETURN(auto query, database.Prepare(std::string(kColumns) +
                                                "WHERE s.answers_to = ?1 ORDER BY s.answer"));
  query.Bind(1, message);
  std::vector<SampleRow> samples;
  for (;;) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return samples;
    samples.push_back(RowOf(query));
  }
}

}  // namespace idiolect
