#pragma once
// What the dataset's dialogs are about. A dialog is a conversation that gave samples, from its
// first message to the last answer; it has every topic of the lexicon of which at least two words
// fell, or one when the dialog is short. What no topic fits is told by its own heaviest words.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/class_terms.h"
#include "analysis/text_item.h"
#include "analysis/text_scan.h"
#include "store/samples.h"

namespace idiolect {

constexpr int64_t kShortDialogWords = 40;  // fewer, and one word is enough for a topic

struct DialogFacts {
  MessageId first = 0, last = 0;
  int64_t begin = 0;  // time of the first message
  MonthIndex month = 0;
  int64_t samples = 0;
  int64_t messages = 0;  // ordinary, of everybody
  int64_t persona_messages = 0;
  int64_t words = 0;
  ListMask topics = 0;
};

// One for each conversation that the samples name, in order of id.
std::vector<DialogFacts> DialogsOf(std::span<const SampleRow> samples);

struct TopicFacts {
  std::vector<DialogFacts> dialogs;
  // Classes 0 … lists-1: dialogs with that topic; the class `lists`: dialogs with none. Terms are
  // StemIds, without stop words and the topics' own words.
  ClassTerms terms;
  std::array<BestExamples, kMostLists> examples;
};

// Thread-compatible.
class TopicCounter {
 public:
  // The table must outlive the counter; `topics` are the lexicon's topics among `lists` lists.
  TopicCounter(const WordTable& words, ListMask topics, size_t lists,
               std::vector<DialogFacts> dialogs);

  // Messages in order of id. `may_be_shown`: the message may stand in the report as an example.
  void Add(const TextItem& item, std::string_view text, const TextScanner& scanner,
           const ScannedText& scanned, bool may_be_shown);
  // True when a dialog of the dataset holds this message; ids must ascend.
  bool Holds(MessageId id);
  TopicFacts Take();

 private:
  void EndDialog();

  const WordTable& words_;
  const ListMask topics_;
  const size_t lists_;
  TopicFacts facts_;
  size_t at_ = 0;  // of facts_.dialogs
  std::array<uint32_t, kMostLists> hits_ = {};
  std::vector<StemId> stems_;
  bool open_ = false;
  std::string before_;  // what somebody else said last in this dialog
};

}  // namespace idiolect
