#pragma once
// The second pass over the chats: puts words into the planned samples and gives them out as lines
// of OpenAI's chat format. A turn is turned into text once, however many prompts it stands in.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "dataset/leak_check.h"
#include "dataset/plan.h"

namespace idiolect {

// The files of a dataset that grow line by line; those of the parts have their parts' numbers.
enum class DatasetFile : uint8_t {
  kTrain = 0,
  kValid = 1,
  kTest = 2,
  kPairs = 3,
  kDialogsJson = 4,
  kDialogsCsv = 5,
  kRejected = 6,
};
constexpr size_t kDatasetFiles = 7;
const char* DatasetFileName(DatasetFile file);
constexpr DatasetFile FileOf(Split split) {
  return static_cast<DatasetFile>(split);
}

class LineSink {
 public:
  virtual ~LineSink() = default;
  // A whole line, its newline included.
  virtual Status AddLine(DatasetFile file, std::string_view line) = 0;
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

// Who speaks in a dataset, and in which language it speaks of the others.
struct DatasetVoice {
  PersonId persona = 0;
  std::string persona_name;              // may be empty
  std::string system_prompt;             // empty: none
  Language labels = Language::kEnglish;  // of "Person 2", "[phone]"
};

class Composer {
 public:
  // Options, plan and sink must outlive the composer.
  // `lexicon` and `chats` must outlive it too.
  Composer(const DatasetVoice& voice, const BuildOptions& options, const Plan& plan,
           const PiiLexicon& lexicon, std::span<const Chat> chats, LineSink& sink);
  // The heads of the tables; call before the first Add.
  Status Begin();

  // Give it the same conversations in the same order as the planner.
  Status Add(const Conversation& conversation);

  // After the last conversation: ends the tables; an error unless every planned sample and reject
  // was written, or when nearly equal answers lie in two parts.
  Status Finish();
  // Personal data met in what was written, each turn once.
  const PiiCounts& pii_counts() const { return pii_.counts(); }
  // Of the conversations with samples: characters by others, and how many of them some prompt
  // holds.
  int64_t others_characters() const { return others_characters_; }
  int64_t others_shown_characters() const { return others_shown_characters_; }

 private:
  struct Piece {
    uint32_t begin = 0, end = 0;                    // of pieces_; empty: not made yet
    uint32_t messages_begin = 0, messages_end = 0;  // of piece_messages_
    uint32_t text_begin = 0, text_end = 0;          // of texts_: without label and escapes
    bool in_prompt = false;
  };
  Status AddSample(const Conversation& conversation, const PlannedSample& sample);
  void AppendQuotedPrompt(const Conversation& conversation, const PlannedSample& sample);
  void AppendPrompt(const Conversation& conversation, const PlannedSample& sample);
  void AppendAnswer(const Conversation& conversation, const PlannedSample& sample);
  const Piece& PieceOf(const Conversation& conversation, uint32_t turn);
  std::string_view Label(PersonId author);
  std::string_view RawAnswer(const Conversation& conversation, std::span<const MessageId> answer);
  void OpenMessage(std::string_view role);
  void CountCoverage(const Conversation& conversation);
  Status AddPair(const Conversation& conversation, const PlannedSample& sample, int64_t line);
  Status AddDialog(const Conversation& conversation, const PlannedConversation& planned);
  Status AddRejects(const Conversation& conversation);
  std::string_view TextOf(const Piece& piece) const {
    return std::string_view(texts_).substr(piece.text_begin, piece.text_end - piece.text_begin);
  }

  const DatasetVoice voice_;
  const PersonId persona_;
  const BuildOptions& options_;
  const Language labels_language_;
  const Plan& plan_;
  const std::span<const Chat> chats_;
  LineSink& sink_;
  LeakCheck leak_check_;
  PiiReplacer pii_, pii_of_rejects_;
  Pseudonyms pseudonyms_;
  std::string head_;  // of every line
  int64_t others_characters_ = 0, others_shown_characters_ = 0;

  ChatId chat_ = 0;
  uint32_t number_in_chat_ = 0;
  size_t next_ = 0;         // of plan_.conversations
  size_t next_reject_ = 0;  // of plan_.rejects
  int64_t lines_[kSplits] = {};
  bool any_dialog_ = false;
  // Of the conversation in hand.
  bool group_ = false;
  std::vector<Turn> turns_;
  std::vector<Piece> piece_of_turn_;
  std::string pieces_;  // JSON-escaped, without quotes
  std::string texts_;
  std::vector<int64_t> line_of_sample_;
  std::vector<MessageId> piece_messages_;
  // Working memory.
  std::string line_, words_, replaced_, label_, quoted_text_, raw_;
  std::vector<MessageId> prompt_messages_;
};

}  // namespace idiolect
