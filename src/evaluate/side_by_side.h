#pragma once
// The first honest look at a trained model: prompts it never saw, answered by the base model, by
// the trained model, and by the person.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/language.h"
#include "base/progress.h"
#include "base/result.h"
#include "core/chat_model.h"
#include "core/engine.h"

namespace idiolect {

struct ComparedAnswer {
  std::vector<ChatMessage> prompt;  // without the answer
  std::string real, tuned, base;
};

struct SideBySide {
  std::string persona;
  std::string base_model, tuned_model;
  std::vector<ComparedAnswer> answers;
};

// Picks `count` samples evenly over the test split (fewer when there are fewer) and asks both.
// Deterministic for the same models, samples and options.
Result<SideBySide> CompareOnSamples(const ChatModel& base, const ChatModel& tuned,
                                    const std::vector<TrainingSample>& samples, size_t count,
                                    const GenerateOptions& options, Progress& progress,
                                    const Interrupt& interrupt);

std::string SideBySideJson(const SideBySide& comparison);
// Reads back what SideBySideJson wrote; kBadInput when it is something else.
Result<SideBySide> ParseSideBySide(std::string_view json);
std::string SideBySideMarkdown(const SideBySide& comparison, Language language);
// For a terminal: the last question, then the three answers.
std::string SideBySideText(const SideBySide& comparison, Language language);

}  // namespace idiolect
