#include "dialogs/line_words.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr uint8_t kFrequent = 24;  // eighths: words in one line of twenty or more say nothing
constexpr size_t kLongestWord = 48;

struct CueWords {
  uint32_t cue;
  bool first;  // counts at the beginning of a line only
  std::string_view words;
};

constexpr CueWords kCueWords[] = {
    {kAskingWord, true,
     "how what why where when who which whose is are does do did can could would should will has "
     "have whats hows anyone anybody any как что почему где когда кто какой какая какие каким чем "
     "куда зачем сколько можно есть подскажите подскажи кому чего а разве неужели откуда"},
    {kThanks, false,
     "thanks thank thx ty tnx thanx cheers спасибо спс благодарю пасиб спасиб сенк мерси пасибо"},
    {kGreets, true,
     "hi hello hey hiya howdy greetings morning evening привет здравствуйте приветствую хай доброе "
     "добрый доброго здравствуй всем ку здрасьте приветы"},
    {kSaysYes, true,
     "yes yeah yep yup sure right correct exactly indeed ya aye true да ага угу точно верно "
     "конечно "
     "именно согласен так естественно правильно"},
    {kSaysNo, true, "no nope nah not neither never нет не неа никак нельзя ни ниче ничего вряд"},
    {kSaysOk, true,
     "ok okay k kk alright cool great nice good got i see ah oh ahh ohh ок окей хорошо ладно понял "
     "понятно ясно поняла отлично круто супер ааа оке гуд"},
    {kSaysI, false, "i im i'm ive i've id my me я мне меня мой моя мы у нас нам"},
    {kTellsTo, true,
     "try use type run check look install open go just put make get download add edit read paste "
     "see ask click select do попробуй попробуйте смотри смотрите посмотри посмотрите проверь "
     "проверьте поставь сделай сделайте возьми используй используйте почитай добавь покажи "
     "покажите напиши скинь гугли читай"},
    {kGoesOn, true,
     "and but so or because then also it its it's that thats that's they he she this these those "
     "well if и но а или потому тогда еще он она оно они это этот эта то там тут так ну если вот "
     "только тоже также просто хотя зато причем"},
    {kTellsOfError, false,
     "error errors failed fails fail cannot unable denied crash crashes broken missing invalid "
     "fatal ошибка ошибку ошибки падает упал упало не-работает exception warning timeout отказ "
     "сломалось битый"},
    {kLaughs, false,
     "lol haha hehe heh rofl lmao hahaha ha :) :d ;) хаха ахах ахаха хех лол ххх хахаха гг ржу"},
    {kAsksAnyone, false,
     "anyone anybody someone somebody everyone guys all кто-нибудь кто-то ктонибудь кто-то "
     "кто-либо ребята ребят коллеги народ всем господа парни"},
};

uint64_t HashOf(const char32_t* letters, size_t count) {
  uint64_t hash = 0x9ae16a3b2f90404full;
  for (size_t i = 0; i < count; ++i) {
    hash = (hash ^ letters[i]) * 0x9fb21c651e98df25ull;
    hash ^= hash >> 29;
  }
  return hash | 1;  // 0 means an empty place
}

char32_t Fold(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= U'А' && c <= U'Я') return c + 32;
  if (c == U'Ё' || c == U'ё') return U'е';
  return c < 0x400 || c >= 0x460 ? ToLower(c) : c;
}

bool IsCyrillic(char32_t c) {
  return c >= 0x400 && c < 0x530;
}

// What begins and continues a word. A joiner belongs to it between two of its letters, so that
// package names, paths, addresses and versions stay whole.
bool InWord(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  return IsCyrillic(c) || (c > 0xBF && c < 0x2000 && IsLetter(c)) || (c > 0x2E80 && IsLetter(c));
}

bool IsJoiner(unsigned char c) {
  return c == '-' || c == '.' || c == '/' || c == '+' || c == '\'' || c == ':' || c == '=';
}

