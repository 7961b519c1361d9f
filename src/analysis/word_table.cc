#include "analysis/word_table.h"

#include "base/text.h"

namespace idiolect {
namespace {

uint64_t HashOfWord(std::string_view word) {
  uint64_t hash = kWordHashSeed;
  for (size_t at = 0; at < word.size();) {
    hash = MixLetter(hash, static_cast<uint32_t>(NextCodePoint(word, &at)));
  }
  return hash;
}

}  // namespace

StringTable::StringTable() : slots_(1 << 12) {}

uint32_t StringTable::Intern(std::string_view text, uint64_t hash) {
  const auto tag = static_cast<uint32_t>(hash >> 32);
  const size_t mask = slots_.size() - 1;
  // The upper bits of a product are its best; the lower ones find the slot after a fold.
  size_t at = (hash ^ hash >> 29) & mask;
  for (;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.id_plus_1 == 0) break;
    if (slot.tag == tag && Text(slot.id_plus_1 - 1) == text) return slot.id_plus_1 - 1;
  }
  const auto id = static_cast<uint32_t>(size());
  bytes_ += text;
  begins_.push_back(static_cast<uint32_t>(bytes_.size()));
  hashes_.push_back(hash);
  slots_[at] = {tag, id + 1};
  if (size() * 2 > slots_.size()) Grow();
  return id;
}

void StringTable::Grow() {
  std::vector<Slot> wider(slots_.size() * 2);
  const size_t mask = wider.size() - 1;
  for (uint32_t id = 0; id < size(); ++id) {
    const uint64_t hash = hashes_[id];
    size_t at = (hash ^ hash >> 29) & mask;
    while (wider[at].id_plus_1 != 0) at = (at + 1) & mask;
    wider[at] = {static_cast<uint32_t>(hash >> 32), id + 1};
  }
  slots_ = std::move(wider);
}

WordTable::WordTable(const Lexicon& lexicon) : lexicon_(lexicon) {
  for (const Lexicon::Phrase& phrase : lexicon.phrases()) {
    Phrase numbered;
    numbered.lists = phrase.lists;
    for (const std::string& stem : phrase.stems) numbered.stems.push_back(InternStem(stem));
    const StemId first = numbered.stems.front();
    if (first_stems_.size() <= first) first_stems_.resize(first + 1);
    first_stems_[first] = true;
    phrases_.push_back(std::move(numbered));
  }
}

StemId WordTable::InternStem(std::string_view stem) {
  return stems_.Intern(stem, HashOfWord(stem));
}

WordId WordTable::Intern(std::string_view word) {
  return Intern(word, HashOfWord(word));
}

void WordTable::Learn(WordId id) {
  const std::string_view word = words_.Text(id);
  const std::string_view stem = stemmer_.Stem(word);
  WordInfo info;
  info.lists = lexicon_.ListsOf(word, stem);
  info.stem = InternStem(stem);
  info.begins_phrase = info.stem < first_stems_.size() && first_stems_[info.stem];
  infos_.push_back(info);
}

}  // namespace idiolect
