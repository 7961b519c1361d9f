#pragma once
// Why a message of the persona is not an answer in the dataset. Every message the persona wrote is
// either part of an answer or has exactly one of these rules, the first that fits.

#include <optional>
#include <span>
#include <string_view>

#include "base/language.h"
#include "dataset/build_options.h"
#include "dialogs/conversation.h"

namespace idiolect {

// Persisted: never renumber.
enum class RejectRule : int {
  kService = 1,
  kUnsupported = 2,
  kForwarded = 3,
  kViaBot = 4,
  kBotCommand = 5,
  kBotChat = 6,
  kSavedNotes = 7,
  kChannelPost = 8,
  kNoWords = 9,
  kEmpty = 10,
  kOnlyLinks = 11,
  kOnlyEmoji = 12,
  kAnswersNobody = 13,
  kUncertainLink = 14,
  kAnswersMissing = 15,
  kAnswersNoWords = 16,
  kTooLong = 17,
  kTooShort = 18,
  kRepeatsPrompt = 19,
  kDuplicate = 20,
  kSecret = 21,
  kPersonalData = 22,
  kGreeting = 23,
  kWrongLanguage = 24,
  kCopyPaste = 25,
  kNearDuplicate = 26,
  kLowQuality = 27,
  kAnswersPost = 28,
};
constexpr int kRejectRules = 29;  // one more than the largest number

struct RejectRuleInfo {
  RejectRule rule;
  const char* name;         // in JSON and tables
  Text what;                // for people
  Text remedy;              // what to change when this rule took everything
  const char* option = "";  // of `build` that moves the rule's border, without dashes; may be empty
};
// In order of number, from 1.
std::span<const RejectRuleInfo> RejectRules();
const RejectRuleInfo& InfoOf(RejectRule rule);

// Rules for what is no utterance of the person to anybody: such a message never was a candidate.
bool IsNothingSaid(RejectRule rule);

// The rule that takes this message by itself, whatever it answers; nullopt when its words can be
// part of an answer.
std::optional<RejectRule> RejectMessage(const Conversation& conversation, const Said& said,
                                        const BuildOptions& options);

// Nothing but words of greeting, at most four of them: "привет)", "good morning!".
bool IsOnlyGreeting(std::string_view text);

// Nothing but emoji (and spaces), at least one.
bool IsOnlyEmoji(std::string_view text);

}  // namespace idiolect
