#include "dataset/quality.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/text.h"
#include "dataset/spoken.h"

namespace idiolect {
namespace {

constexpr QualitySignalInfo kTable[] = {
    {QualitySignal::kFollows,
     "follows",
     {"follows from what it answers", "следует из того, на что отвечает"},
     0.25},
    {QualitySignal::kLink, "link", {"answers just that", "отвечает именно на это"}, 0.20},
    {QualitySignal::kLength, "length", {"length", "длина"}, 0.15},
    {QualitySignal::kComplete, "complete", {"complete", "законченность"}, 0.10},
    {QualitySignal::kLanguage, "language", {"language", "язык"}, 0.10},
    {QualitySignal::kUnique,
     "unique",
     {"not said to everything", "не сказано на всё подряд"},
     0.10},
    {QualitySignal::kClean, "clean", {"words, not noise", "слова, а не шум"}, 0.10},
};
static_assert(std::size(kTable) == kQualitySignals);

uint8_t Percent(double share) {
  return static_cast<uint8_t>(std::lround(std::clamp(share, 0.0, 1.0) * 100));
}

// Whether both say a word of four letters or more with the same beginning: "поезд … поезда".
bool ShareAWord(std::string_view a, std::string_view b) {
  constexpr size_t kLongestText = 4000;  // bytes of each that are looked at
  constexpr size_t kStem = 4;
  uint64_t seen[64] = {};  // a set of 4096 bits
  const auto each_stem = [](std::string_view text, const auto& each) {
    text = text.substr(0, kLongestText);
    uint64_t stem = 0;
    size_t letters = 0;
    for (size_t at = 0; at <= text.size();) {
      size_t next = at;
      const char32_t c = at < text.size() ? NextFoldedLetter(text, &next) : 0;
      if (c == 0) {
        if (letters >= kStem) each(stem * 0x9e3779b97f4a7c15ull >> 52);
        stem = letters = 0;
        at = std::max(next, at + 1);
        continue;
      }
      if (letters++ < kStem) stem = stem << 16 | c;
      at = next;
    }
  };
  each_stem(a, [&](uint64_t bit) { seen[bit / 64] |= uint64_t{1} << (bit % 64); });
  bool shared = false;
  each_stem(b, [&](uint64_t bit) { shared |= (seen[bit / 64] >> (bit % 64) & 1) != 0; });
  return shared;
}

double Follows(const AnswerFacts& facts) {
  constexpr double kPatience = 600;  // seconds until half of the trust is gone
  const double said = facts.marked ? 1.0 : facts.link;
  const bool question = facts.answered.find('?') != std::string_view::npos;
  const double about = question || ShareAWord(facts.answered, facts.answer) ? 1.0 : 0.4;
  const double delay = static_cast<double>(std::max<int64_t>(facts.delay_seconds, 0));
  return 0.4 * said + 0.35 * about + 0.25 * (facts.marked ? 1.0 : kPatience / (kPatience + delay));
}

double Length(size_t characters) {
  constexpr double kEnough = 25, kMuch = 600;
  const auto length = static_cast<double>(characters);
  if (length < kEnough) return 0.3 + 0.7 * length / kEnough;
  return length <= kMuch ? 1.0 : std::max(0.4, kMuch / length);
}

double Complete(std::string_view answer, size_t words) {
  size_t last = answer.size();
  while (last > 0 && (static_cast<unsigned char>(answer[last - 1]) & 0xC0) == 0x80) --last;
  if (last > 0) --last;
  size_t at = last;
  const char32_t c = answer.empty() ? 0 : NextCodePoint(answer, &at);
  if (c == ',' || c == ':' || c == '-' || c == U'—' || c == '(' || c == U'«') return 0.2;
  constexpr std::u32string_view kEnds = U".!?…)»\"";
  if (kEnds.find(c) != std::u32string_view::npos || IsEmoji(c)) return 1.0;
  return words >= 3 ? 0.9 : 0.7;
}

struct Makeup {
  size_t characters = 0, words = 0, letters = 0, spaces = 0;
  size_t longest_run = 0;  // of one letter
};

Makeup MakeupOf(std::string_view text) {
  Makeup makeup;
  char32_t before = 0;
  size_t run = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    char32_t c = NextFoldedLetter(text, &at);
    ++makeup.characters;
    const bool letter = c != 0;
    makeup.letters += letter;
    makeup.words += letter && !in_word;
    in_word = letter;
    if (!letter) {
      c = static_cast<unsigned char>(text[begin]);
      makeup.spaces += c <= ' ';
    }
    run = letter && c == before ? run + 1 : 1;
    if (letter) makeup.longest_run = std::max(makeup.longest_run, run);
    before = c;
  }
  return makeup;
}

double Clean(const Makeup& makeup) {
  const size_t visible = makeup.characters - makeup.spaces;
  if (visible == 0) return 0;
  // A fifth of punctuation and emoji is how people write.
  const double words = static_cast<double>(makeup.letters) / static_cast<double>(visible);
  const double clean = std::min(1.0, words / 0.8);
  return makeup.longest_run > 4 ? clean * 0.6 : clean;
}

}  // namespace

std::span<const QualitySignalInfo> QualitySignalTable() {
  return kTable;
}

double QualityOf(const QualitySignals& signals) {
  double sum = 0;
  for (const QualitySignalInfo& info : kTable) {
    sum += info.weight * signals[static_cast<size_t>(info.signal)];
  }
  return sum / 100;
}

QualitySignals JudgeAnswer(const AnswerFacts& facts) {
  const Makeup makeup = MakeupOf(facts.answer);
  QualitySignals signals;
  signals.fill(100);
  const auto set = [&signals](QualitySignal signal, double share) {
    signals[static_cast<size_t>(signal)] = Percent(share);
  };
  set(QualitySignal::kFollows, Follows(facts));
  set(QualitySignal::kLink, facts.link);
  set(QualitySignal::kLength, Length(makeup.characters));
  set(QualitySignal::kComplete, Complete(facts.answer, makeup.words));
  set(QualitySignal::kClean, Clean(makeup));
  return signals;
}

uint8_t LanguageSignal(int64_t letters_of_persona, int64_t letters) {
  if (letters == 0) return 100;
  return Percent(static_cast<double>(letters_of_persona) / static_cast<double>(letters));
}

uint8_t UniqueSignal(int64_t times_said) {
  return Percent(1 / std::sqrt(static_cast<double>(std::max<int64_t>(times_said, 1))));
}

}  // namespace idiolect
