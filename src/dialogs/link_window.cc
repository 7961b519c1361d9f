#include "dialogs/link_window.h"

#include <algorithm>
#include <cmath>

namespace idiolect {
namespace {

constexpr int64_t kBurstSeconds = 90;
constexpr size_t kRecentPeople = 40;

}  // namespace

void LineWindow::NoteUses(uint32_t line) {
  for (uint32_t at = facts_[line].words; at < facts_[line].words_end; ++at) {
    uint32_t& newest = newest_use_[words_[at].hash % kPlaces];
    uses_.push_back({line, newest});
    newest = at;
  }
}

void LineWindow::Read(std::span<const ChatLine> lines) {
  lines_ = lines;
  words_.clear();
  uses_.clear();
  newest_use_.assign(kPlaces, kNoLine);
  namings_.clear();
  facts_.assign(lines.size(), {});
  authors_ = 1;
  for (const ChatLine& line : lines) authors_ = std::max(authors_, line.author + 1);
  last_line_.assign(authors_, kNoLine);
  recent_.clear();

  uint32_t spoken = 0;
  for (uint32_t i = 0; i < lines.size(); ++i) {
    const ChatLine& line = lines[i];
    WindowLine& facts = facts_[i];
    facts.chat_number = spoken;
    facts.words = facts.words_end = static_cast<uint32_t>(words_.size());
    facts.namings = facts.namings_end = static_cast<uint32_t>(namings_.size());
    if (!line.spoken) continue;
    ++spoken;
    const LineWords read = ReadLineWords(table_, line.text, &words_);
    facts.words_end = static_cast<uint32_t>(words_.size());
    NoteUses(i);
    facts.cues = read.cues;
    facts.letters = BucketCount(read.letters);
    facts.count = BucketCount(read.count);
    float norm = 0;
    for (const WordWeight& word : words(i)) {
      facts.signature[word.hash >> 6 & 3] |= uint64_t{1} << (word.hash & 63);
      norm += static_cast<float>(word.weight) * static_cast<float>(word.weight);
    }
    facts.norm = std::sqrt(norm);

    const uint32_t oldest = i > kWindow ? i - kWindow : 0;
    finder_.Find(line.text, {last_line_, oldest, recent_}, &namings_);
    const auto own =
        std::remove_if(namings_.begin() + facts.namings, namings_.end(),
                       [&](const Naming& naming) { return naming.author == line.author; });
    namings_.erase(own, namings_.end());
    facts.namings_end = static_cast<uint32_t>(namings_.size());

    uint32_t& last = last_line_[line.author];
    if (last != kNoLine && last >= oldest) {
      facts.previous_own = last;
      // Beyond the sight of the earlier line it stays unseen, so that pieces give what the whole
      // does.
      if (i - last <= kLookAhead) facts_[last].next_own = i;
    }
    last = i;
    const auto known = std::find(recent_.begin(), recent_.end(), line.author);
    if (known != recent_.end()) {
      std::rotate(recent_.begin(), known, known + 1);
    } else {
      recent_.insert(recent_.begin(), line.author);
      if (recent_.size() > kRecentPeople) recent_.pop_back();
    }
    if (i > 0 && lines[i - 1].spoken && lines[i - 1].author == line.author &&
        line.time - lines[i - 1].time <= kBurstSeconds) {
      facts.burst_before = static_cast<uint8_t>(std::min(facts_[i - 1].burst_before + 1, 15));
    }
  }
  for (size_t i = lines.size(); i-- > 1;) {
    if (facts_[i].burst_before > 0) {
      facts_[i - 1].burst_after = static_cast<uint8_t>(std::min(facts_[i].burst_after + 1, 15));
    }
  }
}

}  // namespace idiolect
