#pragma once
// Who answers whom. For lines of a chat, or turns of a conversation, the linker gives what each
// most likely answers and how likely that is; whoever uses a link decides which probability is
// enough.
//
// Candidates (link_candidates.h), features (link_features.h), scores (link_model.h) and the
// decision (link_decision.h) are kept apart, so that each can be replaced by a better one.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dialogs/link_conversations.h"
#include "dialogs/link_scorer.h"
#include "dialogs/turns.h"

namespace idiolect {

// Whether messengers are looked at twice (link_guesses.h): a little more is right, at more than
// twice the cost. Chats with nicks always are.
enum class MessengerLooks : uint8_t { kOne, kTwo };

// What all linkers of a program share: the models, the word table. Constant after it is made.
class LinkKnowledge {
 public:
  // The models that are built in.
  static Result<std::unique_ptr<LinkKnowledge>> BuiltIn(
      MessengerLooks looks = MessengerLooks::kOne);
  // Of texts in the formats of link_model.h and line_words.h.
  struct Texts {
    std::string_view first;  // of the first look; empty where the model decides alone
    std::string_view last;
  };
  static Texts BuiltInTexts(ChatStyle style, MessengerLooks looks);
  static Result<std::unique_ptr<LinkKnowledge>> From(const Texts& nicks, const Texts& messenger,
                                                     std::string_view words);
  LinkModels models(ChatStyle style) const {
    const Held& held = style == ChatStyle::kNicks ? nicks_ : messenger_;
    return {held.first ? &*held.first : nullptr, &held.last};
  }
  const WordTable& words() const { return words_; }

 private:
  struct Held {
    std::optional<LinkModel> first;
    LinkModel last;
  };
  static Result<Held> Parse(const Texts& texts);
  LinkKnowledge(Held nicks, Held messenger, std::string_view words)
      : nicks_(std::move(nicks)), messenger_(std::move(messenger)), words_(words) {}
  const Held nicks_, messenger_;
  const WordTable words_;
};

// The people of the chats to be linked. Constant after it is made.
class LinkPeople {
 public:
  // `names`: index is the author, as PersonNames gives them.
  LinkPeople(const LinkKnowledge& knowledge, const std::vector<std::string>& names)
      : nicks_(MakeNickFinder(names, knowledge.words())), people_(MakePersonFinder(names)) {}
  const NameFinder& finder(ChatStyle style) const {
    return style == ChatStyle::kNicks ? *nicks_ : *people_;
  }

 private:
  const std::unique_ptr<NameFinder> nicks_, people_;
};

// How a chat looks: nicks where a fifth or more of its lines begin with "word:" or "word,", and no
// line has a mark.
ChatStyle StyleOf(std::span<const ChatLine> lines);

struct Link {
  uint32_t turn = kNoTurn;  // what is answered; kNoTurn when there is none or it is far
  MessageId far = 0;        // the answered message with kMarkedFar
  float probability = 0;    // of `turn`, or of `far`
  LinkReason reason = LinkReason::kNone;
};

// Keeps its working memory between calls. Thread-compatible; what it is made of must outlive it.
class Linker {
 public:
  Linker(const LinkKnowledge& knowledge, const LinkPeople& people)
      : knowledge_(knowledge), people_(people) {}

  // Replaces *links by one link for each of the lines [begin, end). The lines before and behind are
  // context: with kSeenBefore of them before and kSeenBehind behind, the links are those that the
  // whole chat would give.
  void LinkLines(std::span<const ChatLine> lines, uint32_t begin, uint32_t end, ChatStyle style,
                 std::vector<LineLink>* links);

  // Replaces *joins by the line whose conversation each of [begin, end) joins, the line itself when
  // it starts one (link_conversations.h). Of the lines given to LinkLines or Read before, and from
  // the beginning of the chat on.
  void JoinLines(uint32_t begin, uint32_t end, std::vector<uint32_t>* joins);

  // Of a conversation's turns, asked one by one: nothing is spent on those that nobody asks for.
  // Conversation and turns are borrowed until the next call.
  void ReadTurns(const Conversation& conversation, const std::vector<Turn>& turns);
  // A reply mark to one's own or to nobody's words (a service message) is no answer: such a turn
  // has no link. A turn answers what its first messages do; what a message answers within its own
  // turn or of its author does not count.
  const Link& LinkOf(uint32_t turn);
  // The links asked for so far; those of the other turns are empty.
  const std::vector<Link>& links() const { return links_; }
  // Links all turns, and replaces *talks by the first turn of each turn's talk: who talk past each
  // other in one chat talk of different things (link_conversations.h). In a chat of two all is one.
  void FindTalks(std::vector<uint32_t>* talks);

  // For explanations, step by step: Read, then Need of a line, then what is known of it.
  void Read(std::span<const ChatLine> lines, ChatStyle style);
  // Scores the line, and with it those around it; until the next Need the following tell of them.
  void Need(uint32_t line);
  const CandidateTable& candidates() const { return scorer_.candidates(); }
  const FeatureBlocks& features() const { return scorer_.features(); }
  const LinkModel& model() const { return *knowledge_.models(style_).last; }
  // In the order of the line's candidates.
  void Probabilities(uint32_t line, std::vector<float>* probabilities) const;

 private:
  // Scores the lines [line, end) and forgets the others.
  void Score(uint32_t line, uint32_t end);
  Link PrivateLink(uint32_t turn) const;
  Link GuessedLink(uint32_t turn);
  void ReadLines();
  LinkConversations NewConversations() const;
  // The line that the line joins; of scored lines, in order.
  uint32_t JoinLine(uint32_t line, LinkConversations* conversations);

  const LinkKnowledge& knowledge_;
  const LinkPeople& people_;
  ChatStyle style_ = ChatStyle::kMessenger;
  std::unique_ptr<LineWindow> window_;
  // Of the lines [scored_, scored_end_), so that memory does not grow with what is given.
  uint32_t scored_ = 0, scored_end_ = 0;
  LinkScorer scorer_;
  std::vector<float> probabilities_;
  std::vector<ChatLine> lines_;

  // Of ReadTurns.
  Conversation conversation_;
  std::span<const Turn> turns_;
  std::vector<Link> links_;
  std::vector<uint8_t> asked_;  // by turn
  bool lines_read_ = false;
  bool all_wanted_ = false;  // of the turns: so their lines are scored many at once
  std::vector<std::pair<uint32_t, float>> mass_;  // of the turns that may be answered
};

// The messages of a conversation as lines; index is that of the message.
void LinesOf(const Conversation& conversation, std::vector<ChatLine>* lines);

}  // namespace idiolect
