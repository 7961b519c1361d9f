#include "dialogs/linker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace idiolect {
namespace {

constexpr size_t kLinesOfTurn = 3;  // so many first messages of a turn tell what it answers
// So many lines are scored at once, that their features fit into the cache; a second look, which
// takes the lines around along each time, takes more.
constexpr uint32_t kScoredAtOnce = 256, kScoredAtSecondLook = 1024;
// In a private chat: the other's last turn, and the same after another turn of one's own.
constexpr float kPrivateNext = 0.95f, kPrivateAfterOwn = 0.25f;

Link MarkedLink(const Conversation& conversation, std::span<const Turn> turns, uint32_t turn) {
  const MessageId target = turns[turn].reply_to;
  const auto message = conversation.Find(target);
  if (!message) return {kNoTurn, target, 1, LinkReason::kMarkedFar};
  const uint32_t answered = TurnOfMessage(turns, *message);
  if (answered >= turn || turns[answered].author == turns[turn].author ||
      conversation.messages[*message].kind != MessageKind::kOrdinary) {
    return {};
  }
  return {answered, 0, 1, LinkReason::kMarked};
}

}  // namespace

Result<LinkKnowledge::Held> LinkKnowledge::Parse(const Texts& texts) {
  ASSIGN_OR_RETURN(auto last, LinkModel::Parse(texts.last));
  Held held{std::nullopt, std::move(last)};
  if (!texts.first.empty()) {
    ASSIGN_OR_RETURN(held.first, LinkModel::Parse(texts.first));
  }
  return held;
}

Result<std::unique_ptr<LinkKnowledge>> LinkKnowledge::From(const Texts& nicks,
                                                           const Texts& messenger,
                                                           std::string_view words) {
  ASSIGN_OR_RETURN(auto of_nicks, Parse(nicks));
  ASSIGN_OR_RETURN(auto of_messenger, Parse(messenger));
  return std::unique_ptr<LinkKnowledge>(
      new LinkKnowledge(std::move(of_nicks), std::move(of_messenger), words));
}

LinkKnowledge::Texts LinkKnowledge::BuiltInTexts(ChatStyle style, MessengerLooks looks) {
  const std::string_view first = BuiltInLinkModelText(style, LinkLook::kFirst);
  if (style == ChatStyle::kMessenger && looks == MessengerLooks::kOne) return {{}, first};
  return {first, BuiltInLinkModelText(style, LinkLook::kLast)};
}

Result<std::unique_ptr<LinkKnowledge>> LinkKnowledge::BuiltIn(MessengerLooks looks) {
  return From(BuiltInTexts(ChatStyle::kNicks, looks), BuiltInTexts(ChatStyle::kMessenger, looks),
              BuiltInLinkWords());
}

ChatStyle StyleOf(std::span<const ChatLine> lines) {
  size_t spoken = 0, addressed = 0;
  for (const ChatLine& line : lines) {
    if (line.marked != kNoLine || line.marked_elsewhere) return ChatStyle::kMessenger;
    if (!line.spoken) continue;
    ++spoken;
    const size_t end = line.text.find(' ');
    if (end == std::string_view::npos || end < 2) continue;
    const char sign = line.text[end - 1];
    addressed += sign == ':' || sign == ',';
  }
  return spoken > 0 && addressed * 5 >= spoken ? ChatStyle::kNicks : ChatStyle::kMessenger;
}

void Linker::Read(std::span<const ChatLine> lines, ChatStyle style) {
  style_ = style;
  if (!window_ || window_->finder() != &people_.finder(style)) {
    window_ = std::make_unique<LineWindow>(knowledge_.words(), people_.finder(style));
  }
  window_->Read(lines);
  scored_ = scored_end_ = 0;
}

void Linker::Need(uint32_t line) {
  if (line >= scored_ && line < scored_end_) return;
  const bool second_look = knowledge_.models(style_).first != nullptr;
  Score(line,
        std::min(window_->size(), line + (second_look ? kScoredAtSecondLook : kScoredAtOnce)));
}

void Linker::Score(uint32_t line, uint32_t end) {
  scored_ = line;
  scored_end_ = end;
  scorer_.Score(*window_, scored_, scored_end_, knowledge_.models(style_), {});
}

void Linker::Probabilities(uint32_t line, std::vector<float>* probabilities) const {
  ProbabilitiesOf(model(), *window_, scorer_.candidates(), line, PriorOf::kUnmarkedLines,
                  scorer_.sums(), probabilities);
}

void Linker::LinkLines(std::span<const ChatLine> lines, uint32_t begin, uint32_t end,
                       ChatStyle style, std::vector<LineLink>* links) {
  Read(lines, style);
  links->assign(end - begin, {});
  for (uint32_t line = begin; line < end; ++line) {
    LineLink& link = (*links)[line - begin];
    if (lines[line].marked != kNoLine) {
      link = {lines[line].marked, kNoLine, 1, 0, LinkReason::kMarked};
    } else if (lines[line].marked_elsewhere) {
      link = {kNoLine, kNoLine, 1, 0, LinkReason::kMarkedFar};
    } else if (lines[line].spoken) {
      Need(line);
      Probabilities(line, &probabilities_);
      link = DecideLink(model(), candidates().of(line), line, probabilities_);
    } else {
      link.probability = 1;
    }
  }
}

