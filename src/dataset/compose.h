#pragma once
// The second pass over the chats: puts words into the planned samples and gives them out as lines
// of OpenAI's chat format. A turn is turned into text once, however many prompts it stands in.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/leak_check.h"
#include "dataset/plan.h"

namespace idiolect {

class LineSink {
 public:
  virtual ~LineSink() = default;
  // A whole line, its newline included.
  virtual Status AddLine(Split split, std::string_view line) = 0;
};

// Others are numbered by their first words in the chat, so that a person has the same number in all
// of it and keeps it when the chat grows.
class Pseudonyms {
 public:
  // Call for every message of a chat in order.
  void Meet(const Conversation& conversation, PersonId persona);
  uint32_t NumberOf(PersonId person) const;

 private:
  ChatId chat_ = 0;
  uint32_t last_ = 0;
  std::vector<uint32_t> numbers_;  // by PersonId; 0: not met
};

class Composer {
 public:
  // Options, plan and sink must outlive the composer. `system_prompt` may be empty: none.
  // `labels` is the language of "Person 2".
  Composer(PersonId persona, const BuildOptions& options, std::string_view system_prompt,
           Language labels, const Plan& plan, LineSink& sink);

  // Give it the same conversations in the same order as the planner.
  Status Add(const Conversation& conversation);

  // After the last conversation: an error unless every planned sample was written.
  Status Finish() const;
  // Of the conversations with samples: characters by others, and how many of them some prompt
  // holds.
  int64_t others_characters() const { return others_characters_; }
  int64_t others_shown_characters() const { return others_shown_characters_; }

 private:
  struct Piece {
    uint32_t begin = 0, end = 0;                    // of pieces_; empty: not made yet
    uint32_t messages_begin = 0, messages_end = 0;  // of piece_messages_
  };
  Status AddSample(const Conversation& conversation, const PlannedSample& sample);
  void AppendQuotedPrompt(const Conversation& conversation, const PlannedSample& sample);
  void AppendPrompt(const Conversation& conversation, const PlannedSample& sample);
  void AppendAnswer(const Conversation& conversation, const PlannedSample& sample);
  const Piece& PieceOf(const Conversation& conversation, uint32_t turn);
  std::string_view Label(PersonId author);
  void OpenMessage(std::string_view role);
  void CountCoverage(const Conversation& conversation);

  const PersonId persona_;
  const BuildOptions& options_;
  const Language labels_language_;
  const Plan& plan_;
  LineSink& sink_;
  LeakCheck leak_check_;
  Pseudonyms pseudonyms_;
  std::string head_;  // of every line
  int64_t others_characters_ = 0, others_shown_characters_ = 0;

  ChatId chat_ = 0;
  uint32_t number_in_chat_ = 0;
  size_t next_ = 0;  // of plan_.conversations
  // Of the conversation in hand.
  bool group_ = false;
  std::vector<Turn> turns_;
  std::vector<Piece> piece_of_turn_;
  std::string pieces_;  // JSON-escaped, without quotes
  std::vector<MessageId> piece_messages_;
  // Working memory.
  std::string line_, words_, label_;
  std::vector<MessageId> prompt_messages_;
};

}  // namespace idiolect
