#pragma once
// Every kind of fault that validation knows, as data: its name in JSON (those of the OpenAI
// cookbook's notebook keep the notebook's), how bad it is, what it means in two languages. A new
// rule is a row here and the lines in rules.cc that find it; docs/validation.md has the same list.

#include <array>
#include <cstddef>
#include <string>

#include "base/language.h"

namespace idiolect {

enum class FaultKind {
  // The notebook's seven.
  kDataType,
  kMissingMessagesList,
  kMessageMissingKey,
  kMessageUnrecognizedKey,
  kUnrecognizedRole,
  kMissingContent,
  kExampleMissingAssistantMessage,
  // Today's rules beyond it.
  kInvalidJson,
  kNotUtf8,
  kMessageDataType,
  kDuplicateKey,
  kBadWeight,
  kBadName,
  kBadContentPart,
  kBadTools,
  kBadToolCall,
  kBadPreference,
  kLastMessageNotAssistant,
  kNothingToLearn,
  kMixedFormats,
  kTooFewExamples,
  kFileTooLarge,
  // Not refused, but worth a look.
  kByteOrderMark,
  kBlankLine,
  kUnrecognizedExampleKey,
  kSystemNotFirst,
  kTooLong,
  kDuplicateExample,
};
constexpr size_t kFaultKinds = static_cast<size_t>(FaultKind::kDuplicateExample) + 1;

enum class Severity { kError, kWarning };

struct FaultRow {
  FaultKind kind;
  const char* code;
  Severity severity;
  Text meaning;
};

const std::array<FaultRow, kFaultKinds>& FaultTable();
inline const FaultRow& RowOf(FaultKind kind) {
  return FaultTable()[static_cast<size_t>(kind)];
}

struct Finding {
  FaultKind kind = FaultKind::kDataType;
  size_t line = 0;     // from 1; 0: the file as a whole
  size_t column = 0;   // from 1, in code points
  std::string detail;  // names and places, never what people wrote; may be empty
};

}  // namespace idiolect
