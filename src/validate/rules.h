#pragma once
// The rules for one parsed line. Used by validate.cc, which knows about files, and by mend.cc,
// which asks whether anything is left to mend.

#include <vector>

#include "validate/fault.h"
#include "validate/located_json.h"

namespace idiolect {

struct FaultAt {
  FaultKind kind;
  size_t at;  // byte of the line
  std::string detail;
};

enum class ExampleForm { kNone, kConversation, kPreference };

struct CheckedExample {
  ExampleForm form = ExampleForm::kNone;
  std::vector<FaultAt> faults;  // in the order found
  size_t images = 0;
};

CheckedExample CheckExample(const JsonValue& example);

// What the rules take for granted elsewhere.
bool IsKnownRole(std::string_view role);
bool IsKnownMessageKey(std::string_view key);
bool IsKnownExampleKey(std::string_view key, ExampleForm form);
bool IsAllowedName(std::string_view name);
// The conversation of either form; null when there is none.
const JsonValue* MessagesOf(const JsonValue& example);
// "preferred_output" or OpenAI's older "preferred_completion", and the other.
const JsonValue* PreferredOf(const JsonValue& example);
const JsonValue* NonPreferredOf(const JsonValue& example);
bool HasRole(const JsonValue& message, std::string_view role);

}  // namespace idiolect