// Cuts the endings that Russian cases and English plurals change. Crude on purpose: the same on
// both sides is enough.
size_t StemLength(const char32_t* letters, size_t count) {
  if (count <= 4) return count;
  if (IsCyrillic(letters[count - 1])) {
    constexpr std::u32string_view kEndings = U"аеиоуыэюяйьмхвт";
    size_t kept = count;
    while (kept > 4 && count - kept < 3 && kEndings.find(letters[kept - 1]) != kEndings.npos) {
      --kept;
    }
    return kept;
  }
  const auto ends = [&](std::u32string_view ending) {
    return count >= ending.size() + 4 &&
           std::u32string_view(letters + count - ending.size(), ending.size()) == ending;
  };
  if (ends(U"ing")) return count - 3;
  if (ends(U"ed") || ends(U"es")) return count - 2;
  if (ends(U"s")) return count - 1;
  return count;
}

struct Word {
  const char32_t* letters = nullptr;
  size_t size = 0, stem = 0;
  bool joined = false;        // holds a joiner other than ' and -
  bool small = false;         // its first letter is a small one
  size_t begin = 0, end = 0;  // bytes
};

// Gives every word of the text to `each`.
template <typename Each>
void ForEachWord(std::string_view text, Each each) {
  char32_t letters[kLongestWord];
  size_t at = 0;
  while (at < text.size()) {
    size_t next = at;
    char32_t c = NextCodePoint(text, &next);
    char32_t folded = Fold(c);
    if (!InWord(folded)) {
      at = next;
      continue;
    }
    Word word;
    word.begin = at;
    word.letters = letters;
    word.small = c == folded && !(c >= '0' && c <= '9');
    while (true) {
      if (word.size < kLongestWord) letters[word.size++] = folded;
      at = next;
      if (at >= text.size()) break;
      const auto byte = static_cast<unsigned char>(text[at]);
      if (IsJoiner(byte)) {
        size_t after = at;
        while (after < text.size() && IsJoiner(static_cast<unsigned char>(text[after]))) ++after;
        // One joiner, or "://": more of them end a word.
        const size_t joiners = after - at;
        if (after >= text.size() || joiners > 3 || (byte == ':' && joiners < 3)) break;
        size_t peek = after;
        if (!InWord(Fold(NextCodePoint(text, &peek)))) break;
        for (size_t i = at; i < after; ++i) {
          if (word.size < kLongestWord) letters[word.size++] = static_cast<char32_t>(text[i]);
          word.joined = word.joined || (text[i] != '-' && text[i] != '\'');
        }
        next = after;
        c = NextCodePoint(text, &next);
        folded = Fold(c);
        continue;
      }
      c = NextCodePoint(text, &next);
      folded = Fold(c);
      if (!InWord(folded)) break;
    }
    word.end = at;
    word.stem = word.joined ? word.size : StemLength(letters, word.size);
    each(word);
  }
}

uint32_t CuesOfSigns(std::string_view text) {
  uint32_t cues = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '?':
        cues |= kAsks;
        break;
      case '!':
        if (i > 0) cues |= kExclaims;
        break;
      case '.':
        if (i + 1 < text.size() && text[i + 1] == '.') cues |= kTrailsOff;
        break;
      case '/':
        cues |= i > 1 && text[i - 1] == '/' && text[i - 2] == ':' ? kHasUrl : kHasPath;
        break;
      case ')':
        if (i > 0 && (text[i - 1] == ':' || text[i - 1] == ')' || text[i - 1] == '-')) {
          cues |= kLaughs;
        }
        break;
      default:
        break;
    }
  }
  if (text.size() > 1 && (text[0] == '!' || text[0] == '/') && text[1] >= 'a' && text[1] <= 'z') {
    cues |= kCallsBot;
  }
  if (text.starts_with(">") || text.starts_with("«")) cues |= kQuotes;
  return cues;
}

}  // namespace

