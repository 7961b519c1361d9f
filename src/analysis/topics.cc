#include "analysis/topics.h"

#include <algorithm>

namespace idiolect {
namespace {

constexpr uint32_t kShortestExample = 25, kLongestExample = 260;
constexpr size_t kLongestBefore = 400;  // bytes

}  // namespace

std::vector<DialogFacts> DialogsOf(std::span<const SampleRow> samples) {
  std::vector<DialogFacts> dialogs;
  std::vector<size_t> order(samples.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&samples](size_t a, size_t b) {
    return samples[a].conversation < samples[b].conversation;
  });
  for (const size_t i : order) {
    const SampleRow& sample = samples[i];
    if (dialogs.empty() || dialogs.back().first != sample.conversation) {
      dialogs.emplace_back();
      dialogs.back().first = sample.conversation;
    }
    dialogs.back().last = std::max(dialogs.back().last, sample.answer_last);
    ++dialogs.back().samples;
  }
  return dialogs;
}

TopicCounter::TopicCounter(const WordTable& words, ListMask topics, size_t lists,
                           std::vector<DialogFacts> dialogs)
    : words_(words), topics_(topics), lists_(lists) {
  facts_.dialogs = std::move(dialogs);
}

bool TopicCounter::Holds(MessageId id) {
  while (at_ < facts_.dialogs.size() && facts_.dialogs[at_].last < id) {
    EndDialog();
    ++at_;
  }
  return at_ < facts_.dialogs.size() && facts_.dialogs[at_].first <= id;
}

void TopicCounter::Add(const TextItem& item, std::string_view text, const TextScanner& scanner,
                       const ScannedText& scanned, bool may_be_shown) {
  if (!Holds(item.id)) return;
  DialogFacts& dialog = facts_.dialogs[at_];
  if (!open_) {
    open_ = true;
    dialog.begin = item.time;
    dialog.month = item.month;
  }
  ++dialog.messages;
  dialog.persona_messages += item.voice == kPersona;
  dialog.words += static_cast<int64_t>(scanned.words.size());
  for (const WordId word : scanned.words) {
    const WordInfo& info = words_.info(word);
    if (!info.lists.stop && (info.lists.anywhere & topics_) == 0) stems_.push_back(info.stem);
  }
  if ((scanned.lists & topics_) != 0) {
    scanner.ForEachHit([this](ListMask hit) {
      for (ListMask left = hit & topics_; left != 0; left &= left - 1) {
        ++hits_[static_cast<size_t>(__builtin_ctzll(left))];
      }
    });
  }
  if (item.voice == kOthers) {
    if (!text.empty())
      before_.assign(text.substr(0, text.size() < kLongestBefore ? text.size() : 0));
    return;
  }
  if (!may_be_shown || before_.empty() || scanned.characters < kShortestExample ||
      scanned.characters > kLongestExample) {
    return;
  }
  for (ListMask left = scanned.lists & topics_; left != 0; left &= left - 1) {
    const auto list = static_cast<size_t>(__builtin_ctzll(left));
    uint32_t hits = 0;
    scanner.ForEachHit([&hits, list](ListMask hit) { hits += hit >> list & 1; });
    const uint64_t digest = static_cast<uint64_t>(item.id) * 0x9e3779b97f4a7c15ull;
    const double score = 8.0 * std::min(hits, 3u) + static_cast<double>(digest >> 60);
    if (facts_.examples[list].Wants(score)) {
      facts_.examples[list].Keep({item.id, item.time, before_, std::string(text), score});
    }
  }
}

void TopicCounter::EndDialog() {
  if (open_) {
    DialogFacts& dialog = facts_.dialogs[at_];
    const uint32_t enough = dialog.words < kShortDialogWords ? 1 : 2;
    for (size_t list = 0; list < lists_; ++list) {
      if (hits_[list] >= enough) dialog.topics |= ListMask{1} << list;
    }
    for (const StemId stem : stems_) {
      if (dialog.topics == 0) facts_.terms.Add(lists_, stem);
      for (ListMask left = dialog.topics; left != 0; left &= left - 1) {
        facts_.terms.Add(static_cast<size_t>(__builtin_ctzll(left)), stem);
      }
    }
  }
  open_ = false;
  hits_ = {};
  stems_.clear();
  before_.clear();
}

TopicFacts TopicCounter::Take() {
  if (at_ < facts_.dialogs.size()) EndDialog();
  return std::move(facts_);
}

}  // namespace idiolect
