#pragma once
// How good a sample is, as one figure made of seven that can each be looked at. The same chats and
// options give the same figures. docs/quality.md says what each means and why it weighs as it does.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/language.h"

namespace idiolect {

// Persisted by name.
enum class QualitySignal : uint8_t {
  kFollows,   // does the answer follow from what it answers: mark, question, shared words, time
  kLink,      // how likely it answers that at all
  kLength,    // enough words to show a manner, not so many that it is an essay
  kComplete,  // ends as sentences end
  kLanguage,  // letters of the alphabet the person writes in
  kUnique,    // not the answer that is given to everything
  kClean,     // words rather than noise
};
constexpr size_t kQualitySignals = static_cast<size_t>(QualitySignal::kClean) + 1;

struct QualitySignalInfo {
  QualitySignal signal;
  const char* name;  // in JSON and tables
  Text what;
  double weight;  // all together 1
};
std::span<const QualitySignalInfo> QualitySignalTable();

// Signals in percent.
using QualitySignals = std::array<uint8_t, kQualitySignals>;
// 0…1, the weighted mean.
double QualityOf(const QualitySignals& signals);

// What a sample is judged by.
struct AnswerFacts {
  std::string_view answer, answered;  // the words
  double link = 0;
  bool marked = false;        // the source itself says what is answered
  int64_t delay_seconds = 0;  // from the last words answered to the first of the answer
};
// All signals but kLanguage and kUnique, which need all samples and are 100 here.
QualitySignals JudgeAnswer(const AnswerFacts& facts);

// In percent, of a share or of a number of equal answers.
uint8_t LanguageSignal(int64_t letters_of_persona, int64_t letters);
uint8_t UniqueSignal(int64_t times_said);

}  // namespace idiolect
