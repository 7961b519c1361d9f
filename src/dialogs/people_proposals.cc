#include "dialogs/people_proposals.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "store/people_merges.h"

namespace idiolect {
namespace {

constexpr size_t kMostNamesakes = 6;  // of a name of more people nothing can be said

struct Activity {
  std::set<ChatId> chats;
  int64_t first = INT64_MAX, last = 0;
};

bool IsByName(const PersonSummary& person) {
  return person.source_id.starts_with(kByNamePrefix);
}

int64_t GapDays(const Activity& a, const Activity& b) {
  const int64_t gap = std::max(a.first, b.first) - std::min(a.last, b.last);
  return gap <= 0 ? 0 : gap / 86400 + 1;
}

double ScoreOf(const MergeProposal& proposal) {
  double score = 0.3;
  if (proposal.same_messages > 0) score += 0.4;
  if (proposal.by_name) score += 0.1;
  if (proposal.chats > 0 && proposal.gap_days > 0) score += 0.2;  // one went, the other came
  if (proposal.chats > 0 && proposal.gap_days == 0 && !proposal.by_name) score -= 0.2;
  if (proposal.name.find(' ') != std::string::npos) score += 0.1;  // with a surname
  return std::clamp(score / (1.0 + static_cast<double>(proposal.namesakes)), 0.0, 1.0);
}

}  // namespace

Result<std::vector<MergeProposal>> ProposeMerges(Database& database) {
  ASSIGN_OR_RETURN(const auto people, ListPeople(database));
  ASSIGN_OR_RETURN(const auto rows, ListActivity(database));
  ASSIGN_OR_RETURN(const auto matches, ListNameMatches(database));
  std::map<PersonId, Activity> activity;
  for (const PersonActivity& row : rows) {
    Activity& of = activity[row.person];
    of.chats.insert(row.chat);
    of.first = std::min(of.first, row.first_time);
    of.last = std::max(of.last, row.last_time);
  }
  std::map<std::string, std::vector<const PersonSummary*>> by_name;
  for (const PersonSummary& person : people) {
    std::set<std::string> folded;
    for (const PersonName& name : person.names) folded.insert(FoldForSearch(name.name));
    for (const std::string& name : folded) {
      if (!name.empty()) by_name[name].push_back(&person);
    }
  }
  std::vector<MergeProposal> proposals;
  std::set<std::pair<PersonId, PersonId>> done;
  for (const auto& [name, namesakes] : by_name) {
    if (namesakes.size() < 2 || namesakes.size() > kMostNamesakes) continue;
    for (size_t i = 0; i < namesakes.size(); ++i) {
      for (size_t j = i + 1; j < namesakes.size(); ++j) {
        const PersonSummary *keep = namesakes[i], *merge = namesakes[j];
        // An id is surer than a name; else who wrote more.
        if (IsByName(*keep) && !IsByName(*merge)) std::swap(keep, merge);
        if (!done.emplace(std::min(keep->id, merge->id), std::max(keep->id, merge->id)).second) {
          continue;
        }
        MergeProposal proposal;
        proposal.keep = *keep;
        proposal.merge = *merge;
        for (const PersonName& known : merge->names) {
          if (FoldForSearch(known.name) == name) proposal.name = known.name;
        }
        const Activity &a = activity[keep->id], &b = activity[merge->id];
        for (const ChatId chat : a.chats) proposal.chats += b.chats.contains(chat);
        proposal.gap_days = GapDays(a, b);
        proposal.by_name = IsByName(*merge);
        proposal.namesakes = static_cast<int64_t>(namesakes.size()) - 2;
        for (const NameMatchRow& match : matches) {
          if (proposal.by_name && match.person == keep->id && match.name == proposal.name) {
            proposal.same_messages += match.messages;
          }
        }
        proposal.score = ScoreOf(proposal);
        proposals.push_back(std::move(proposal));
      }
    }
  }
  std::stable_sort(proposals.begin(), proposals.end(),
                   [](const auto& x, const auto& y) { return x.score > y.score; });
  return proposals;
}

Result<std::vector<SharedName>> ListSharedNames(Database& database) {
  ASSIGN_OR_RETURN(const auto matches, ListNameMatches(database));
  ASSIGN_OR_RETURN(const auto people, ListPeopleByName(database));
  std::map<std::string, std::map<PersonId, int64_t>> by_name;
  for (const NameMatchRow& match : matches) by_name[match.name][match.person] += match.messages;
  std::vector<SharedName> shared;
  for (const auto& [name, ids] : by_name) {
    SharedName found{name, {}, {}};
    for (const auto& [id, messages] : ids) {
      const auto person = std::find_if(people.begin(), people.end(),
                                       [&, wanted = id](const auto& p) { return p.id == wanted; });
      if (person == people.end()) continue;  // merged meanwhile
      found.people.push_back(*person);
      found.messages.push_back(messages);
    }
    if (found.people.size() > 1) shared.push_back(std::move(found));
  }
  return shared;
}

}  // namespace idiolect
