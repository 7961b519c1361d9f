#include "validate/validate.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "validate/located_json.h"
#include "validate/rules.h"

namespace idiolect {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The notebook's own counting, line by line of its Python. Where it would end with an exception (a
// list in place of an object) nothing is counted.
void CountAsNotebook(const JsonValue& example, NotebookCounts* counts) {
  if (!example.IsObject()) {
    ++counts->data_type;
    return;
  }
  const JsonValue* messages = example.Find("messages");
  if (messages == nullptr || !messages->IsArray() || messages->items.empty()) {
    ++counts->missing_messages_list;
    return;
  }
  bool assistant = false;
  for (const JsonValue& message : messages->items) {
    if (!message.IsObject()) continue;
    const JsonValue* role = message.Find("role");
    const JsonValue* content = message.Find("content");
    const JsonValue* call = message.Find("function_call");
    if (role == nullptr || content == nullptr) ++counts->message_missing_key;
    const bool unknown = std::any_of(message.keys.begin(), message.keys.end(), [](const auto& key) {
      return key != "role" && key != "content" && key != "name" && key != "function_call" &&
             key != "weight";
    });
    if (unknown) ++counts->message_unrecognized_key;
    const bool known = HasRole(message, "system") || HasRole(message, "user") ||
                       HasRole(message, "assistant") || HasRole(message, "function");
    if (!known) ++counts->unrecognized_role;
    const bool called = call != nullptr && call->kind != JsonValue::Kind::kNull &&
                        !(call->text.empty() && call->items.empty());
    const bool is_text = content != nullptr && content->IsString();
    if (!is_text || (content->text.empty() && !called)) ++counts->missing_content;
    assistant |= HasRole(message, "assistant");
  }
  if (!assistant) ++counts->example_missing_assistant_message;
}

size_t TokensOf(const JsonValue& value, TokenCounter& counter) {
  switch (value.kind) {
    case JsonValue::Kind::kString:
      return counter.Count(value.text);
    case JsonValue::Kind::kNull:
      return 0;
    default: {
      std::string text;
      AppendJson(value, &text);
      return counter.Count(text);
    }
  }
}

// The words of a content that is a list of parts; pictures are not counted.
size_t TokensOfContent(const JsonValue& content, TokenCounter& counter) {
  if (!content.IsArray()) return TokensOf(content, counter);
  size_t tokens = 0;
  for (const JsonValue& part : content.items) {
    if (const JsonValue* text = part.Find("text"); text != nullptr && text->IsString()) {
      tokens += counter.Count(text->text);
    }
  }
  return tokens;
}

struct ExampleTokens {
  size_t all = 0, assistant = 0;
};

void AddMessages(const std::vector<JsonValue>& messages, TokenCounter& counter,
                 ExampleTokens* tokens) {
  for (const JsonValue& message : messages) {
    tokens->all += 3;
    for (size_t i = 0; i < message.keys.size(); ++i) {
      const std::string& key = message.keys[i];
      if (key == "weight") continue;  // no word of it reaches the model
      const size_t count = key == "content" ? TokensOfContent(message.items[i], counter)
                                            : TokensOf(message.items[i], counter);
      tokens->all += count + (key == "name" ? 1 : 0);
      if (key == "content" && HasRole(message, "assistant")) tokens->assistant += count;
    }
  }
}

Distribution DistributionOf(std::vector<double>& values) {
  Distribution d;
  if (values.empty()) return d;
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double share) {
    const double at = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<size_t>(at);
    const size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
  };
  d.min = values.front();
  d.max = values.back();
  for (const double value : values) d.mean += value / static_cast<double>(values.size());
  d.median = quantile(0.5);
  d.p5 = quantile(0.05);
  d.p95 = quantile(0.95);
  return d;
}

class Pass {
 public:
  Pass(const ValidateOptions& options, TokenCounter& counter)
      : options_(options), counter_(counter) {
    report_.counter = counter.Name();
    report_.exact_tokens = counter.IsExact();
  }

