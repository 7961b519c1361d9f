#include "analysis/text_scan.h"

#include "base/text.h"

namespace idiolect {
namespace {

enum class Script { kNone, kLatin, kCyrillic, kOther };

struct Letter {
  char32_t lower = 0;  // 0: no letter
  Script script = Script::kNone;
  bool upper = false;
};

// Latin and Russian letters go without tables.
Letter LetterOf(char32_t c) {
  if (c < 0x80) {
    if (c >= 'a' && c <= 'z') return {c, Script::kLatin, false};
    if (c >= 'A' && c <= 'Z') return {c + 32, Script::kLatin, true};
    return {};
  }
  if (c >= U'а' && c <= U'я') return {c, Script::kCyrillic, false};
  if (c >= U'А' && c <= U'Я') return {c + 32, Script::kCyrillic, true};
  if (c == U'ё') return {U'е', Script::kCyrillic, false};
  if (c == U'Ё') return {U'е', Script::kCyrillic, true};
  if (c >= 0x2000 && c < 0x2C00) return {};
  if (c >= 0xFE00 && c <= 0xFE0F) return {};  // how an emoji looks: a mark, yet of no letter
  if (!IsLetter(c) && !IsMark(c)) return {};
  const Script script = c >= 0x400 && c < 0x530 ? Script::kCyrillic
                        : c < 0x250             ? Script::kLatin
                                                : Script::kOther;
  return {ToLower(c), script, IsUpper(c)};
}

bool IsApostrophe(char32_t c) {
  return c == '\'' || c == U'’';
}

// Where the link or mention that begins at `at` ends, or `at` when there is none.
size_t EndOfLink(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  const bool link = rest.starts_with("http://") || rest.starts_with("https://") ||
                    rest.starts_with("www.") || rest.starts_with("t.me/") ||
                    (rest.size() > 1 && rest[0] == '@');
  if (!link) return at;
  const size_t end = rest.find_first_of(" \n\t");
  return end == std::string_view::npos ? text.size() : at + end;
}

bool IsModifier(char32_t c) {
  return c == 0xFE0F || c == 0x20E3 || (c >= 0x1F3FB && c <= 0x1F3FF) || c == 0x200D;
}

}  // namespace

const ScannedText& TextScanner::Scan(std::string_view text) {
  ScannedText& s = scanned_;
  s.words.clear();
  s.starts.clear();
  s.emoji.clear();
  std::vector<WordId> words = std::move(s.words);
  std::vector<uint8_t> starts = std::move(s.starts);
  std::vector<char32_t> emoji = std::move(s.emoji);
  s = ScannedText();
  s.words = std::move(words);
  s.starts = std::move(starts);
  s.emoji = std::move(emoji);

  bool sentence_start = true, any_letter = false, joined = false;
  int open_brackets = 0;
  char32_t last = 0, last_visible = 0;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte == 'h' || byte == 'w' || byte == 't' || byte == '@') &&
        (last == 0 || last == ' ' || last == '\n' || last == '(')) {
      if (const size_t end = EndOfLink(text, at); end != at) {
        s.characters += static_cast<uint32_t>(CountCodePoints(text.substr(at, end - at)));
        at = end;
        last = last_visible = 'x';
        sentence_start = false;
        continue;
      }
    }
    char32_t c = byte < 0x80 ? (++at, byte) : NextCodePoint(text, &at);
    ++s.characters;
    Letter letter = LetterOf(c);
    if (letter.lower != 0) {
      word_.clear();
      uint64_t hash = kWordHashSeed;
      uint32_t letters = 0, upper = 0;
      Script script = letter.script;
      if (!any_letter) s.starts_lower = !letter.upper;
      any_letter = true;
      for (;;) {
        AppendUtf8(letter.lower, &word_);
        hash = MixLetter(hash, static_cast<uint32_t>(letter.lower));
        ++letters;
        upper += letter.upper;
        last = c;
        if (at >= text.size()) break;
        size_t next = at;
        const auto b = static_cast<unsigned char>(text[at]);
        c = b < 0x80 ? (++next, b) : NextCodePoint(text, &next);
        letter = LetterOf(c);
        if (letter.lower == 0) {
          if (c != '-' && !IsApostrophe(c)) break;
          // Inside a word only: a letter must follow.
          size_t behind = next;
          if (behind >= text.size()) break;
          const char32_t after = NextCodePoint(text, &behind);
          const Letter following = LetterOf(after);
          if (following.lower == 0) break;
          word_ += c == '-' ? '-' : '\'';
          hash = MixLetter(hash, c == '-' ? '-' : '\'');
          ++s.characters;
          letter = following;
          c = after;
          next = behind;
        }
        ++s.characters;
        at = next;
      }
      s.words.push_back(words_.Intern(word_, hash));
      s.starts.push_back(sentence_start);
      sentence_start = false;
      s.cyrillic_words += script == Script::kCyrillic;
      s.latin_words += script == Script::kLatin;
      s.caps_words += letters >= 4 && upper == letters;
      last_visible = last;
      joined = false;
      continue;
    }
    switch (c) {
      case '?':
        ++s.questions;
        sentence_start = true;
        break;
      case '!':
        ++s.exclamations;
        sentence_start = true;
        break;
      case '.':
        sentence_start = true;
        if (last == '.' && at >= 3 && text[at - 3] == '.' && (at < 4 || text[at - 4] != '.')) {
          ++s.ellipses;
        }
        break;
      case U'…':
        ++s.ellipses;
        sentence_start = true;
        break;
      case '\n':
        sentence_start = true;
        break;
      case '(':
        ++open_brackets;
        break;
      case ')':
        if (open_brackets > 0) {
          --open_brackets;
        } else if (!(last >= '0' && last <= '9')) {  // "1)" numbers a list
          ++s.smile_brackets;
        }
        break;
      case U'«':
        ++s.angle_quotes;
        break;
      case '"':
      case U'“':
      case U'„':
        ++s.straight_quotes;
        break;
      case U'—':
      case U'–':
        ++s.dashes;
        break;
      default:
        if (c >= 0x203C && !IsModifier(c) && IsEmoji(c)) {
          if (!joined) s.emoji.push_back(c);
        }
        break;
    }
    joined = c == 0x200D;
    last = c;
    if (c != ' ' && c != '\n' && c != '\t') last_visible = c;
  }
  s.ends_with_period = last_visible == '.' && !(text.size() > 1 && TrimSpace(text).ends_with(".."));
  for (size_t i = 0; i < s.words.size(); ++i) s.lists |= HitsAt(i);
  return s;
}

ListMask TextScanner::HitsAt(size_t at) const {
  const WordInfo& info = words_.info(scanned_.words[at]);
  ListMask hit = info.lists.anywhere;
  if (scanned_.starts[at] != 0) hit |= info.lists.at_start;
  if (!info.begins_phrase) return hit;
  for (const WordTable::Phrase& phrase : words_.phrases()) {
    if (phrase.stems.front() != info.stem) continue;
    size_t fits = 1;
    while (fits < phrase.stems.size() && at + fits < scanned_.words.size() &&
           words_.info(scanned_.words[at + fits]).stem == phrase.stems[fits]) {
      ++fits;
    }
    if (fits == phrase.stems.size()) hit |= phrase.lists & ~info.lists.never;
  }
  return hit;
}

}  // namespace idiolect
