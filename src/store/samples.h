#pragma once
// Which dataset was built for whom, which message became which line of it, and which rule took the
// others: written by `dataset`, read by whoever follows a message to where it went. The lines
// themselves are in the dataset's files.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/message.h"

namespace idiolect {

class Database;

// Persisted: never renumber.
enum class Split : uint8_t { kTrain = 0, kValid = 1, kTest = 2 };
constexpr int kSplits = 3;
constexpr const char* SplitName(Split split) {
  return split == Split::kTrain ? "train" : split == Split::kValid ? "valid" : "test";
}

struct DatasetRow {
  int64_t id = 0;
  PersonId persona = 0;
  std::string folder;  // below datasets/
  std::string key;     // SHA-256 of everything that made it
  int64_t created_at = 0;
  std::string summary;  // JSON as `build --json` prints it
};

struct SampleRow {
  MessageId answer = 0, answer_last = 0;  // first and last message of the answer
  MessageId answers_to = 0;               // last message of the turn it answers
  MessageId conversation = 0;             // first message of the conversation
  double link = 0;                        // probability that it answers that turn
  Split split = Split::kTrain;
  int64_t line = 0;    // from 1, in the split's file
  double quality = 0;  // 0 to 1, docs/quality.md; 0 in datasets of before it was measured
};

struct RejectRow {
  MessageId message = 0;
  int rule = 0;  // RejectRule (dataset/reject_rules.h)
};

// Forgets the persona's dataset and adds this one with its rows; returns its id. Call inside a
// transaction. Rows in order of message id are added fastest.
Result<int64_t> ReplaceDataset(Database& database, const DatasetRow& dataset,
                               std::span<const SampleRow> samples,
                               std::span<const RejectRow> rejects);
// Forgets the persona's dataset with its rows; its files stay. Call inside a transaction.
Status ForgetDatasets(Database& database, PersonId persona);
Status SetDatasetSummary(Database& database, int64_t dataset_id, const std::string& summary);

// The persona's dataset, or nullopt when none was built.
Result<std::optional<DatasetRow>> NewestDatasetOf(Database& database, PersonId persona);
// Newest first.
Result<std::vector<DatasetRow>> ListDatasets(Database& database);

// In order of message id.
Result<std::vector<SampleRow>> ListSamples(Database& database, int64_t dataset_id);
Result<std::vector<RejectRow>> ListRejects(Database& database, int64_t dataset_id);

}  // namespace idiolect
