#include "analysis/lexicon.h"

#include <algorithm>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr char kHint[] = "lexicon.txt of another workspace shows the form at its head";

std::string Folded(std::string_view text) {
  return FoldForSearch(text);
}

// "topic energy | energy work | энергетическая работа" inside the brackets.
Result<LexiconList> ParseHead(std::string_view head) {
  LexiconList list;
  const size_t gap = head.find(' ');
  const std::string_view use = head.substr(0, gap);
  if (use == "topic") {
    list.use = LexiconList::Use::kTopic;
  } else if (use == "trait") {
    list.use = LexiconList::Use::kTrait;
  } else {
    return Fail(ErrorKind::kBadInput,
                "a list is a topic, a trait or stop, not \"" + std::string(use) + "\"");
  }
  std::string_view rest = gap == std::string_view::npos ? "" : TrimSpace(head.substr(gap));
  std::string* const parts[] = {&list.key, &list.title_en, &list.title_ru};
  for (std::string* part : parts) {
    const size_t bar = rest.find('|');
    *part = TrimSpace(rest.substr(0, bar));
    rest = bar == std::string_view::npos ? "" : rest.substr(bar + 1);
  }
  if (list.key.empty()) return Fail(ErrorKind::kBadInput, "a list without a name");
  if (list.title_en.empty()) list.title_en = list.key;
  if (list.title_ru.empty()) list.title_ru = list.title_en;
  return list;
}

}  // namespace

Result<Lexicon> Lexicon::Parse(std::string_view text, std::string_view name) {
  Lexicon lexicon;
  Stemmer stemmer;
  bool stop = false, any = false;
  int64_t number = 0;
  const auto fail = [&](const Error& error) {
    return Fail(ErrorKind::kBadInput,
                std::string(name) + ":" + std::to_string(number) + ": " + error.message, kHint);
  };
  for (std::string_view line : SplitLines(text)) {
    ++number;
    line = TrimSpace(line);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      if (line.back() != ']') return fail({ErrorKind::kBadInput, "a [ without its ]", ""});
      const std::string_view head = TrimSpace(line.substr(1, line.size() - 2));
      any = true;
      stop = head == "stop";
      if (stop) continue;
      auto list = ParseHead(head);
      if (!list) return fail(list.error());
      if (lexicon.Find(list->key) != kMostLists) {
        return fail({ErrorKind::kBadInput, "a second list named \"" + list->key + "\"", ""});
      }
      if (lexicon.lists_.size() == kMostLists) {
        return fail({ErrorKind::kBadInput, "more than 64 lists", ""});
      }
      lexicon.lists_.push_back(*std::move(list));
      continue;
    }
    if (!any) return fail({ErrorKind::kBadInput, "a word before the first [list]", ""});
    const ListMask list = stop ? 0 : ListMask{1} << (lexicon.lists_.size() - 1);
    while (!line.empty()) {
      const bool quoted = line.front() == '"';
      const size_t end = quoted ? line.find('"', 1) : line.find(' ');
      if (quoted && end == std::string_view::npos) {
        return fail({ErrorKind::kBadInput, "a quotation mark without its fellow", ""});
      }
      const std::string_view entry = quoted ? line.substr(1, end - 1) : line.substr(0, end);
      auto added = quoted ? lexicon.AddPhrase(entry, list, stemmer)
                          : lexicon.AddEntry(entry, list, stop, stemmer);
      if (!added) return fail(added.error());
      if (!stop) {
        lexicon.lists_.back().entries.push_back(quoted ? "\"" + std::string(entry) + "\""
                                                       : std::string(entry));
      }
      line = end == std::string_view::npos ? "" : TrimSpace(line.substr(end + 1));
    }
  }
  return lexicon;
}

Status Lexicon::AddEntry(std::string_view entry, ListMask list, bool stop, Stemmer& stemmer) {
  const char mark = entry.front();
  const bool marked = mark == '=' || mark == '^' || mark == '-';
  const bool begins = entry.back() == '*';
  const bool ends = mark == '*';
  std::string_view bare = entry;
  if (marked || ends) bare.remove_prefix(1);
  if (begins && !bare.empty()) bare.remove_suffix(1);
  const std::string word = Folded(bare);
  if (word.empty() || (marked && begins) || (ends && begins)) {
    return Fail(ErrorKind::kBadInput, "\"" + std::string(entry) + "\" is no entry");
  }
  if (stop) {
    // A short form has too many fellows of the same stem.
    by_word_[word].stop = true;
    if (CountCodePoints(word) >= 4) by_stem_[std::string(stemmer.Stem(word))].stop = true;
    return {};
  }
  if (begins) {
    beginnings_.push_back({word, list});
  } else if (ends) {
    endings_.push_back({word, list});
  } else if (mark == '=') {
    by_word_[word].anywhere |= list;
  } else if (mark == '^') {
    by_word_[word].at_start |= list;
  } else if (mark == '-') {
    by_word_[word].never |= list;
  } else {
    by_stem_[std::string(stemmer.Stem(word))].anywhere |= list;
  }
  return {};
}

Status Lexicon::AddPhrase(std::string_view words, ListMask list, Stemmer& stemmer) {
  Phrase phrase;
  phrase.lists = list;
  const std::string folded = Folded(words);
  std::string_view rest = folded;
  while (!rest.empty()) {
    const size_t end = rest.find(' ');
    phrase.stems.emplace_back(stemmer.Stem(rest.substr(0, end)));
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  if (phrase.stems.size() < 2) {
    return Fail(ErrorKind::kBadInput, "\"" + std::string(words) + "\" is no phrase of two words");
  }
  phrases_.push_back(std::move(phrase));
  return {};
}

ListMask Lexicon::MaskOf(LexiconList::Use use) const {
  ListMask mask = 0;
  for (size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].use == use) mask |= ListMask{1} << i;
  }
  return mask;
}

size_t Lexicon::Find(std::string_view key) const {
  const auto found = std::find_if(lists_.begin(), lists_.end(),
                                  [key](const LexiconList& list) { return list.key == key; });
  return found == lists_.end() ? kMostLists : static_cast<size_t>(found - lists_.begin());
}

WordLists Lexicon::ListsOf(std::string_view word, std::string_view stem) const {
  WordLists lists;
  if (const auto exact = by_word_.find(std::string(word)); exact != by_word_.end()) {
    lists = exact->second;
  }
  if (const auto same = by_stem_.find(std::string(stem)); same != by_stem_.end()) {
    lists.anywhere |= same->second.anywhere;
    lists.stop |= same->second.stop;
  }
  for (const Ending& begin : beginnings_) {
    if (word.starts_with(begin.text)) lists.anywhere |= begin.lists;
  }
  for (const Ending& end : endings_) {
    if (word.ends_with(end.text) && word.size() > end.text.size()) lists.anywhere |= end.lists;
  }
  lists.anywhere &= ~lists.never;
  lists.at_start &= ~lists.never;
  return lists;
}

}  // namespace idiolect
