#include "analysis/report_pages.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/clock.h"

namespace idiolect {

std::string PageContext::Day(int64_t unix_seconds) const {
  if (unix_seconds == 0) return {};
  return FormatDay(unix_seconds + facts.zone->OffsetAt(unix_seconds));
}

std::string PageContext::Days(int64_t first, int64_t last) const {
  const std::string begin = Day(first), end = Day(last);
  return begin == end ? begin : begin + " – " + end;
}

std::string PageContext::Month(MonthIndex month) const {
  char shown[32];
  std::snprintf(shown, sizeof shown, "%04d-%02d", month / 12, month % 12 + 1);
  return shown;
}

std::string PageContext::Source(const Example& example) const {
  return labels.Chat(ChatOfMessage(example.id)) + ", " + Day(example.time);
}

std::string PageContext::Counted(int64_t number, Text one, Text few, Text many) const {
  const bool russian = language == Language::kRussian;
  const char* word = russian       ? Plural(static_cast<long>(number), one.ru, few.ru, many.ru)
                     : number == 1 ? one.en
                                   : many.en;
  return Count(number) + " " + word;
}

ShareRatio RatioOfShares(int64_t one, int64_t one_of, int64_t other, int64_t other_of) {
  ShareRatio result;
  if (one_of <= 0 || other_of <= 0) {
    result.high = HUGE_VAL;
    return result;
  }
  const double add = one == 0 || other == 0 ? 0.5 : 0;
  const double a = static_cast<double>(one) + add, b = static_cast<double>(other) + add;
  const double n = static_cast<double>(one_of) + add, m = static_cast<double>(other_of) + add;
  result.ratio = (a / n) / (b / m);
  const double deviation = std::sqrt(std::max(0.0, 1 / a - 1 / n + 1 / b - 1 / m));
  result.low = result.ratio * std::exp(-1.96 * deviation);
  result.high = result.ratio * std::exp(1.96 * deviation);
  return result;
}

std::vector<ChatShare> DialogsByChat(const ReportFacts& facts) {
  std::map<ChatId, ChatShare> by_chat;
  for (const DialogFacts& dialog : facts.topics.dialogs) {
    ChatShare& share = by_chat[ChatOfMessage(dialog.first)];
    share.chat = ChatOfMessage(dialog.first);
    ++share.dialogs;
    share.samples += dialog.samples;
    ++share.months[dialog.month];
  }
  std::vector<ChatShare> shares;
  for (auto& [chat, share] : by_chat) shares.push_back(std::move(share));
  std::stable_sort(shares.begin(), shares.end(),
                   [](const ChatShare& a, const ChatShare& b) { return a.dialogs > b.dialogs; });
  return shares;
}

Yield YieldOf(const PageContext& context) {
  return {.candidates = context.summary.value("candidates", int64_t{0}),
          .accepted = context.summary.value("answers", int64_t{0}),
          .quality = context.summary.value("quality", 0.0)};
}

}  // namespace idiolect
