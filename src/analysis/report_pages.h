#pragma once
// The pages of the report, made from what was gathered: one function a page.

#include <nlohmann/json.hpp>
#include <string>

#include "analysis/gather.h"
#include "analysis/labels.h"
#include "analysis/page.h"
#include "analysis/training_estimate.h"

namespace idiolect {

// What every page needs. Borrows everything.
struct PageContext {
  const ReportFacts& facts;
  const Lexicon& lexicon;
  const Labels& labels;
  Language language;
  const nlohmann::json& summary;  // of the dataset, as `build --json` prints it

  const char* operator()(Text text) const { return Say(language, text); }
  std::string Count(int64_t number) const {
    return ShownNumber(static_cast<double>(number), 0, language);
  }
  std::string Day(int64_t unix_seconds) const;          // local; empty for 0
  std::string Days(int64_t first, int64_t last) const;  // "2024-01-15 – 2025-07-16"
  std::string Month(MonthIndex month) const;            // "2024-01"
  // "chat, day": where an example comes from.
  std::string Source(const Example& example) const;
  // "pair", "пары"…: the form that goes with the number.
  std::string Counted(int64_t number, Text one, Text few, Text many) const;
};

Page CollectionPage(const PageContext& context);
Page DatasetPage(const PageContext& context);
Page StylePage(const PageContext& context);
// The steps for this very dataset; only its Markdown is written.
Page InstructionsPage(const PageContext& context, const std::string& folder,
                      const TrainingEstimate& estimate, const std::optional<LocalTraining>& local);

// How much more often: the ratio of two shares with its 95 % interval (by the logarithm's normal
// approximation; half a message is added where one of the counts is 0).
struct ShareRatio {
  double ratio = 1, low = 0, high = 0;
  bool differs() const { return low > 1 || high < 1; }
};
ShareRatio RatioOfShares(int64_t one, int64_t one_of, int64_t other, int64_t other_of);

// Dialogs, samples and the rest by chat.
struct ChatShare {
  ChatId chat = 0;
  int64_t dialogs = 0, samples = 0;
  std::map<MonthIndex, int64_t> months;  // dialogs
};
// Most dialogs first.
std::vector<ChatShare> DialogsByChat(const ReportFacts& facts);

// The build's own figures: the persona's messages said to somebody, and how many of them are in the
// dataset; their ratio is its quality (docs/quality.md).
struct Yield {
  int64_t candidates = 0, accepted = 0;
  double quality = 0;
};
Yield YieldOf(const PageContext& context);

}  // namespace idiolect
