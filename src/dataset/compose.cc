#include "dataset/compose.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "dataset/voices.h"

namespace idiolect {
namespace {

// As AppendJsonString, without the quotes.
void AppendEscaped(std::string_view text, std::string* out) {
  const size_t at = out->size();
  AppendJsonString(text, out);
  out->pop_back();
  out->erase(at, 1);
}

tl::unexpected<Error> MessagesChanged() {
  return Fail(ErrorKind::kFailed, "writing the dataset: the messages changed while it was built",
              "run the same command again");
}

}  // namespace

void Pseudonyms::Meet(const Conversation& conversation, PersonId persona) {
  if (std::exchange(chat_, conversation.chat) != conversation.chat) {
    std::fill(numbers_.begin(), numbers_.end(), 0u);
    last_ = 0;
  }
  for (const Said& said : conversation.messages) {
    if (said.kind != MessageKind::kOrdinary || said.author == persona) continue;
    const auto person = static_cast<size_t>(said.author);
    if (person >= numbers_.size()) numbers_.resize(person + 1);
    if (numbers_[person] == 0) numbers_[person] = ++last_;
  }
}

uint32_t Pseudonyms::NumberOf(PersonId person) const {
  const auto index = static_cast<size_t>(person);
  return index < numbers_.size() ? numbers_[index] : 0;
}

const char* DatasetFileName(DatasetFile file) {
  constexpr const char* kNames[] = {"train.jsonl",  "valid.jsonl", "test.jsonl",  "pairs.jsonl",
                                    "dialogs.json", "dialogs.csv", "rejected.csv"};
  static_assert(std::size(kNames) == kDatasetFiles);
  return kNames[static_cast<size_t>(file)];
}

Composer::Composer(const DatasetVoice& voice, const BuildOptions& options, const Plan& plan,
                   const PiiLexicon& lexicon, std::span<const Chat> chats, LineSink& sink)
    : voice_(voice),
      persona_(voice.persona),
      options_(options),
      labels_language_(voice.labels),
      plan_(plan),
      chats_(chats),
      sink_(sink),
      leak_check_(plan),
      pii_(lexicon, options.pii, voice.labels),
      pii_of_rejects_(lexicon, options.pii, voice.labels),
      head_("{\"messages\":[") {
  if (voice.system_prompt.empty()) return;
  head_ += "{\"role\":\"system\",\"content\":";
  AppendJsonString(voice.system_prompt, &head_);
  head_ += "},";
}

Status Composer::Add(const Conversation& conversation) {
  if (conversation.chat != std::exchange(chat_, conversation.chat)) number_in_chat_ = 0;
  const uint32_t number = number_in_chat_++;
  pseudonyms_.Meet(conversation, persona_);
  pii_.BeginDialog();
  RETURN_IF_ERROR(AddRejects(conversation));
  if (next_ == plan_.conversations.size()) return {};
  const PlannedConversation& planned = plan_.conversations[next_];
  if (planned.chat != conversation.chat || planned.number != number) return {};
  if (planned.first != conversation.messages.front().id) {
    return MessagesChanged();
  }
  ++next_;

  group_ = conversation.kind != ChatKind::kPrivate;
  MergeTurns(conversation, options_.typing_gap_seconds, &turns_);
  piece_of_turn_.assign(turns_.size(), Piece{});
  pieces_.clear();
  texts_.clear();
  piece_messages_.clear();
  line_of_sample_.assign(planned.samples_end - planned.samples_begin, 0);
  for (uint32_t i = planned.samples_begin; i < planned.samples_end; ++i) {
    const PlannedSample& sample = plan_.samples[i];
    if (sample.dropped) continue;
    RETURN_IF_ERROR(AddSample(conversation, sample));
    const int64_t line = ++lines_[static_cast<size_t>(sample.split)];
    line_of_sample_[i - planned.samples_begin] = line;
    RETURN_IF_ERROR(AddPair(conversation, sample, line));
  }
  CountCoverage(conversation);
  return AddDialog(conversation, planned);
}

Status Composer::Finish() {
  if (next_ != plan_.conversations.size() || next_reject_ != plan_.rejects.size()) {
    return MessagesChanged();
  }
  RETURN_IF_ERROR(sink_.AddLine(DatasetFile::kDialogsJson, "\n]}\n"));
  return leak_check_.CheckLikeness(options_.same_answer);
}

Status Composer::AddSample(const Conversation& conversation, const PlannedSample& sample) {
  line_ = head_;
  prompt_messages_.clear();
  if (sample.quoted != 0) {
    AppendQuotedPrompt(conversation, sample);
  } else {
    AppendPrompt(conversation, sample);
  }
  AppendAnswer(conversation, sample);

  const std::span<const MessageId> answer =
      std::span(plan_.answer_messages)
          .subspan(sample.answer_begin, sample.answer_end - sample.answer_begin);
  RETURN_IF_ERROR(leak_check_.Check(sample.split, prompt_messages_, answer));
  leak_check_.AddAnswer(sample.split, RawAnswer(conversation, answer));
  return sink_.AddLine(FileOf(sample.split), line_);
}

// As the chat has it, before anything was replaced.
std::string_view Composer::RawAnswer(const Conversation& conversation,
                                     std::span<const MessageId> answer) {
  raw_.clear();
  for (const MessageId id : answer) {
    const auto at = conversation.Find(id);
    if (!at) continue;
    if (!raw_.empty()) raw_ += '\n';
    raw_ += TrimSpace(conversation.text(conversation.messages[*at]));
  }
  return raw_;
}

void Composer::OpenMessage(std::string_view role) {
  line_ += "{\"role\":\"";
  line_ += role;
  line_ += "\",\"content\":\"";
}

void Composer::AppendQuotedPrompt(const Conversation& conversation, const PlannedSample& sample) {
  const Said* quoted = conversation.FindQuoted(sample.quoted);
  if (quoted == nullptr) return;  // the leak check refuses a sample without a prompt
  OpenMessage("user");
  if (group_) line_ += Label(quoted->author);
  quoted_text_.clear();
  pii_.Append(Shortened(TrimSpace(conversation.text(*quoted)),
                        static_cast<size_t>(options_.max_context_tokens)),
              &quoted_text_);
  AppendEscaped(quoted_text_, &line_);
  line_ += "\"},";
  prompt_messages_.push_back(quoted->id);
}

void Composer::AppendPrompt(const Conversation& conversation, const PlannedSample& sample) {
  bool open = false, by_persona = false;
  const auto close = [&] { line_ += by_persona ? "\",\"weight\":0}," : "\"},"; };
  for (uint32_t i = sample.prompt_begin; i < sample.prompt_end; ++i) {
    const uint32_t turn = plan_.prompt_turns[i];
    const bool own = turns_[turn].author == persona_;
    if (open && own == by_persona) {
      line_ += "\\n";
    } else {
      if (open) close();
      OpenMessage(own ? "assistant" : "user");
      by_persona = own;
      open = true;
    }
    const Piece& piece = PieceOf(conversation, turn);
    piece_of_turn_[turn].in_prompt = true;
    line_.append(pieces_, piece.begin, piece.end - piece.begin);
    prompt_messages_.insert(prompt_messages_.end(), piece_messages_.begin() + piece.messages_begin,
                            piece_messages_.begin() + piece.messages_end);
  }
  close();
}

void Composer::AppendAnswer(const Conversation& conversation, const PlannedSample& sample) {
  OpenMessage("assistant");
  const Piece& piece = PieceOf(conversation, sample.turn);
  line_.append(pieces_, piece.begin, piece.end - piece.begin);
  line_ += "\"}]}\n";
}

const Composer::Piece& Composer::PieceOf(const Conversation& conversation, uint32_t turn_number) {
  Piece& piece = piece_of_turn_[turn_number];
  if (piece.end > piece.begin) return piece;
  const Turn& turn = turns_[turn_number];
  piece.messages_begin = static_cast<uint32_t>(piece_messages_.size());
  words_.clear();
  for (uint32_t i = turn.first; i <= turn.last; ++i) {
    const Said& said = conversation.messages[i];
    if (said.author != turn.author || !IsSpoken(conversation, said, persona_, options_)) continue;
    const std::string_view text = TrimSpace(conversation.text(said));
    PiiKind kind = PiiKind::kSecret;
    // What the planner's rules took for its secrets is no part of the turn.
    if (said.author == persona_ && pii_.HoldsDropped(text, &kind)) continue;
    if (!words_.empty()) words_ += '\n';
    if (text.empty()) {
      words_ += MediaWords(labels_language_, said.media, conversation.sticker(said));
    } else {
      words_ += text;
    }
    piece_messages_.push_back(said.id);
  }
  piece.messages_end = static_cast<uint32_t>(piece_messages_.size());
  replaced_.clear();
  const auto most = static_cast<size_t>(options_.max_context_tokens);
  // No text has more tokens than bytes.
  if (turn.author == persona_ || words_.size() <= most) {
    pii_.Append(words_, &replaced_);
  } else {
    pii_.Append(Shortened(words_, most), &replaced_);
  }
  piece.text_begin = static_cast<uint32_t>(texts_.size());
  texts_ += replaced_;
  piece.text_end = static_cast<uint32_t>(texts_.size());
  piece.begin = static_cast<uint32_t>(pieces_.size());
  if (turn.author != persona_ && group_ && !replaced_.empty()) pieces_ += Label(turn.author);
  AppendEscaped(replaced_, &pieces_);
  piece.end = static_cast<uint32_t>(pieces_.size());
  return piece;
}

std::string_view Composer::Label(PersonId author) {
  label_ = SpeakerLabel(labels_language_, pseudonyms_.NumberOf(author));
  return label_;
}

void Composer::CountCoverage(const Conversation& conversation) {
  for (size_t turn = 0; turn < turns_.size(); ++turn) {
    if (turns_[turn].author == persona_) continue;
    const Said& first = conversation.messages[turns_[turn].first];
    const Said& last = conversation.messages[turns_[turn].last];
    const int64_t bytes = last.text_at + last.text_size - first.text_at;
    others_characters_ += bytes;
    if (piece_of_turn_[turn].in_prompt) others_shown_characters_ += bytes;
  }
}

}  // namespace idiolect
