#include "dialogs/people.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr size_t kShownCandidates = 5;

// "user123" of "telegram:user123".
std::string_view WithoutSource(std::string_view source_id) {
  const size_t colon = source_id.find(':');
  return colon == std::string_view::npos ? source_id : source_id.substr(colon + 1);
}

bool IsId(std::string_view source_id, std::string_view wanted) {
  const std::string_view id = WithoutSource(source_id);
  if (source_id == wanted || id == wanted) return true;
  // The bare number, as old exports and other programs show it.
  return id.starts_with("user") && id.substr(4) == wanted;
}

bool HasId(const PersonSummary& person, std::string_view wanted) {
  return IsId(person.source_id, wanted) ||
         std::any_of(person.also.begin(), person.also.end(),
                     [&](const std::string& also) { return IsId(also, wanted); });
}

using Candidates = std::vector<const PersonSummary*>;

std::string List(const Candidates& candidates) {
  std::string list;
  for (size_t i = 0; i < candidates.size() && i < kShownCandidates; ++i) {
    list += (i == 0 ? "" : "; ") + DescribePerson(*candidates[i]);
  }
  if (candidates.size() > kShownCandidates) {
    list += "; and " + std::to_string(candidates.size() - kShownCandidates) + " more";
  }
  return list;
}

tl::unexpected<Error> NobodyFound(const std::vector<PersonSummary>& people, std::string_view wanted,
                                  const std::string& folded) {
  std::string message = "nobody in the workspace is called \"" + std::string(wanted) + "\"";
  if (people.empty()) {
    return Fail(ErrorKind::kNotFound, std::move(message),
                "import chats first: idiolect import EXPORT");
  }
  // Names are compared whole and word by word: a mistyped first name should find the full one.
  std::vector<std::string> known;
  std::map<std::string, const PersonSummary*> owner;
  const auto add = [&](std::string name, const PersonSummary& person) {
    if (!name.empty() && owner.emplace(name, &person).second) known.push_back(std::move(name));
  };
  for (const PersonSummary& person : people) {
    for (const PersonName& name : person.names) {
      const std::string whole = FoldForSearch(name.name);
      add(whole, person);
      for (size_t at = 0; at < whole.size();) {
        const size_t space = std::min(whole.find(' ', at), whole.size());
        add(whole.substr(at, space - at), person);
        at = space + 1;
      }
    }
    add(std::string(WithoutSource(person.source_id)), person);
  }
  Candidates closest;
  for (const std::string& name : Closest(folded, known, 2 * kShownCandidates)) {
    const PersonSummary* person = owner.at(name);
    if (std::find(closest.begin(), closest.end(), person) == closest.end() &&
        closest.size() < kShownCandidates) {
      closest.push_back(person);
    }
  }
  if (!closest.empty()) {
    return Fail(ErrorKind::kNotFound, std::move(message), "did you mean: " + List(closest));
  }
  Candidates busiest;
  for (size_t i = 0; i < people.size() && i < kShownCandidates; ++i) busiest.push_back(&people[i]);
  return Fail(ErrorKind::kNotFound, std::move(message),
              "who wrote most: " + List(busiest) + "; idiolect people lists all");
}

}  // namespace

std::string DescribePerson(const PersonSummary& person) {
  const std::string id(WithoutSource(person.source_id));
  const std::string messages = GroupDigits(person.messages) + " messages";
  if (person.names.empty()) return id + " (" + messages + ")";
  return person.names.front().name + " (" + id + ", " + messages + ")";
}

Result<PersonSummary> FindPersona(const std::vector<PersonSummary>& people,
                                  std::string_view wanted) {
  const std::string_view trimmed = TrimSpace(wanted);
  const std::string folded = FoldForSearch(trimmed);
  if (folded.empty()) {
    return Fail(ErrorKind::kMisuse, "the persona's name is empty",
                "give an id, a name or part of one; idiolect people lists all");
  }
  Candidates by_id, by_name, by_part;
  for (const PersonSummary& person : people) {
    if (HasId(person, trimmed)) by_id.push_back(&person);
    bool whole = false, part = false;
    for (const PersonName& name : person.names) {
      const std::string known = FoldForSearch(name.name);
      whole |= known == folded;
      part |= known.find(folded) != std::string::npos;
    }
    if (whole) by_name.push_back(&person);
    if (part) by_part.push_back(&person);
  }
  for (const Candidates* found : {&by_id, &by_name, &by_part}) {
    if (found->size() == 1) return *found->front();
    if (found->size() > 1) {
      return Fail(
          ErrorKind::kMisuse,
          "\"" + std::string(trimmed) + "\" fits " + std::to_string(found->size()) + " people",
          "name one by its id: " + List(*found));
    }
  }
  return NobodyFound(people, trimmed, folded);
}

}  // namespace idiolect
