#pragma once
// The second pass over the chats: puts words into the planned samples and gives them out as lines
// of OpenAI's chat format. A turn is turned into text once, however many prompts it stands in.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "dataset/leak_check.h"
#include "dataset/plan.h"
#include "dataset/pseudonyms.h"

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

// What a stretch of the chats gives to the dataset's files, and what is to be known of it.
struct ComposedPart {
  std::array<std::string, kDatasetFiles> text;
  std::array<int64_t, kDatasetFiles> lines{};
  LeakCheck leak_check;
  size_t conversations = 0, rejects = 0;  // of the plan's
  // Personal data met in what was written, each turn once.
  PiiCounts pii{};
  // Of the talks in which the persona answers (a conversation where it is not known which turns
  // belong together counts as one): how many, of how many turns, the bytes said by others, and how
  // many of those some prompt holds.
  int64_t talks = 0, talk_turns = 0;
  int64_t others_bytes = 0, others_shown_bytes = 0;

  // A whole line, its newline included.
  void Add(DatasetFile file, std::string_view line) {
    text[static_cast<size_t>(file)] += line;
    ++lines[static_cast<size_t>(file)];
  }
};

// Who speaks in a dataset, and in which language it speaks of the others.
struct DatasetVoice {
  PersonId persona = 0;
  std::string persona_name;              // may be empty
  std::string system_prompt;             // empty: none
  Language labels = Language::kEnglish;  // of "Person 2", "[phone]"
};

// What all composers of a dataset work from. Constant while they work; owned by who makes it.
struct ComposerFacts {
  DatasetVoice voice;
  const BuildOptions& options;
  const Plan& plan;
  const PiiLexicon& lexicon;
  const Pseudonyms& pseudonyms;
  std::span<const Chat> chats;
  HeldOutAnswers held_out;
};

// The heads of the tables; what comes before the first stretch, and after the last.
ComposedPart DatasetHead(const DatasetVoice& voice);
ComposedPart DatasetTail();

// Composes one stretch of conversations after another, each for itself. Thread-compatible.
class Composer {
 public:
  explicit Composer(const ComposerFacts& facts);

  // An error when these are not the conversations that were planned.
  Result<ComposedPart> Compose(std::span<const OwnedConversation> conversations);

 private:
  struct Piece {
    uint32_t begin = 0, end = 0;                    // of pieces_; empty: not made yet
    uint32_t messages_begin = 0, messages_end = 0;  // of piece_messages_
    uint32_t text_begin = 0, text_end = 0;          // of texts_: without label and escapes
    bool in_prompt = false;
  };
  Status Add(const Conversation& conversation);
  Status AddSample(const Conversation& conversation, const PlannedSample& sample);
  void AppendQuotedPrompt(const Conversation& conversation, const PlannedSample& sample);
  void AppendPrompt(const Conversation& conversation, const PlannedSample& sample);
  void AppendAnswer(const Conversation& conversation, const PlannedSample& sample);
  const Piece& PieceOf(const Conversation& conversation, uint32_t turn);
  std::string_view Label(PersonId author);
  std::string_view RawAnswer(const Conversation& conversation, std::span<const MessageId> answer);
  void OpenMessage(std::string_view role);
  void CountTalks(const Conversation& conversation, const PlannedConversation& planned);
  void AddPair(const Conversation& conversation, const PlannedSample& sample, int64_t line);
  void AddDialog(const Conversation& conversation, const PlannedConversation& planned);
  void AddRejects(const Conversation& conversation);
  std::string_view TextOf(const Piece& piece) const {
    return std::string_view(texts_).substr(piece.text_begin, piece.text_end - piece.text_begin);
  }

  const ComposerFacts& facts_;
  const DatasetVoice& voice_;
  const PersonId persona_;
  const BuildOptions& options_;
  const Language labels_language_;
  const Plan& plan_;
  PiiReplacer pii_, pii_of_rejects_;
  std::string head_;        // of every line
  MessageId first_dialog_;  // of the first conversation that dialogs.json will have

  // Of the stretch in hand.
  ComposedPart part_;
  size_t next_ = 0;         // of plan_.conversations
  size_t next_reject_ = 0;  // of plan_.rejects
  // Of the conversation in hand.
  bool group_ = false;
  const Pseudonyms::Numbers* numbers_ = nullptr;
  std::vector<Turn> turns_;
  std::vector<Piece> piece_of_turn_;
  std::string pieces_;  // JSON-escaped, without quotes
  std::string texts_;
  std::vector<int64_t> line_of_sample_;
  std::vector<uint8_t> answered_talks_;  // by their first turn
  std::vector<MessageId> piece_messages_;
  // Working memory.
  std::string line_, words_, replaced_, label_, quoted_text_, raw_;
  std::vector<MessageId> prompt_messages_;
};

}  // namespace idiolect
