#include "analysis/labels.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr size_t kShortestName = 3;  // letters

template <typename Each>
void ForEachNameWord(std::string_view name, Each each) {
  const std::string folded = FoldForSearch(name);
  std::string word;
  for (size_t at = 0; at <= folded.size();) {
    const char32_t c = at < folded.size() ? NextCodePoint(folded, &at) : (++at, U' ');
    if (IsLetter(c)) {
      AppendUtf8(c, &word);
      continue;
    }
    if (CountCodePoints(word) >= kShortestName) each(word);
    word.clear();
  }
}

}  // namespace

Labels::Labels(const ReportFacts& facts, Names names, Language language)
    : facts_(facts), names_(names), language_(language) {
  const auto& people = facts.collection.people;
  std::vector<size_t> order(people.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&people](size_t a, size_t b) {
    return people[a].messages > people[b].messages;
  });
  rank_.resize(people.size());
  size_t rank = 0;
  for (const size_t person : order) {
    if (static_cast<PersonId>(person) != facts.persona) rank_[person] = ++rank;
  }
  if (names == Names::kReal) return;
  pii_ = std::make_unique<PiiLexicon>();
  for (size_t person = 1; person < facts.names.size(); ++person) {
    if (static_cast<PersonId>(person) != facts.persona) pii_->AddPerson(facts.names[person]);
  }
  if (const auto index = static_cast<size_t>(facts.persona); index < facts.names.size()) {
    pii_->Spare(facts.names[index]);
  }
  Stemmer stemmer;
  const auto persona = static_cast<size_t>(facts.persona);
  std::unordered_set<std::string>& own = own_stems_;
  if (persona < facts.names.size()) {
    ForEachNameWord(facts.names[persona],
                    [&](const std::string& word) { own.insert(std::string(stemmer.Stem(word))); });
  }
  for (size_t person = 0; person < facts.names.size(); ++person) {
    if (person == persona) continue;
    ForEachNameWord(facts.names[person], [&](const std::string& word) {
      std::string stem(stemmer.Stem(word));
      if (!own.contains(stem)) name_stems_.insert(std::move(stem));
    });
  }
}

std::string Labels::Person(PersonId person) const {
  const auto index = static_cast<size_t>(person);
  const bool own = person == facts_.persona || names_ == Names::kReal;
  if (own && person > 0 && index < facts_.names.size() && !facts_.names[index].empty()) {
    return facts_.names[index];
  }
  if (person <= 0 || index >= rank_.size()) {
    return Say(language_, {"unknown", "неизвестный"});
  }
  return Say(language_, {"Person ", "Собеседник "}) + std::to_string(rank_[index]);
}

std::string Labels::ChatKindName(ChatKind kind) const {
  switch (kind) {
    case ChatKind::kPrivate:
      return Say(language_, {"private chat", "личный чат"});
    case ChatKind::kGroup:
      return Say(language_, {"group", "группа"});
    case ChatKind::kChannel:
      return Say(language_, {"channel", "канал"});
    case ChatKind::kBot:
      return Say(language_, {"bot", "бот"});
    case ChatKind::kSaved:
      return Say(language_, {"notes to oneself", "избранное"});
    case ChatKind::kOther:
      break;
  }
  return Say(language_, {"chat", "чат"});
}

std::string Labels::Chat(const ChatFacts& chat) const {
  if (chat.chat.kind == ChatKind::kPrivate &&
      (names_ == Names::kPseudonyms || chat.chat.name.empty())) {
    // Nobody else wrote: the chat's number stands for the person.
    if (chat.other == 0) {
      return Say(language_, {"private chat ", "личный чат "}) + std::to_string(chat.chat.id);
    }
    return Person(chat.other);
  }
  if (chat.chat.kind == ChatKind::kSaved) return ChatKindName(chat.chat.kind);
  if (!chat.chat.name.empty()) return chat.chat.name;
  return ChatKindName(chat.chat.kind) + " " + std::to_string(chat.chat.id);
}

std::string Labels::Chat(ChatId chat) const {
  const auto& chats = facts_.collection.chats;
  const auto found = std::find_if(chats.begin(), chats.end(),
                                  [chat](const ChatFacts& facts) { return facts.chat.id == chat; });
  return found == chats.end() ? std::string() : Chat(*found);
}

bool Labels::IsName(std::string_view word) const {
  if (name_stems_.empty() && own_stems_.empty()) return false;
  Stemmer stemmer;
  const std::string stem(stemmer.Stem(word));
  return name_stems_.contains(stem) || own_stems_.contains(stem);
}

std::string Labels::Quoted(std::string_view text) const {
  if (names_ == Names::kReal) return std::string(text);
  std::vector<PiiSpan> spans;
  PiiScanner(*pii_).Find(text, &spans);
  std::string out;
  size_t at = 0;
  for (const PiiSpan& span : spans) {
    out += text.substr(at, span.begin - at);
    out += std::string("[") + Say(language_, InfoOf(span.kind).placeholder) + "]";
    at = span.end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace idiolect
