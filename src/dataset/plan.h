#pragma once
// What the dataset will hold, decided before a line is written: for each turn of the persona either
// the sample it becomes (what it answers, which turns are its prompt) or the rule that took it.
// Holds numbers only, no words: the second pass over the chats (compose.h) puts the words in.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataset/build_options.h"
#include "dataset/language_id.h"
#include "dataset/near_duplicates.h"
#include "dataset/pii/replace.h"
#include "dataset/quality.h"
#include "dataset/reject_rules.h"
#include "dataset/spoken.h"
#include "dialogs/linker.h"
#include "store/samples.h"

namespace idiolect {

struct PlannedSample {
  uint32_t conversation = 0;  // index into Plan::conversations
  uint32_t turn = 0;          // the answer's, within the conversation
  MessageId quoted = 0;       // not 0: the prompt is this one message from outside the conversation
  MessageId answers_to = 0;   // last message of what is answered
  uint32_t prompt_begin = 0, prompt_end = 0;  // of Plan::prompt_turns
  uint32_t answer_begin = 0, answer_end = 0;  // of Plan::answer_messages
  float link = 0;
  Split split = Split::kTrain;
  bool dropped = false;  // as a duplicate, after the split
  uint64_t pair_hash = 0, answer_hash = 0;
  uint32_t cyrillic_letters = 0, latin_letters = 0;  // of the answer
  LanguageId language = kNoLanguage;                 // of the answer, where that is certain
  QualitySignals signals{};
  float quality = 0;  // set by FilterSamples
};

// What a turn answers, as the linker says; empty where the plan did not have to know.
struct PlannedLink {
  uint32_t turn = kNoTurn;
  float probability = 0;
  uint32_t talk = 0;  // the first turn of the talk that this one belongs to
};

struct PlannedConversation {
  ChatId chat = 0;
  MessageId first = 0;
  int64_t begin = 0;  // time
  uint32_t samples_begin = 0, samples_end = 0;
  bool talks_known = false;  // else all turns count as one talk
  uint32_t links_begin = 0;  // of Plan::links, one a turn
  Split split = Split::kTrain;
  // Of each part's file, what conversations before this one fill. Set by NumberLines.
  std::array<int64_t, kSplits> lines_before{};
};

struct Plan {
  std::vector<PlannedConversation> conversations;  // those with samples, in order of id
  std::vector<PlannedSample> samples;              // in order of the answer's id
  std::vector<uint32_t> prompt_turns;              // turns of the conversation, ascending
  std::vector<MessageId> answer_messages;
  std::vector<Sketch> sketches;  // of the samples; until FilterSamples
  std::vector<PlannedLink> links;
  std::vector<RejectRow> rejects;
  int64_t messages = 0;          // of everybody, in all chats
  int64_t persona_messages = 0;  // answers and rejects together
  int64_t all_conversations = 0;
  int64_t cyrillic_letters = 0, latin_letters = 0;  // in the answers

  // Goes on with the plan of the conversations that follow.
  void Append(Plan&& next);
};

// Call when it is decided which samples stay and in which part.
void NumberLines(Plan* plan);

// The rows of the samples that are not dropped, in order of the answers' ids; lines are numbered in
// that order within each split.
std::vector<SampleRow> RowsOf(const Plan& plan);

// Plans one conversation after another, each for itself. Thread-compatible.
class Planner {
 public:
  // Options, knowledge, people and lexicon must outlive the planner.
  Planner(PersonId persona, const BuildOptions& options, const LinkKnowledge& knowledge,
          const LinkPeople& people, const PiiLexicon& lexicon);

  // Conversations come chat by chat, in order.
  void Add(const Conversation& conversation);
  // The plan of what was added since the last call.
  Plan Take() { return std::exchange(plan_, {}); }

 private:
  void PlanTurn(const Conversation& conversation, uint32_t turn);
  // Fills what the sample answers and its prompt; or names the rule that takes it.
  std::optional<RejectRule> PlanPrompt(const Conversation& conversation, uint32_t turn,
                                       PlannedSample* sample);
  std::optional<RejectRule> PlanQuotedPrompt(const Conversation& conversation, uint32_t turn,
                                             PlannedSample* sample);
  void ChoosePrompt(const Conversation& conversation, uint32_t turn, uint32_t answered);
  enum class Earlier { kAll, kOfTalk };
  bool TakeEarlier(const Conversation& conversation, uint32_t turn, uint32_t answered, Earlier what,
                   int64_t* budget);
  bool MayHaveTalks(const Conversation& conversation) const;
  bool TakeIntoPrompt(const Conversation& conversation, uint32_t turn, int64_t* budget);
  bool IsPost(const Conversation& conversation, uint32_t turn) const;
  // Whether `text` holds the whole answer in hand, when that is long enough to be no coincidence.
  bool HoldsAnswer(const Conversation& conversation, std::string_view text) const;
  bool TurnHoldsAnswer(const Conversation& conversation, uint32_t turn) const;
  const TurnWords& Words(const Conversation& conversation, uint32_t turn);
  uint64_t HashOfTurn(const Conversation& conversation, uint32_t turn) const;
  // The rule for an answer that holds what is to be dropped.
  std::optional<RejectRule> RejectPersonal(std::string_view text);
  void JudgeSample(const Conversation& conversation, uint32_t turn, PlannedSample* sample);
  void RejectAnswer(const Conversation& conversation, RejectRule rule);

  const PersonId persona_;
  const BuildOptions& options_;
  Linker linker_;
  PiiReplacer pii_;
  Plan plan_;

  // Of the conversation in hand.
  std::vector<Turn> turns_;
  std::vector<uint32_t> talks_;   // by turn, its talk's first turn; empty: all are one
  std::vector<TurnWords> words_;  // of the turns looked at so far
  std::vector<uint8_t> measured_;
  std::vector<uint64_t> own_hashes_;  // of the persona's turns met so far
  // Of the answer in hand.
  std::vector<uint32_t> answer_;  // messages of the conversation
  int64_t answer_characters_ = 0;
  uint64_t answer_hash_ = 0;
  std::vector<uint32_t> prompt_;
  std::string answer_text_;
};

}  // namespace idiolect
