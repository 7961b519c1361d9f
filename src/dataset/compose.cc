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

const char* DatasetFileName(DatasetFile file) {
  constexpr const char* kNames[] = {"train.jsonl",  "valid.jsonl", "test.jsonl",  "pairs.jsonl",
                                    "dialogs.json", "dialogs.csv", "rejected.csv"};
  static_assert(std::size(kNames) == kDatasetFiles);
  return kNames[static_cast<size_t>(file)];
}

Composer::Composer(const ComposerFacts& facts)
    : facts_(facts),
      voice_(facts.voice),
      persona_(facts.voice.persona),
      options_(facts.options),
      labels_language_(facts.voice.labels),
      plan_(facts.plan),
      pii_(facts.lexicon, facts.options.pii, facts.voice.labels),
      pii_of_rejects_(facts.lexicon, facts.options.pii, facts.voice.labels),
      head_("{\"messages\":["),
      first_dialog_(0) {
  const auto kept = std::find_if(plan_.samples.begin(), plan_.samples.end(),
                                 [](const PlannedSample& sample) { return !sample.dropped; });
  if (kept != plan_.samples.end()) first_dialog_ = plan_.conversations[kept->conversation].first;
  if (voice_.system_prompt.empty()) return;
  head_ += "{\"role\":\"system\",\"content\":";
  AppendJsonString(voice_.system_prompt, &head_);
  head_ += "},";
}

Result<ComposedPart> Composer::Compose(std::span<const OwnedConversation> conversations) {
  part_ = {};
  if (conversations.empty()) return std::move(part_);
  const MessageId first = conversations.front().messages.front().id;
  next_ = static_cast<size_t>(
      std::partition_point(plan_.conversations.begin(), plan_.conversations.end(),
                           [first](const auto& planned) { return planned.first < first; }) -
      plan_.conversations.begin());
  next_reject_ = static_cast<size_t>(
      std::partition_point(plan_.rejects.begin(), plan_.rejects.end(),
                           [first](const auto& reject) { return reject.message < first; }) -
      plan_.rejects.begin());
  const PiiCounts before = pii_.counts();
  for (const OwnedConversation& conversation : conversations) {
    RETURN_IF_ERROR(Add(conversation.view()));
  }
  for (size_t kind = 0; kind < kPiiKinds; ++kind) {
    part_.pii[kind] = pii_.counts()[kind] - before[kind];
  }
  return std::move(part_);
}

Status Composer::Add(const Conversation& conversation) {
  numbers_ = &facts_.pseudonyms.Of(conversation.chat);
  pii_.BeginDialog();
  pii_of_rejects_.BeginDialog();
  AddRejects(conversation);
  if (next_ == plan_.conversations.size()) return {};
  const PlannedConversation& planned = plan_.conversations[next_];
  const MessageId first = conversation.messages.front().id;
  if (planned.first > first) return {};
  if (planned.first < first) return MessagesChanged();
  ++next_;
  ++part_.conversations;

  group_ = conversation.kind != ChatKind::kPrivate;
  MergeTurns(conversation, options_.typing_gap_seconds, &turns_);
  piece_of_turn_.assign(turns_.size(), Piece{});
  pieces_.clear();
  texts_.clear();
  piece_messages_.clear();
  line_of_sample_.assign(planned.samples_end - planned.samples_begin, 0);
  std::array<int64_t, kSplits> lines = planned.lines_before;
  for (uint32_t i = planned.samples_begin; i < planned.samples_end; ++i) {
    const PlannedSample& sample = plan_.samples[i];
    if (sample.dropped) continue;
    RETURN_IF_ERROR(AddSample(conversation, sample));
    const int64_t line = ++lines[static_cast<size_t>(sample.split)];
    line_of_sample_[i - planned.samples_begin] = line;
    AddPair(conversation, sample, line);
  }
  CountTalks(conversation, planned);
  AddDialog(conversation, planned);
  return {};
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
  RETURN_IF_ERROR(part_.leak_check.Check(facts_.held_out, sample.split, prompt_messages_, answer));
  part_.leak_check.AddAnswer(sample.split, RawAnswer(conversation, answer));
  part_.Add(FileOf(sample.split), line_);
  return {};
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
  const auto number = numbers_->find(author);
  label_ = SpeakerLabel(labels_language_, number == numbers_->end() ? 0 : number->second);
  return label_;
}

void Composer::CountTalks(const Conversation& conversation, const PlannedConversation& planned) {
  answered_talks_.assign(turns_.size(), 0);
  const auto link_of = [&](size_t turn) { return plan_.links[planned.links_begin + turn]; };
  for (uint32_t i = planned.samples_begin; i < planned.samples_end; ++i) {
    const PlannedSample& sample = plan_.samples[i];
    const uint32_t answered = sample.quoted != 0 ? sample.turn : link_of(sample.turn).turn;
    if (!sample.dropped) answered_talks_[link_of(answered).talk] = 1;
  }
  part_.talks += std::count(answered_talks_.begin(), answered_talks_.end(), 1);
  for (size_t turn = 0; turn < turns_.size(); ++turn) {
    if (!answered_talks_[link_of(turn).talk]) continue;
    ++part_.talk_turns;
    if (turns_[turn].author == persona_) continue;
    const Said& first = conversation.messages[turns_[turn].first];
    const Said& last = conversation.messages[turns_[turn].last];
    const int64_t bytes = last.text_at + last.text_size - first.text_at;
    part_.others_bytes += bytes;
    if (piece_of_turn_[turn].in_prompt) part_.others_shown_bytes += bytes;
  }
}

}  // namespace idiolect
