#include "engine/files/pretokenize.h"

#include "base/o200k_split.h"
#include "base/text.h"

namespace idiolect {
namespace {

enum class Class { kLetter, kNumber, kSpace, kOther, kEnd };

// One code point of look-ahead over the text.
class Scanner {
 public:
  Scanner(std::string_view text, size_t at) : text_(text), next_(at) { Step(); }

  size_t at() const { return at_; }  // of the current code point
  Class cls() const { return class_; }
  char32_t c() const { return c_; }
  bool IsNewline() const { return c_ == '\r' || c_ == '\n'; }
  bool done() const { return class_ == Class::kEnd; }

  void Step() {
    at_ = next_;
    if (at_ >= text_.size()) {
      class_ = Class::kEnd;
      c_ = 0;
      return;
    }
    c_ = NextCodePoint(text_, &next_);
    class_ = IsLetter(c_)   ? Class::kLetter
             : IsNumber(c_) ? Class::kNumber
             : IsSpace(c_)  ? Class::kSpace
                            : Class::kOther;
  }
  void Skip(Class cls) {
    while (class_ == cls) Step();
  }

 private:
  std::string_view text_;
  size_t at_ = 0, next_;
  char32_t c_ = 0;
  Class class_ = Class::kEnd;
};

enum class Case { kExact, kAny };

// The length of 's, 't, 're, 've, 'm, 'll or 'd at `at`, or 0.
size_t Contraction(std::string_view text, size_t at, Case letter_case) {
  if (text[at] != '\'') return 0;
  const auto letter = [&](size_t i) -> char {
    if (at + i >= text.size()) return 0;
    const char c = text[at + i];
    return letter_case == Case::kAny && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const char first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
      (first == 'l' && second == 'l')) {
    return 3;
  }
  return 0;
}

// \s+(?!\S)|\s+ : all the white space, but for its last character when a word follows and it is not
// the only one.
size_t SpacesEnd(std::string_view text, size_t at) {
  Scanner scan(text, at);
  size_t last = at;
  while (scan.cls() == Class::kSpace) {
    last = scan.at();
    scan.Step();
  }
  return scan.done() || last == at ? scan.at() : last;
}

size_t Gpt2End(std::string_view text, size_t at) {
  if (const size_t length = Contraction(text, at, Case::kExact)) return at + length;
  Scanner scan(text, at);
  if (scan.c() == ' ') scan.Step();
  const Class cls = scan.cls();
  if (cls == Class::kSpace || cls == Class::kEnd) return SpacesEnd(text, at);
  scan.Skip(cls);
  return scan.at();
}

size_t DigitsThenGpt2End(std::string_view text, size_t at) {
  Scanner scan(text, at);
  if (scan.cls() == Class::kNumber) {
    scan.Step();
    return scan.at();
  }
  // The expression sees only the piece between two digits, so before a digit white space is at an
  // end of text and stays whole. Nothing else can reach a digit.
  scan.Skip(Class::kSpace);
  if (scan.cls() == Class::kNumber && scan.at() > at) return scan.at();
  return Gpt2End(text, at);
}

size_t Llama3End(std::string_view text, size_t at, int most_digits) {
  if (const size_t length = Contraction(text, at, Case::kAny)) return at + length;
  Scanner scan(text, at);
  // [^\r\n\p{L}\p{N}]?\p{L}+
  if (scan.cls() != Class::kNumber && !scan.IsNewline()) {
    Scanner word = scan;
    if (word.cls() != Class::kLetter) word.Step();
    if (word.cls() == Class::kLetter) {
      word.Skip(Class::kLetter);
      return word.at();
    }
  }
  if (scan.cls() == Class::kNumber) {
    for (int i = 0; i < most_digits && scan.cls() == Class::kNumber; ++i) scan.Step();
    return scan.at();
  }
  // ` ?[^\s\p{L}\p{N}]+[\r\n]*`
  Scanner signs = scan;
  if (signs.c() == ' ') signs.Step();
  if (signs.cls() == Class::kOther) {
    signs.Skip(Class::kOther);
    while (!signs.done() && signs.IsNewline()) signs.Step();
    return signs.at();
  }
  // \s*[\r\n]+
  size_t after_newline = at;
  while (scan.cls() == Class::kSpace) {
    const bool newline = scan.IsNewline();
    scan.Step();
    if (newline) after_newline = scan.at();
  }
  return after_newline > at ? after_newline : SpacesEnd(text, at);
}

}  // namespace

std::optional<PreTokenizer> FindPreTokenizer(std::string_view name) {
  struct Row {
    std::string_view name;
    PreTokenizer kind;
  };
  static constexpr Row kRows[] = {
      {"gpt-2", PreTokenizer::kGpt2},
      {"smollm", PreTokenizer::kDigitsThenGpt2},
      {"starcoder", PreTokenizer::kDigitsThenGpt2},
      {"refact", PreTokenizer::kDigitsThenGpt2},
      {"command-r", PreTokenizer::kDigitsThenGpt2},
      {"llama-bpe", PreTokenizer::kLlama3},
      {"llama3", PreTokenizer::kLlama3},
      {"llama-v3", PreTokenizer::kLlama3},
      {"qwen2", PreTokenizer::kQwen2},
      {"deepseek-r1-qwen", PreTokenizer::kQwen2},
      {"gpt-4o", PreTokenizer::kO200k},
      {"llama4", PreTokenizer::kO200k},
      {"tekken", PreTokenizer::kTekken},
  };
  for (const Row& row : kRows) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::string_view ExpressionOf(PreTokenizer kind) {
  switch (kind) {
    case PreTokenizer::kGpt2:
    case PreTokenizer::kDigitsThenGpt2:
      break;
    case PreTokenizer::kLlama3:
      return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
             R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
    case PreTokenizer::kQwen2:
      return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
             R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
    case PreTokenizer::kO200k:
      return R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*)"
             R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
             R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
             R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
             R"(|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
    case PreTokenizer::kTekken:
      return R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*)"
             R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
             R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
             R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
             R"(|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  }
  return {};
}

std::optional<PreTokenizer> FindByExpression(std::string_view expression) {
  for (const PreTokenizer kind :
       {PreTokenizer::kLlama3, PreTokenizer::kQwen2, PreTokenizer::kO200k, PreTokenizer::kTekken}) {
    if (expression == ExpressionOf(kind)) return kind;
  }
  return std::nullopt;
}

size_t PreTokenEnd(PreTokenizer kind, std::string_view text, size_t at) {
  switch (kind) {
    case PreTokenizer::kGpt2:
      return Gpt2End(text, at);
    case PreTokenizer::kDigitsThenGpt2:
      return DigitsThenGpt2End(text, at);
    case PreTokenizer::kLlama3:
      return Llama3End(text, at, 3);
    case PreTokenizer::kQwen2:
      return Llama3End(text, at, 1);
    case PreTokenizer::kO200k: {
      static const O200kSplitter splitter;
      return splitter.PieceEnd(text, at);
    }
    case PreTokenizer::kTekken: {
      static const O200kSplitter splitter(O200kForm::kTekken);
      return splitter.PieceEnd(text, at);
    }
  }
  return text.size();
}

}  // namespace idiolect