LinkConversations Linker::NewConversations() const {
  const LinkSettings& settings = model().settings();
  return LinkConversations(
      std::exp((settings.conversation_margin - settings.margin) / settings.temperature));
}

uint32_t Linker::JoinLine(uint32_t line, LinkConversations* conversations) {
  const ChatLine& said = window_->line(line);
  if (said.marked != kNoLine) {
    const float certain = 1;
    return conversations->Add(line, std::span(&said.marked, 1), std::span(&certain, 1));
  }
  Need(line);
  const auto candidates = scorer_.candidates().of(line);
  probabilities_.clear();
  if (!candidates.empty()) Probabilities(line, &probabilities_);
  return conversations->Add(line, candidates, probabilities_);
}

void Linker::JoinLines(uint32_t begin, uint32_t end, std::vector<uint32_t>* joins) {
  LinkConversations conversations = NewConversations();
  joins->clear();
  for (uint32_t line = begin; line < end; ++line) joins->push_back(JoinLine(line, &conversations));
}

void LinesOf(const Conversation& conversation, std::vector<ChatLine>* lines) {
  lines->clear();
  for (const Said& said : conversation.messages) {
    ChatLine line;
    line.time = said.time;
    line.author = static_cast<uint32_t>(said.author);
    line.spoken = said.kind == MessageKind::kOrdinary;
    line.topic = said.topic;
    line.flags = said.flags;
    line.media = said.media;
    line.text = conversation.text(said);
    if (said.reply_to != 0) {
      const auto target = conversation.Find(said.reply_to);
      if (target && *target < lines->size()) {
        line.marked = static_cast<uint32_t>(*target);
      } else {
        line.marked_elsewhere = true;
      }
    }
    lines->push_back(line);
  }
}

void Linker::ReadTurns(const Conversation& conversation, const std::vector<Turn>& turns) {
  conversation_ = conversation;
  turns_ = turns;
  links_.assign(turns.size(), Link{});
  asked_.assign(turns.size(), 0);
  lines_read_ = all_wanted_ = false;
}

void Linker::FindTalks(std::vector<uint32_t>* talks) {
  talks->assign(turns_.size(), 0);
  all_wanted_ = true;
  if (conversation_.kind == ChatKind::kPrivate) {
    for (uint32_t turn = 0; turn < turns_.size(); ++turn) LinkOf(turn);
    return;
  }
  ReadLines();
  LinkConversations conversations = NewConversations();
  uint32_t next = 0;  // line to be joined
  for (uint32_t turn = 0; turn < turns_.size(); ++turn) {
    (*talks)[turn] = turn;
    for (; next <= turns_[turn].last; ++next) {
      JoinLine(next, &conversations);
      if (next != turns_[turn].first) continue;
      const uint32_t begin = TurnOfMessage(turns_, conversations.BeginOf(next));
      if (begin < turn) (*talks)[turn] = (*talks)[begin];
    }
    LinkOf(turn);
  }
}

const Link& Linker::LinkOf(uint32_t turn) {
  Link& link = links_[turn];
  if (std::exchange(asked_[turn], uint8_t{1})) return link;
  if (turns_[turn].reply_to != 0) {
    link = MarkedLink(conversation_, turns_, turn);
  } else {
    link = conversation_.kind == ChatKind::kPrivate ? PrivateLink(turn) : GuessedLink(turn);
  }
  return link;
}

// In a chat of two the question is only whether a turn answers or goes on.
Link Linker::PrivateLink(uint32_t turn) const {
  bool own_between = false;
  for (uint32_t earlier = turn; earlier-- > 0;) {
    if (turns_[earlier].topic != turns_[turn].topic) continue;
    if (turns_[earlier].author != turns_[turn].author) {
      return {earlier, 0, own_between ? kPrivateAfterOwn : kPrivateNext, LinkReason::kGuessed};
    }
    own_between = true;
  }
  return {};
}

void Linker::ReadLines() {
  if (std::exchange(lines_read_, true)) return;
  LinesOf(conversation_, &lines_);
  Read(lines_, StyleOf(lines_));
}

Link Linker::GuessedLink(uint32_t turn) {
  ReadLines();
  Link link;
  size_t looked_at = 0;
  for (uint32_t line = turns_[turn].first; line <= turns_[turn].last && looked_at < kLinesOfTurn;
       ++line) {
    if (!lines_[line].spoken || lines_[line].author != turns_[turn].author) continue;
    ++looked_at;
    // A second look needs the first one of the lines around: those are looked at once.
    if (all_wanted_ || knowledge_.models(style_).first != nullptr) {
      Need(line);
    } else {
      Score(line, line + 1);
    }
    const auto candidates = scorer_.candidates().of(line);
    if (candidates.empty()) continue;
    Probabilities(line, &probabilities_);
    mass_.clear();
    // Candidates come newest first, so those of one turn come together.
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (lines_[candidates[i]].author == turns_[turn].author) continue;
      const uint32_t answered = TurnOfMessage(turns_, candidates[i]);
      if (answered == kNoTurn) continue;
      if (mass_.empty() || mass_.back().first != answered) mass_.emplace_back(answered, 0.0f);
      mass_.back().second += probabilities_[i];
    }
    for (const auto& [answered, probability] : mass_) {
      if (probability > link.probability) {
        link = {answered, 0, std::min(probability, 1.0f), LinkReason::kGuessed};
      }
    }
  }
  return link;
}

}  // namespace idiolect
