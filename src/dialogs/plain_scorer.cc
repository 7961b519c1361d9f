#include <algorithm>

#include "dialogs/address.h"
#include "dialogs/link_scorer.h"

namespace idiolect {
namespace {

// What depends on one turn only.
struct TurnFacts {
  std::vector<PersonId> addressed;  // by name
  PersonId answers = 0;             // author of the turn it answers by mark
  bool asks = false;

  bool Addresses(PersonId person) const {
    return std::find(addressed.begin(), addressed.end(), person) != addressed.end();
  }
};

class PlainLinkScorer : public LinkScorer {
 public:
  PlainLinkScorer(const std::vector<std::string>& names, const PlainLinkWeights& weights)
      : names_(names), weights_(weights) {}

  void Score(const Conversation& conversation, const std::vector<Turn>& turns,
             const CandidateTable& table, std::vector<float>* probabilities) const override {
    probabilities->assign(table.size(), 0);
    if (conversation.kind == ChatKind::kPrivate) {
      ScorePrivate(table, turns.size(), probabilities);
      return;
    }
    const std::vector<TurnFacts> facts = Look(conversation, turns);
    for (uint32_t turn = 0; turn < turns.size(); ++turn) {
      const auto candidates = table.of(turn);
      const bool names_one =
          std::any_of(candidates.begin(), candidates.end(), [&](const LinkCandidate& candidate) {
            return facts[turn].Addresses(turns[candidate.turn].author);
          });
      for (size_t i = 0; i < candidates.size(); ++i) {
        const LinkCandidate& candidate = candidates[i];
        const Turn& said = turns[candidate.turn];
        float p = ByPlace(candidate.rank, turns[turn].begin - said.end);
        if (names_one) {
          const bool newest_of_author =
              std::none_of(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(i),
                           [&](const LinkCandidate& nearer) {
                             return turns[nearer.turn].author == said.author;
                           });
          p += newest_of_author && facts[turn].Addresses(said.author) ? weights_.named
                                                                      : weights_.names_another;
        }
        p += SpokenTo(facts[candidate.turn], turns[turn].author);
        if (facts[candidate.turn].asks) p += weights_.question;
        if (candidate.own_between) p += weights_.own_between;
        (*probabilities)[table.begin(turn) + i] = std::clamp(p, weights_.least, weights_.most);
      }
    }
  }

 private:
  void ScorePrivate(const CandidateTable& table, size_t turns,
                    std::vector<float>* probabilities) const {
    for (uint32_t turn = 0; turn < turns; ++turn) {
      const auto candidates = table.of(turn);
      for (size_t i = 0; i < candidates.size(); ++i) {
        (*probabilities)[table.begin(turn) + i] = candidates[i].rank > 0 ? weights_.least
                                                  : candidates[i].own_between
                                                      ? weights_.private_after_own
                                                      : weights_.private_next;
      }
    }
  }

  std::vector<TurnFacts> Look(const Conversation& conversation,
                              const std::vector<Turn>& turns) const {
    std::vector<TurnFacts> facts(turns.size());
    for (size_t turn = 0; turn < turns.size(); ++turn) {
      names_.FindAddressed(conversation.text(conversation.messages[turns[turn].first]),
                           &facts[turn].addressed);
      if (turns[turn].reply_to != 0) {
        const auto target = conversation.Find(turns[turn].reply_to);
        const uint32_t answered = target ? TurnOfMessage(turns, *target) : kNoTurn;
        if (answered != kNoTurn) facts[turn].answers = turns[answered].author;
      }
      for (size_t i = turns[turn].first; i <= turns[turn].last && !facts[turn].asks; ++i) {
        facts[turn].asks =
            conversation.text(conversation.messages[i]).find('?') != std::string_view::npos;
      }
    }
    return facts;
  }

  float ByPlace(uint32_t rank, int64_t age_seconds) const {
    if (rank == 1) return weights_.second;
    if (rank > 1) return weights_.further;
    if (age_seconds <= weights_.soon_seconds) return weights_.next_soon;
    return age_seconds <= weights_.later_seconds ? weights_.next_later : weights_.next_old;
  }

  float SpokenTo(const TurnFacts& said, PersonId person) const {
    if (said.answers == person || said.Addresses(person)) return weights_.spoken_to;
    return said.answers != 0 ? weights_.spoken_to_other : 0;
  }

  const NameIndex names_;
  const PlainLinkWeights weights_;
};

}  // namespace

std::unique_ptr<LinkScorer> MakePlainLinkScorer(const std::vector<std::string>& names,
                                                const PlainLinkWeights& weights) {
  return std::make_unique<PlainLinkScorer>(names, weights);
}

}  // namespace idiolect
