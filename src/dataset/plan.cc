#include "dataset/plan.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "dataset/language_id.h"

namespace idiolect {
namespace {

constexpr int kChainLinks = 4;        // how far back a prompt follows what answers what
constexpr int64_t kCoincidence = 20;  // characters: shorter answers may repeat what was said
constexpr int64_t kLabelTokens = 5;   // "Участник 2: "

// memmem, and not string_view::find: every second byte of Cyrillic text is the same.
bool Contains(std::string_view text, std::string_view part) {
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

struct Letters {
  int64_t cyrillic = 0, latin = 0;
};

Letters CountLetters(std::string_view text) {
  Letters letters;
  for (const char c : text) {
    letters.cyrillic += c == '\xD0' || c == '\xD1';
    letters.latin += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  return letters;
}

}  // namespace

void Plan::Append(Plan&& next) {
  const auto conversations_before = static_cast<uint32_t>(conversations.size());
  const auto samples_before = static_cast<uint32_t>(samples.size());
  const auto prompts_before = static_cast<uint32_t>(prompt_turns.size());
  const auto answers_before = static_cast<uint32_t>(answer_messages.size());
  const auto links_before = static_cast<uint32_t>(links.size());
  for (PlannedConversation& conversation : next.conversations) {
    conversation.samples_begin += samples_before;
    conversation.samples_end += samples_before;
    conversation.links_begin += links_before;
  }
  for (PlannedSample& sample : next.samples) {
    sample.conversation += conversations_before;
    sample.prompt_begin += prompts_before;
    sample.prompt_end += prompts_before;
    sample.answer_begin += answers_before;
    sample.answer_end += answers_before;
  }
  const auto append = [](const auto& from, auto* to) {
    to->insert(to->end(), from.begin(), from.end());
  };
  append(next.conversations, &conversations);
  append(next.samples, &samples);
  append(next.prompt_turns, &prompt_turns);
  append(next.answer_messages, &answer_messages);
  append(next.sketches, &sketches);
  append(next.links, &links);
  append(next.rejects, &rejects);
  messages += next.messages;
  persona_messages += next.persona_messages;
  all_conversations += next.all_conversations;
  cyrillic_letters += next.cyrillic_letters;
  latin_letters += next.latin_letters;
}

void NumberLines(Plan* plan) {
  std::array<int64_t, kSplits> lines{};
  for (PlannedConversation& conversation : plan->conversations) {
    conversation.lines_before = lines;
    for (uint32_t i = conversation.samples_begin; i < conversation.samples_end; ++i) {
      const PlannedSample& sample = plan->samples[i];
      if (!sample.dropped) ++lines[static_cast<size_t>(sample.split)];
    }
  }
}

std::vector<SampleRow> RowsOf(const Plan& plan) {
  std::vector<SampleRow> rows;
  rows.reserve(plan.samples.size());
  int64_t lines[kSplits] = {};
  for (const PlannedSample& sample : plan.samples) {
    if (sample.dropped) continue;
    rows.push_back({plan.answer_messages[sample.answer_begin],
                    plan.answer_messages[sample.answer_end - 1], sample.answers_to,
                    plan.conversations[sample.conversation].first, sample.link, sample.split,
                    ++lines[static_cast<int>(sample.split)], sample.quality});
  }
  return rows;
}

Planner::Planner(PersonId persona, const BuildOptions& options, const LinkKnowledge& knowledge,
                 const LinkPeople& people, const PiiLexicon& lexicon)
    : persona_(persona),
      options_(options),
      linker_(knowledge, people),
      pii_(lexicon, options.pii, Language::kEnglish) {}

void Planner::Add(const Conversation& conversation) {
  ++plan_.all_conversations;
  plan_.messages += static_cast<int64_t>(conversation.messages.size());

  int64_t own = 0;
  for (const Said& said : conversation.messages) {
    if (said.author != persona_) continue;
    ++own;
    if (said.kind != MessageKind::kOrdinary) {
      const auto rule = RejectMessage(conversation, said, options_);
      plan_.rejects.push_back({said.id, static_cast<int>(*rule)});
    }
  }
  if (own == 0) return;
  plan_.persona_messages += own;

  MergeTurns(conversation, options_.typing_gap_seconds, &turns_);
  linker_.ReadTurns(conversation, turns_);
  talks_.clear();
  if (MayHaveTalks(conversation)) linker_.FindTalks(&talks_);
  words_.resize(turns_.size());
  measured_.assign(turns_.size(), 0);
  own_hashes_.assign(turns_.size(), 0);

  PlannedConversation planned;
  planned.chat = conversation.chat;
  planned.first = conversation.messages.front().id;
  planned.begin = conversation.messages.front().time;
  planned.samples_begin = static_cast<uint32_t>(plan_.samples.size());
  for (uint32_t turn = 0; turn < turns_.size(); ++turn) {
    if (turns_[turn].author == persona_) PlanTurn(conversation, turn);
  }
  planned.samples_end = static_cast<uint32_t>(plan_.samples.size());
  if (planned.samples_end == planned.samples_begin) return;
  planned.links_begin = static_cast<uint32_t>(plan_.links.size());
  planned.talks_known = !talks_.empty();
  for (size_t turn = 0; turn < turns_.size(); ++turn) {
    const Link& link = linker_.links()[turn];
    plan_.links.push_back({link.turn, link.probability, talks_.empty() ? 0 : talks_[turn]});
  }
  plan_.conversations.push_back(planned);
}

void Planner::PlanTurn(const Conversation& conversation, uint32_t turn) {
  answer_.clear();
  answer_characters_ = 0;
  Letters letters;
  for (uint32_t i = turns_[turn].first; i <= turns_[turn].last; ++i) {
    const Said& said = conversation.messages[i];
    if (said.author != persona_ || said.kind != MessageKind::kOrdinary) continue;
    if (const auto rule = RejectMessage(conversation, said, options_)) {
      plan_.rejects.push_back({said.id, static_cast<int>(*rule)});
      continue;
    }
    const std::string_view text = conversation.text(said);
    if (const auto rule = RejectPersonal(text)) {
      plan_.rejects.push_back({said.id, static_cast<int>(*rule)});
      continue;
    }
    answer_.push_back(i);
    answer_characters_ += static_cast<int64_t>(CountCodePoints(text));
    const Letters more = CountLetters(text);
    letters.cyrillic += more.cyrillic;
    letters.latin += more.latin;
  }
  if (answer_.empty()) {
    // Nothing of it is ever shown.
    words_[turn] = {};
    measured_[turn] = 1;
    return;
  }
  answer_hash_ = own_hashes_[turn] = HashOfTurn(conversation, turn);

  PlannedSample sample;
  sample.conversation = static_cast<uint32_t>(plan_.conversations.size());
  sample.turn = turn;
  if (const auto rule = PlanPrompt(conversation, turn, &sample)) {
    RejectAnswer(conversation, *rule);
    return;
  }
  sample.answer_begin = static_cast<uint32_t>(plan_.answer_messages.size());
  for (const uint32_t i : answer_) {
    plan_.answer_messages.push_back(conversation.messages[i].id);
  }
  sample.answer_end = static_cast<uint32_t>(plan_.answer_messages.size());
  sample.answer_hash = answer_hash_;
  sample.cyrillic_letters = static_cast<uint32_t>(letters.cyrillic);
  sample.latin_letters = static_cast<uint32_t>(letters.latin);
  JudgeSample(conversation, turn, &sample);
  plan_.samples.push_back(sample);
  plan_.cyrillic_letters += letters.cyrillic;
  plan_.latin_letters += letters.latin;
}

std::optional<RejectRule> Planner::PlanPrompt(const Conversation& conversation, uint32_t turn,
                                              PlannedSample* sample) {
  const Link link = linker_.LinkOf(turn);
  sample->link = link.probability;
  if (link.reason == LinkReason::kNone) {
    const Said& first = conversation.messages[turns_[turn].first];
    return first.flags & kReplyElsewhere ? RejectRule::kAnswersMissing : RejectRule::kAnswersNobody;
  }
  if (link.probability < static_cast<float>(options_.min_link)) return RejectRule::kUncertainLink;
  if (answer_characters_ > options_.max_answer_characters) return RejectRule::kTooLong;
  if (answer_characters_ < options_.min_answer_characters) return RejectRule::kTooShort;
  if (options_.drop_greetings != 0 && answer_.size() <= 2) {
    const auto greets = [&](uint32_t i) {
      return IsOnlyGreeting(TrimSpace(conversation.text(conversation.messages[i])));
    };
    if (std::all_of(answer_.begin(), answer_.end(), greets)) return RejectRule::kGreeting;
  }
  if (link.reason == LinkReason::kMarkedFar) return PlanQuotedPrompt(conversation, turn, sample);

  if (options_.posts == Posts::kDrop && IsPost(conversation, link.turn)) {
    return RejectRule::kAnswersPost;
  }
  if (!Words(conversation, link.turn).words) return RejectRule::kAnswersNoWords;
  if (TurnHoldsAnswer(conversation, link.turn)) return RejectRule::kRepeatsPrompt;
  ChoosePrompt(conversation, turn, link.turn);
  sample->answers_to = conversation.messages[turns_[link.turn].last].id;
  sample->prompt_begin = static_cast<uint32_t>(plan_.prompt_turns.size());
  plan_.prompt_turns.insert(plan_.prompt_turns.end(), prompt_.begin(), prompt_.end());
  sample->prompt_end = static_cast<uint32_t>(plan_.prompt_turns.size());
  sample->pair_hash = answer_hash_ ^ (HashOfTurn(conversation, link.turn) * 31 + 7);
  return std::nullopt;
}

std::optional<RejectRule> Planner::PlanQuotedPrompt(const Conversation& conversation, uint32_t turn,
                                                    PlannedSample* sample) {
  const Said* quoted = conversation.FindQuoted(linker_.LinkOf(turn).far);
  if (quoted == nullptr || quoted->id >= conversation.messages[answer_.front()].id) {
    return RejectRule::kAnswersMissing;
  }
  if (quoted->author == persona_ || quoted->kind != MessageKind::kOrdinary) {
    return RejectRule::kAnswersNobody;
  }
  if (options_.posts == Posts::kDrop && quoted->flags & kChannelPost) {
    return RejectRule::kAnswersPost;
  }
  const std::string_view text = TrimSpace(conversation.text(*quoted));
  if (text.empty()) return RejectRule::kAnswersNoWords;
  if (HoldsAnswer(conversation, text)) return RejectRule::kRepeatsPrompt;
  sample->quoted = sample->answers_to = quoted->id;
  sample->pair_hash = answer_hash_ ^ (HashOfWords(text, 0) * 31 + 7);
  return std::nullopt;
}

// Whether people may talk past each other here, and whether it matters: where all that was said
// has room in every prompt, nobody asks what belongs together.
bool Planner::MayHaveTalks(const Conversation& conversation) const {
  if (conversation.kind == ChatKind::kPrivate) return false;
  return turns_.size() > static_cast<size_t>(options_.max_context_turns) ||
         conversation.buffer.size() > static_cast<size_t>(options_.max_context_tokens);
}

// The chain of what the answered turn itself answers comes first, then the rest of its talk, then
// what else was said around it, each newest first, until the budget is spent. Nothing said after
// the answered turn is taken: a prompt ends with what is answered.
void Planner::ChoosePrompt(const Conversation& conversation, uint32_t turn, uint32_t answered) {
  prompt_.assign(1, answered);
  const int64_t budget = options_.max_context_tokens - Words(conversation, answered).tokens;
  int64_t left = budget;
  // Where all of it has room there is no need to know what comes first.
  const bool small = answered < static_cast<uint32_t>(options_.max_context_turns);
  if (!small || !TakeEarlier(conversation, turn, answered, Earlier::kAll, &left)) {
    left = budget;
    prompt_.assign(1, answered);
    uint32_t chained = answered;
    for (int i = 0; i < kChainLinks; ++i) {
      const Link& link = linker_.LinkOf(chained);
      if (link.turn == kNoTurn || link.probability < static_cast<float>(options_.min_link)) break;
      chained = link.turn;
      if (!TakeIntoPrompt(conversation, chained, &left)) break;
    }
    if (talks_.empty() || TakeEarlier(conversation, turn, answered, Earlier::kOfTalk, &left)) {
      TakeEarlier(conversation, turn, answered, Earlier::kAll, &left);
    }
  }
  std::sort(prompt_.begin(), prompt_.end());
  // Chat templates want the user to begin.
  const auto first_of_others = std::find_if(
      prompt_.begin(), prompt_.end(), [&](uint32_t t) { return turns_[t].author != persona_; });
  prompt_.erase(prompt_.begin(), first_of_others);
}

// False: not all of it had room.
bool Planner::TakeEarlier(const Conversation& conversation, uint32_t turn, uint32_t answered,
                          Earlier what, int64_t* budget) {
  const uint32_t end = what == Earlier::kOfTalk ? talks_[answered] : 0;
  for (uint32_t earlier = answered; earlier-- > end;) {
    if (turns_[earlier].topic != turns_[turn].topic) continue;
    if (what == Earlier::kOfTalk && talks_[earlier] != talks_[answered]) continue;
    if (!TakeIntoPrompt(conversation, earlier, budget)) return false;
  }
  return true;
}

// False: the prompt is full, or would hold the answer, and ends here.
bool Planner::TakeIntoPrompt(const Conversation& conversation, uint32_t turn, int64_t* budget) {
  if (std::find(prompt_.begin(), prompt_.end(), turn) != prompt_.end()) return true;
  const int64_t tokens = Words(conversation, turn).tokens;
  if (tokens == 0) return true;
  if (static_cast<int64_t>(prompt_.size()) >= options_.max_context_turns ||
      tokens + kLabelTokens > *budget) {
    return false;
  }
  if (turns_[turn].author == persona_ && own_hashes_[turn] == answer_hash_) return false;
  if (TurnHoldsAnswer(conversation, turn)) return false;
  *budget -= tokens + kLabelTokens;
  prompt_.push_back(turn);
  return true;
}

bool Planner::IsPost(const Conversation& conversation, uint32_t turn) const {
  return (conversation.messages[turns_[turn].first].flags & kChannelPost) != 0;
}

bool Planner::HoldsAnswer(const Conversation& conversation, std::string_view text) const {
  if (answer_characters_ < kCoincidence) return false;
  return std::all_of(answer_.begin(), answer_.end(), [&](uint32_t i) {
    return Contains(text, TrimSpace(conversation.text(conversation.messages[i])));
  });
}

bool Planner::TurnHoldsAnswer(const Conversation& conversation, uint32_t turn) const {
  if (answer_characters_ < kCoincidence) return false;
  // The texts of a turn's messages lie one behind another.
  const Said& first = conversation.messages[turns_[turn].first];
  const Said& last = conversation.messages[turns_[turn].last];
  return HoldsAnswer(
      conversation,
      conversation.buffer.substr(first.text_at, last.text_at + last.text_size - first.text_at));
}

const TurnWords& Planner::Words(const Conversation& conversation, uint32_t turn) {
  if (!measured_[turn]) {
    words_[turn] = MeasureTurn(conversation, turns_[turn], persona_, options_);
    measured_[turn] = 1;
  }
  return words_[turn];
}

uint64_t Planner::HashOfTurn(const Conversation& conversation, uint32_t turn) const {
  uint64_t hash = 0;
  for (uint32_t i = turns_[turn].first; i <= turns_[turn].last; ++i) {
    const Said& said = conversation.messages[i];
    if (said.author != turns_[turn].author || !IsSpoken(conversation, said, persona_, options_)) {
      continue;
    }
    hash = HashOfWords(TrimSpace(conversation.text(said)), hash);
  }
  return hash;
}

std::optional<RejectRule> Planner::RejectPersonal(std::string_view text) {
  PiiKind kind = PiiKind::kSecret;
  if (!pii_.HoldsDropped(text, &kind)) return std::nullopt;
  const bool secret = kind == PiiKind::kSecret || kind == PiiKind::kCvv;
  return secret ? RejectRule::kSecret : RejectRule::kPersonalData;
}

void Planner::JudgeSample(const Conversation& conversation, uint32_t turn, PlannedSample* sample) {
  answer_text_.clear();
  for (const uint32_t i : answer_) {
    if (!answer_text_.empty()) answer_text_ += '\n';
    answer_text_ += TrimSpace(conversation.text(conversation.messages[i]));
  }
  plan_.sketches.push_back(SketchOf(answer_text_));

  const Link& link = linker_.LinkOf(turn);
  AnswerFacts facts;
  facts.answer = answer_text_;
  facts.link = link.probability;
  facts.marked = link.reason == LinkReason::kMarked || link.reason == LinkReason::kMarkedFar;
  const int64_t begin = conversation.messages[answer_.front()].time;
  if (sample->quoted != 0) {
    const Said* const quoted = conversation.FindQuoted(sample->quoted);
    facts.answered = conversation.text(*quoted);
    facts.delay_seconds = begin - quoted->time;
  } else {
    // The texts of a turn's messages lie one behind another.
    const Turn& answered = turns_[link.turn];
    const Said& first = conversation.messages[answered.first];
    const Said& last = conversation.messages[answered.last];
    facts.answered =
        conversation.buffer.substr(first.text_at, last.text_at + last.text_size - first.text_at);
    facts.delay_seconds = begin - last.time;
  }
  sample->signals = JudgeAnswer(facts);
  sample->language = LanguageOf(answer_text_);
}

void Planner::RejectAnswer(const Conversation& conversation, RejectRule rule) {
  for (const uint32_t i : answer_) {
    plan_.rejects.push_back({conversation.messages[i].id, static_cast<int>(rule)});
  }
}

}  // namespace idiolect