  void Whole(std::string_view bytes) {
    if (bytes.size() > options_.max_bytes) {
      Add(FaultKind::kFileTooLarge, 0, 0,
          std::to_string(bytes.size()) + " bytes; " + std::to_string(options_.max_bytes) +
              " at most");
    }
    if (bytes.starts_with(kByteOrderMark)) {
      Add(FaultKind::kByteOrderMark, 1, 1);
      bytes.remove_prefix(kByteOrderMark.size());
    }
    for (size_t number = 1; !bytes.empty(); ++number) {
      const size_t end = std::min(bytes.find('\n'), bytes.size());
      Line(bytes.substr(0, end), number);
      bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
    if (report_.examples < options_.min_examples) {
      Add(FaultKind::kTooFewExamples, 0, 0,
          std::to_string(report_.examples) + "; at least " + std::to_string(options_.min_examples));
    }
  }

  ValidationReport Finish() {
    report_.messages = DistributionOf(messages_);
    report_.tokens_each = DistributionOf(tokens_);
    report_.assistant_tokens_each = DistributionOf(assistant_tokens_);
    return std::move(report_);
  }

 private:
  void Add(FaultKind kind, size_t line, size_t column, std::string detail = {}) {
    ++report_.counts[static_cast<size_t>(kind)];
    if (report_.findings.size() < options_.most_findings) {
      report_.findings.push_back({kind, line, column, std::move(detail)});
    }
  }

  void Line(std::string_view line, size_t number) {
    if (TrimSpace(line).empty()) return Add(FaultKind::kBlankLine, number, 1);
    ++report_.lines;
    std::string repaired;
    if (!IsUtf8(line)) {
      Add(FaultKind::kNotUtf8, number, CountCodePoints(RepairUtf8(WellFormed(line))) + 1);
      repaired = RepairUtf8(line);
      line = repaired;
    }
    const auto column = [line](size_t at) { return CountCodePoints(line.substr(0, at)) + 1; };
    const auto json = ParseLocatedJson(line);
    if (!json) {
      return Add(FaultKind::kInvalidJson, number, column(json.error().at), json.error().what);
    }
    if (!seen_.insert(Hash64(TrimSpace(line))).second) {
      Add(FaultKind::kDuplicateExample, number, 1);
    }
    CountAsNotebook(*json, &report_.notebook);
    CheckedExample checked = CheckExample(*json);
    std::stable_sort(checked.faults.begin(), checked.faults.end(),
                     [](const FaultAt& a, const FaultAt& b) { return a.at < b.at; });
    for (FaultAt& fault : checked.faults) {
      Add(fault.kind, number, column(fault.at), std::move(fault.detail));
    }
    report_.images += checked.images;
    if (checked.form == ExampleForm::kNone) return;
    if (form_ == ExampleForm::kNone) form_ = checked.form;
    if (form_ != checked.form) Add(FaultKind::kMixedFormats, number, 1);
    if (checked.form == ExampleForm::kPreference) ++report_.preferences;
    Measure(*json, number);
  }

  // The beginning of `line` that is UTF-8.
  static std::string_view WellFormed(std::string_view line) {
    size_t at = 0;
    while (at < line.size()) {
      size_t next = at;
      NextCodePoint(line, &next);
      if (!IsUtf8(line.substr(at, next - at))) break;
      at = next;
    }
    return line.substr(0, at);
  }

  void Measure(const JsonValue& example, size_t number) {
    ++report_.examples;
    ExampleTokens tokens{3, 0};
    size_t count = 0;
    bool system = false, user = false;
    if (const JsonValue* messages = MessagesOf(example)) {
      AddMessages(messages->items, counter_, &tokens);
      count = messages->items.size();
      for (const JsonValue& message : messages->items) {
        system |= HasRole(message, "system") || HasRole(message, "developer");
        user |= HasRole(message, "user");
      }
    }
    for (const JsonValue* side : {PreferredOf(example), NonPreferredOf(example)}) {
      if (side != nullptr) AddMessages(side->items, counter_, &tokens);
    }
    report_.missing_system += system ? 0 : 1;
    report_.missing_user += user ? 0 : 1;
    if (tokens.all > options_.max_tokens_per_example) {
      Add(FaultKind::kTooLong, number, 1,
          std::to_string(tokens.all) + " tokens; " +
              std::to_string(options_.max_tokens_per_example) + " are read");
    }
    report_.tokens += tokens.all;
    report_.billable_tokens += std::min(tokens.all, options_.max_tokens_per_example);
    report_.assistant_tokens += tokens.assistant;
    report_.example_tokens.push_back(static_cast<uint32_t>(tokens.all));
    messages_.push_back(static_cast<double>(count));
    tokens_.push_back(static_cast<double>(tokens.all));
    assistant_tokens_.push_back(static_cast<double>(tokens.assistant));
  }

  const ValidateOptions& options_;
  TokenCounter& counter_;
  ValidationReport report_;
  std::unordered_set<uint64_t> seen_;
  ExampleForm form_ = ExampleForm::kNone;
  std::vector<double> messages_, tokens_, assistant_tokens_;
};

}  // namespace

size_t ValidationReport::Errors() const {
  size_t total = 0;
  for (const FaultRow& row : FaultTable()) {
    if (row.severity == Severity::kError) total += Count(row.kind);
  }
  return total;
}

size_t ValidationReport::Warnings() const {
  size_t total = 0;
  for (const FaultRow& row : FaultTable()) {
    if (row.severity == Severity::kWarning) total += Count(row.kind);
  }
  return total;
}

uint64_t ValidationReport::TokensWithin(uint64_t limit) const {
  uint64_t total = 0;
  for (const uint32_t count : example_tokens) {
    total += limit == 0 ? count : std::min<uint64_t>(count, limit);
  }
  return total;
}

ValidationReport ValidateBytes(std::string_view bytes, const ValidateOptions& options,
                               TokenCounter& counter) {
  Pass pass(options, counter);
  pass.Whole(bytes);
  return pass.Finish();
}

Result<ValidationReport> ValidateFile(const std::filesystem::path& path,
                                      const ValidateOptions& options, TokenCounter& counter) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  return ValidateBytes(file.bytes(), options, counter);
}

int GuessEpochs(size_t examples) {
  constexpr size_t kTarget = 3, kFewest = 100, kMost = 25'000, kMaxEpochs = 25;
  if (examples == 0) return static_cast<int>(kTarget);
  if (examples * kTarget < kFewest)
    return static_cast<int>(std::min(kMaxEpochs, kFewest / examples));
  if (examples * kTarget > kMost) return static_cast<int>(std::max<size_t>(1, kMost / examples));
  return static_cast<int>(kTarget);
}

}  // namespace idiolect
