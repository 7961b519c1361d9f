#include "dataset/pii/lexicon.h"

#include <string>

#include "dataset/pii/given_names.h"
#include "dataset/pii/keywords.h"
#include "dataset/pii/tokens.h"

namespace idiolect {
namespace {

constexpr size_t kShortestName = 3;

template <typename Each>
void ForEachWord(std::string_view words, const Each& each) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (end > 0) each(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

}  // namespace

PiiLexicon::PiiLexicon() {
  size_t rows = 0;
  const PiiKeywordRow* const table = PiiKeywordRows(&rows);
  for (size_t i = 0; i < rows; ++i) {
    ForEachWord(table[i].words,
                [&](std::string_view word) { At(PiiHash(word)).announces |= table[i].bits; });
  }
  for (const std::string_view family : GivenNameFamilies()) {
    ++families_;
    ForEachWord(family, [&](std::string_view name) {
      bool first = true;
      for (const NameForm& form : CasesOf(FoldedLetters(name))) {
        PiiWord& word = At(PiiHash(form.letters));
        // A form that is one name in the nominative stays that name.
        if (word.family == 0 || first) word.family = families_;
        word.cut = form.cut && (!word.given || word.cut);
        word.given = true;
        first = false;
      }
    });
  }
}

PiiWord& PiiLexicon::At(uint64_t hash) {
  any_.set(hash >> 48);
  return words_[hash];
}

template <typename Each>
void PiiLexicon::ForEachNameWord(std::string_view display_name, const Each& each) {
  std::vector<PiiToken> tokens;
  CutTokens(display_name, &tokens);
  for (const PiiToken& token : tokens) {
    if (token.type != PiiTokenType::kWord || token.letters < kShortestName) continue;
    each(FoldedLetters(display_name.substr(token.begin, token.end - token.begin)));
  }
}

void PiiLexicon::AddPerson(std::string_view display_name) {
  ForEachNameWord(display_name, [this](const std::u32string& name) {
    PiiWord& itself = At(PiiHash(name));
    if (itself.given || itself.known || itself.announces != 0) {
      itself.known |= itself.given;
      return;
    }
    const uint32_t family = ++families_;
    for (const NameForm& form : CasesOf(name)) {
      PiiWord& word = At(PiiHash(form.letters));
      if (word.given || word.known) continue;
      word.family = family;
      word.known = true;
      word.cut = form.cut;
    }
  });
}

void PiiLexicon::Spare(std::string_view display_name) {
  ForEachNameWord(display_name, [this](const std::u32string& name) {
    const uint32_t family = At(PiiHash(name)).family;
    for (const NameForm& form : CasesOf(name)) At(PiiHash(form.letters)).spared = true;
    if (family == 0) return;
    for (auto& [hash, word] : words_) word.spared |= word.family == family;
  });
}

}  // namespace idiolect
