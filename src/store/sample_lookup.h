#pragma once
// Where one message went: into an answer, or out by a rule. For `idiolect why`.

#include <optional>
#include <string>

#include "base/result.h"
#include "store/samples.h"

namespace idiolect {

class Database;

// The sample whose answer spans this message; nullopt when there is none. A message inside the span
// may still be another person's, or rejected: ask for that first.
Result<std::optional<SampleRow>> FindSampleAt(Database& database, MessageId message,
                                              std::string* folder);
// The rule that took the message; nullopt when none did.
Result<std::optional<int>> FindRejectOf(Database& database, MessageId message, std::string* folder);
// Samples of this conversation-wide stretch: those that answer a turn ending at this message.
Result<std::vector<SampleRow>> FindAnswersTo(Database& database, MessageId message);

}  // namespace idiolect
