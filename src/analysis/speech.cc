#include "analysis/speech.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr uint32_t kShortestExample = 15, kLongestExample = 240;

constexpr uint32_t BitOf(Feature feature) {
  return 1u << static_cast<uint32_t>(feature);
}

// Most messages make poor examples: too short to show anything, too long to read. The rest is
// decided by a digest of the id, so that the same chats show the same examples.
double ScoreOf(MessageId id, uint32_t characters) {
  const uint64_t digest = static_cast<uint64_t>(id) * 0x9e3779b97f4a7c15ull;
  return -std::abs(static_cast<double>(characters) - 75) / 3 + static_cast<double>(digest >> 59);
}

}  // namespace

int64_t VoiceFacts::WordsAt(double share) const {
  const double wanted = share * static_cast<double>(messages);
  int64_t seen = 0;
  for (size_t i = 0; i < by_words.size(); ++i) {
    seen += by_words[i];
    if (static_cast<double>(seen) >= wanted) return static_cast<int64_t>(i);
  }
  return static_cast<int64_t>(by_words.size()) - 1;
}

uint32_t FeaturesOf(const ScannedText& s) {
  uint32_t features = 0;
  const auto set = [&features](bool has, Feature feature) {
    if (has) features |= BitOf(feature);
  };
  set(s.questions > 0, Feature::kQuestion);
  set(s.exclamations > 0, Feature::kExclamation);
  set(s.ellipses > 0, Feature::kEllipsis);
  set(s.smile_brackets > 0, Feature::kSmileBrackets);
  set(!s.emoji.empty(), Feature::kEmoji);
  set(s.angle_quotes > 0, Feature::kAngleQuotes);
  set(s.straight_quotes > 0, Feature::kStraightQuotes);
  set(s.dashes > 0, Feature::kDash);
  set(s.caps_words > 0, Feature::kCaps);
  set(s.starts_lower, Feature::kStartsLower);
  set(s.ends_with_period, Feature::kEndsWithPeriod);
  set(s.cyrillic_words > 0 && s.latin_words > 0, Feature::kMixedScripts);
  return features;
}

Ending EndingOf(std::string_view text, const ScannedText& scanned) {
  const std::string_view trimmed = TrimSpace(text);
  if (trimmed.empty()) return Ending::kOther;
  size_t at = trimmed.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(trimmed[at]) & 0xC0) == 0x80) --at;
  const std::string_view tail = trimmed.substr(at);
  const char32_t last = NextCodePoint(trimmed, &at);
  switch (last) {
    case '.':
      return scanned.ends_with_period ? Ending::kPeriod : Ending::kEllipsis;
    case U'…':
      return Ending::kEllipsis;
    case '?':
      return Ending::kQuestion;
    case '!':
      return Ending::kExclamation;
    case ')':
      return scanned.smile_brackets > 0 ? Ending::kBracket : Ending::kOther;
    default:
      break;
  }
  if (IsLetter(last)) return Ending::kLetter;
  // The last sign of an emoji may be a modifier, which stands for the emoji before it.
  if (last == 0xFE0F || last == 0x200D || (last >= 0x1F3FB && last <= 0x1F3FF) ||
      (!scanned.emoji.empty() && tail.size() >= 3 && IsEmoji(last))) {
    return Ending::kEmoji;
  }
  return Ending::kOther;
}

void SpeechCounter::Add(const TextItem& item, std::string_view text, const ScannedText& scanned,
                        bool may_be_shown) {
  if (item.opens_run) {
    EndRun();
    run_voice_ = item.voice;
    opening_due_ = true;
  }
  if (!item.own_words || TrimSpace(text).empty()) return;
  VoiceFacts& voice = facts_.voices[item.voice];
  ++voice.messages;
  voice.characters += scanned.characters;
  voice.words += static_cast<int64_t>(scanned.words.size());
  voice.cyrillic_words += scanned.cyrillic_words;
  voice.latin_words += scanned.latin_words;
  ++voice.by_words[std::min(scanned.words.size(), kMostWordsCounted)];
  const uint32_t features = FeaturesOf(scanned);
  for (uint32_t left = features; left != 0; left &= left - 1) {
    ++voice.features[static_cast<size_t>(__builtin_ctz(left))];
  }
  for (ListMask left = scanned.lists; left != 0; left &= left - 1) {
    ++voice.lists[static_cast<size_t>(__builtin_ctzll(left))];
  }
  ++voice.endings[static_cast<size_t>(EndingOf(text, scanned))];
  voice.emoji += static_cast<int64_t>(scanned.emoji.size());
  for (const char32_t emoji : scanned.emoji) ++voice.emoji_counts[emoji];
  CountWords(scanned, item.voice);
  if (item.voice == kPersona && may_be_shown) KeepExamples(item, text, scanned, features);
}

void SpeechCounter::CountWords(const ScannedText& scanned, Voice voice) {
  const std::vector<WordId>& words = scanned.words;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] >= facts_.words.size()) facts_.words.resize(words[i] + size_t{256});
    ++facts_.words[words[i]][voice];
    if (i > 0 && scanned.starts[i] == 0) facts_.phrases.Add(words[i - 1], words[i], voice);
  }
  if (words.empty()) return;
  if (opening_due_) {
    opening_due_ = false;
    ++facts_.voices[voice].openings;
    const bool two = words.size() > 1 && scanned.starts[1] == 0;
    facts_.openings.Add(words[0], two ? words[1] : kNoWord, voice);
  }
  last_ = words.back();
  const bool two = words.size() > 1 && scanned.starts.back() == 0;
  last_but_one_ = two ? words[words.size() - 2] : kNoWord;
}

void SpeechCounter::EndRun() {
  if (last_ == kNoWord) return;
  ++facts_.voices[run_voice_].closings;
  facts_.closings.Add(last_but_one_, last_, run_voice_);
  last_ = last_but_one_ = kNoWord;
}

void SpeechCounter::KeepExamples(const TextItem& item, std::string_view text,
                                 const ScannedText& scanned, uint32_t features) {
  if (scanned.characters < kShortestExample || scanned.characters > kLongestExample) return;
  const double score = ScoreOf(item.id, scanned.characters);
  const auto keep = [&](BestExamples& examples) {
    if (examples.Wants(score)) examples.Keep({item.id, item.time, {}, std::string(text), score});
  };
  for (uint32_t left = features; left != 0; left &= left - 1) {
    keep(facts_.feature_examples[static_cast<size_t>(__builtin_ctz(left))]);
  }
  for (ListMask left = scanned.lists; left != 0; left &= left - 1) {
    keep(facts_.list_examples[static_cast<size_t>(__builtin_ctzll(left))]);
  }
}

SpeechFacts SpeechCounter::Take() {
  EndRun();
  for (PairCounts* pairs : {&facts_.phrases, &facts_.openings, &facts_.closings}) pairs->Finish();
  return std::move(facts_);
}

}  // namespace idiolect
