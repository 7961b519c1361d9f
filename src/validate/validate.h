#pragma once
// Checks a training file (JSONL, conversations or preference pairs in OpenAI's form) before money
// or hours are spent on it: all of the OpenAI cookbook's checks with its names, and the rules that
// hold now. Each fault has its line and column; tokens are counted. `mend.h` mends what can be
// mended; `prices.h` says what it costs. docs/validation.md lists the rules and each difference
// from the notebook. Faults never quote what people wrote.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokens/token_counter.h"
#include "validate/fault.h"

namespace idiolect {

struct ValidateOptions {
  size_t max_tokens_per_example = 65'536;  // of gpt-4o and gpt-4.1; 16,385 of gpt-3.5
  uint64_t max_bytes = 512u << 20;
  size_t min_examples = 10;
  size_t most_findings = 1000;  // kept; all are counted
};

// Of one figure over the examples; zeros without examples. Quantiles as numpy's, by line between
// neighbours.
struct Distribution {
  double min = 0, max = 0, mean = 0, median = 0, p5 = 0, p95 = 0;
};

// What the notebook itself would count, its rules of 2023 unchanged.
struct NotebookCounts {
  size_t data_type = 0, missing_messages_list = 0, message_missing_key = 0,
         message_unrecognized_key = 0, unrecognized_role = 0, missing_content = 0,
         example_missing_assistant_message = 0;
};

struct ValidationReport {
  size_t lines = 0;     // not blank
  size_t examples = 0;  // lines that are an object with messages
  size_t preferences = 0;
  size_t images = 0;
  std::array<size_t, kFaultKinds> counts{};  // by FaultKind
  std::vector<Finding> findings;             // in the file's order
  NotebookCounts notebook;
  size_t missing_system = 0, missing_user = 0;
  std::string counter;  // what counted the tokens
  bool exact_tokens = true;
  uint64_t tokens = 0;            // 3 an example, 3 a message, all values, 1 a name
  uint64_t billable_tokens = 0;   // no more than the limit of each example
  uint64_t assistant_tokens = 0;  // contents of the assistant
  Distribution messages, tokens_each, assistant_tokens_each;
  std::vector<uint32_t> example_tokens;  // of each example, in order

  size_t Count(FaultKind kind) const { return counts[static_cast<size_t>(kind)]; }
  size_t Errors() const;
  size_t Warnings() const;
  // What is trained when examples are cut at `limit` tokens; 0: not cut.
  uint64_t TokensWithin(uint64_t limit) const;
};

// Reads in one pass; memory is a line and what is kept of faults. The counter is the caller's.
ValidationReport ValidateBytes(std::string_view bytes, const ValidateOptions& options,
                               TokenCounter& counter);
// Fails only when the file cannot be read; what is in it is the report's business.
Result<ValidationReport> ValidateFile(const std::filesystem::path& path,
                                      const ValidateOptions& options, TokenCounter& counter);

// The notebook's guess of what "auto" epochs are: 3, more for under 34 examples, fewer for over
// 8,333.
int GuessEpochs(size_t examples);

}  // namespace idiolect