WordTable::WordTable(std::string_view text) {
  size_t lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  size_t places = 4096;
  while (places < 3 * lines) places *= 2;
  entries_.resize(places);
  mask_ = places - 1;
  char32_t letters[kLongestWord];
  const auto hash_of = [&letters](std::string_view word, bool stem) {
    size_t count = 0;
    for (size_t at = 0; at < word.size() && count < kLongestWord;) {
      letters[count++] = Fold(NextCodePoint(word, &at));
    }
    return HashOf(letters, stem ? StemLength(letters, count) : count);
  };
  for (const std::string_view line : SplitLines(text)) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    int weight = 0;
    const auto [end, fault] =
        std::from_chars(line.data() + space + 1, line.data() + line.size(), weight);
    if (fault != std::errc() || weight < 0 || weight > 255) continue;
    FindOrMake(hash_of(line.substr(0, space), false))->weight = static_cast<uint8_t>(weight);
  }
  for (const CueWords& cue : kCueWords) {
    for (size_t at = 0; at < cue.words.size();) {
      const size_t end = std::min(cue.words.find(' ', at), cue.words.size());
      Entry* entry = FindOrMake(hash_of(cue.words.substr(at, end - at), true));
      (cue.first ? entry->first : entry->anywhere) |= cue.cue;
      at = end + 1;
    }
  }
}

uint8_t WordTable::WeightOf(std::string_view word) const {
  char32_t letters[kLongestWord];
  size_t count = 0;
  for (size_t at = 0; at < word.size() && count < kLongestWord;) {
    letters[count++] = Fold(NextCodePoint(word, &at));
  }
  const Entry* entry = Find(HashOf(letters, StemLength(letters, count)));
  return entry != nullptr ? entry->weight : kRarest;
}

WordTable::Entry* WordTable::FindOrMake(uint64_t hash) {
  size_t at = hash & mask_;
  while (entries_[at].hash != 0 && entries_[at].hash != hash) at = (at + 1) & mask_;
  entries_[at].hash = hash;
  return &entries_[at];
}

LineWords ReadLineWords(const WordTable& table, std::string_view text,
                        std::vector<WordWeight>* words) {
  text = text.substr(0, kReadBytes);
  LineWords line;
  line.cues = CuesOfSigns(text);
  const size_t begin = words->size();
  bool first = true;
  ForEachWord(text, [&](const Word& word) {
    ++line.count;
    line.letters += static_cast<uint32_t>(word.size);
    const uint64_t hash = HashOf(word.letters, word.stem);
    const WordTable::Entry* entry = table.Find(hash);
    if (word.joined) line.cues |= kHasPath;
    if (entry != nullptr) line.cues |= entry->anywhere | (first ? entry->first : 0);
    if (first) {
      if (word.small) line.cues |= kBeginsSmall;
      if (word.end < text.size() && (text[word.end] == ':' || text[word.end] == ',')) {
        line.cues |= kAddresses;
        return;  // what follows the name is the beginning of what is said
      }
      first = false;
    }
    const uint8_t weight = entry != nullptr ? entry->weight : WordTable::kRarest;
    if (weight < kFrequent || words->size() - begin >= kMostWords || word.size < 2) return;
    words->push_back({static_cast<uint32_t>(hash >> 32), weight});
  });
  const auto from = words->begin() + static_cast<ptrdiff_t>(begin);
  std::sort(from, words->end(),
            [](const WordWeight& a, const WordWeight& b) { return a.hash < b.hash; });
  words->erase(
      std::unique(from, words->end(),
                  [](const WordWeight& a, const WordWeight& b) { return a.hash == b.hash; }),
      words->end());
  return line;
}

void ForEachStem(std::string_view text, void (*each)(void* context, const std::string& stem),
                 void* context) {
  std::string stem;
  ForEachWord(text.substr(0, kReadBytes), [&](const Word& word) {
    stem.clear();
    for (size_t i = 0; i < word.stem; ++i) AppendUtf8(word.letters[i], &stem);
    each(context, stem);
  });
}

}  // namespace idiolect
