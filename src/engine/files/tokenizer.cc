#include "engine/files/tokenizer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"
#include "engine/files/charsmap.h"
#include "engine/files/merge_symbols.h"
#include "engine/files/quoted.h"
#include "engine/files/special_tokens.h"
#include "engine/files/token_table.h"
#include "engine/files/tokenizer_spec.h"
#include "engine/files/unigram.h"

namespace idiolect {
namespace {

constexpr std::string_view kMetaSpace = "\xe2\x96\x81";  // ▁, which stands for a space
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Tokens that end a turn or a text, whatever the file says of their kind.
constexpr std::string_view kEndNames[] = {
    "<|im_end|>", "<end_of_turn>", "<|eot_id|>",      "<|eom_id|>", "<|endoftext|>",
    "<|end|>",    "<|eot|>",       "<|end_of_text|>", "<eos>",
};
// Other tokens that templates are made of. People's words must not be able to spell them, so they
// are control tokens even where a file calls them otherwise. "<s>" and "</s>" are not among them:
// Gemma has them as HTML tags.
constexpr std::string_view kMarkerNames[] = {
    "<|im_start|>",      "<start_of_turn>",   "<|start_header_id|>",
    "<|end_header_id|>", "<|begin_of_text|>", "<bos>",
    "<think>",           "</think>",
};

template <size_t N>
bool Contains(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// GPT-2 spells each byte by a printable character: itself where it is printable Latin-1, else 256
// and up in order. -1: no byte is spelled so.
int ByteOfSpelling(char32_t c) {
  const auto printable = [](char32_t x) {
    return (x >= 33 && x <= 126) || (x >= 161 && x <= 172) || (x >= 174 && x <= 255);
  };
  if (c < 256) return printable(c) ? static_cast<int>(c) : -1;
  if (c < 256 + 33) return static_cast<int>(c) - 256;             // 0 … 32
  if (c < 256 + 67) return static_cast<int>(c) - 256 - 33 + 127;  // 127 … 160
  return c == 256 + 67 ? 173 : -1;
}

// Appends the bytes that `text` spells; false when it spells none, then `out` is as it was.
bool AppendSpelledBytes(std::string_view text, std::string* out) {
  const size_t before = out->size();
  for (size_t at = 0; at < text.size();) {
    const int byte = ByteOfSpelling(NextCodePoint(text, &at));
    if (byte < 0) {
      out->resize(before);
      return false;
    }
    *out += static_cast<char>(byte);
  }
  return true;
}

void AppendWithSpaces(std::string_view text, std::string* out) {
  for (size_t at = 0; at < text.size();) {
    const size_t found = std::min(text.find(kMetaSpace, at), text.size());
    *out += text.substr(at, found - at);
    if (found < text.size()) *out += ' ';
    at = found + (found < text.size() ? kMetaSpace.size() : 0);
  }
}

// "<0x0A>" as 10; -1 when it is not of that form.
int ByteOfToken(std::string_view text) {
  if (text.size() != 6 || text.substr(0, 3) != "<0x" || text[5] != '>') return -1;
  int value = 0;
  for (const char c : text.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Higher scores get lower ranks; the order of floats is that of these integers.
uint32_t RankOfScore(float score) {
  if (std::isnan(score)) return UINT32_MAX - 1;
  const auto bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 becomes 0
  const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return std::min(~ascending, UINT32_MAX - 1);
}

// Words repeat, so the ids of recent ones are kept, one per slot. The words are views into the text
// being encoded, hence one cache per call.
class WordCache {
 public:
  const std::vector<int32_t>* Find(std::string_view word, uint64_t hash) const {
    const Entry& entry = entries_[hash % kEntries];
    return entry.word == word ? &entry.ids : nullptr;
  }
  void Keep(std::string_view word, uint64_t hash, const int32_t* begin, const int32_t* end) {
    Entry& entry = entries_[hash % kEntries];
    entry.word = word;
    entry.ids.assign(begin, end);
  }

 private:
  static constexpr size_t kEntries = 8192;
  struct Entry {
    std::string_view word;
    std::vector<int32_t> ids;
  };
  std::vector<Entry> entries_ = std::vector<Entry>(kEntries);
};

constexpr size_t kCacheFrom = 4096;  // bytes of text that make a cache worth its memory
constexpr size_t kLongestCached = 64;

// Below the least likely piece, as SentencePiece has it.
constexpr double kUnknownPenalty = 10;

struct EncodeScratch {
  MergeScratch merge;
  UnigramScratch unigram;
  std::optional<WordCache> cache;
};

}  // namespace

struct Tokenizer::Data {
  TokenizerKind kind = TokenizerKind::kByteLevel;
  PreTokenizer pre_tokenizer = PreTokenizer::kGpt2;
  bool normalize_nfc = false;
  Charsmap charsmap;
  bool normalize_nfkc = false;
  bool strip_left = false, strip_right_end = false, strip_spaces_alone = false;
  bool join_spaces = false;
  bool split_at_spaces = false;
  bool ignore_merges = false;
  bool add_space_prefix = false;
  bool space_prefix_once = false;
  bool space_prefix_if_none = false;
  bool add_bos = false;
  // No token has a space after anything but spaces: then no merge crosses from a word to the space
  // behind it, and words can be encoded one by one.
  bool spaces_lead = false;
  size_t longest_text = 0;

  TokenTexts texts;  // as bytes that the token stands for
  std::vector<TokenKind> kinds;
  std::vector<uint32_t> ranks;  // SentencePiece: merging into this token, by id
  std::vector<float> scores;    // unigram: by id
  double unknown_score = 0;
  TextTable by_text;  // what text may become
  TextTable by_name;  // control and unknown tokens
  PairTable merges;
  bool merges_by_pair = true;
  SpecialTokens specials;
  bool has_user_defined = false;
  std::array<int32_t, 256> of_byte;
  std::vector<int32_t> replacement;  // for bytes that the vocabulary cannot say
  std::optional<int32_t> bos, eos, padding, unknown;
  std::vector<int32_t> ends;
  std::vector<int32_t> strip_right;  // sorted

  static Result<std::unique_ptr<Data>> Build(const TokenizerSpec& spec, const std::string& what);

  void AddTexts(const TokenizerSpec& spec);
  Status AddMerges(const TokenizerSpec& spec, const std::string& what);
  Status AddNamedIds(const TokenizerSpec& spec, const std::string& what);
  void FindBytes();
  bool IsControlKind(int32_t id) const {
    const TokenKind of = kinds[static_cast<size_t>(id)];
    return of == TokenKind::kControl || of == TokenKind::kUnknown;
  }

  // Of texts with ▁: what is replaced and taken away before a space is put in front.
  bool Normalizes() const {
    return !charsmap.empty() || normalize_nfkc || strip_left || strip_right_end || join_spaces;
  }
  std::string Normalized(std::string_view text) const;

  void EncodePlain(std::string_view text, EncodeScratch* scratch, std::vector<int32_t>* out) const;
  void EncodeWord(std::string_view word, EncodeScratch* scratch, std::vector<int32_t>* out) const;
  void MergeWord(std::string_view word, EncodeScratch* scratch, std::vector<int32_t>* out) const;
  void SpellBytes(std::string_view word, std::vector<Symbol>* symbols) const;
  void SpellCharacters(std::string_view word, std::vector<Symbol>* symbols) const;
  size_t SentencePieceWordEnd(std::string_view text, size_t at) const;
};

void Tokenizer::Data::AddTexts(const TokenizerSpec& spec) {
  const auto count = spec.texts.size();
  size_t bytes = 0;
  for (const std::string_view text : spec.texts) bytes += text.size();
  texts.Reserve(count, bytes);
  kinds = spec.kinds;
  by_text.Reserve(count);
  size_t names = 0;
  for (const TokenKind of : kinds) {
    names += of == TokenKind::kControl || of == TokenKind::kUnknown;
  }
  by_name.Reserve(names + std::size(kEndNames) + std::size(kMarkerNames));
  spaces_lead = true;
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view spelled = spec.texts[i];
    TokenKind& of = kinds[i];
    if (of != TokenKind::kControl && !spelled.empty() &&
        (Contains(kEndNames, spelled) || Contains(kMarkerNames, spelled))) {
      of = TokenKind::kControl;
    }
    const auto id = static_cast<int32_t>(i);
    text.clear();
    if (of == TokenKind::kByte && ByteOfToken(spelled) >= 0) {
      text = static_cast<char>(ByteOfToken(spelled));
    } else if (of == TokenKind::kControl || of == TokenKind::kUnknown) {
      text = spelled;
    } else if (HasMetaSpaces(kind)) {
      AppendWithSpaces(spelled, &text);
    } else if (of == TokenKind::kUserDefined || !AppendSpelledBytes(spelled, &text)) {
      text = spelled;
    }
    texts.Add(text);
    longest_text = std::max(longest_text, text.size());
    switch (of) {
      case TokenKind::kControl:
      case TokenKind::kUnknown:
        // Names beyond the reserve can only come from promotions of equal texts.
        by_name.Insert(texts, id);
        specials.Add(text, id, true);
        break;
      case TokenKind::kUserDefined:
        has_user_defined = true;
        specials.Add(text, id, false);
        by_text.Insert(texts, id);
        break;
      case TokenKind::kNormal:
        by_text.Insert(texts, id);
        if (const size_t word = text.find_first_not_of(' '); word != std::string::npos) {
          if (text.find(' ', word) != std::string::npos) spaces_lead = false;
        }
        break;
      case TokenKind::kUnused:
      case TokenKind::kByte:
        break;
    }
  }
}

Status Tokenizer::Data::AddMerges(const TokenizerSpec& spec, const std::string& what) {
  if (kind == TokenizerKind::kUnigram) {
    scores = spec.scores;
    scores.resize(spec.texts.size());
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < scores.size(); ++i) {
      if (!std::isfinite(scores[i])) {
        return Fail(ErrorKind::kBadInput,
                    what + ": the score of token " + std::to_string(i) + " is no number");
      }
      if (kinds[i] == TokenKind::kNormal) least = std::min(least, static_cast<double>(scores[i]));
    }
    unknown_score = (std::isfinite(least) ? least : 0) - kUnknownPenalty;
    return {};
  }
  merges_by_pair = !spec.merges.empty() || kind == TokenizerKind::kByteLevel;
  if (!merges_by_pair) {
    ranks.reserve(spec.scores.size());
    for (const float score : spec.scores) ranks.push_back(RankOfScore(score));
    return {};
  }
  merges.Reserve(spec.merges.size());
  std::string text;
  const auto append = [&](std::string_view spelled) {
    if (HasMetaSpaces(kind)) {
      AppendWithSpaces(spelled, &text);
    } else if (!AppendSpelledBytes(spelled, &text)) {
      text += spelled;
    }
  };
  for (size_t i = 0; i < spec.merges.size(); ++i) {
    text.clear();
    append(spec.merges[i].left);
    const size_t middle = text.size();
    append(spec.merges[i].right);
    const std::string_view both = text;
    const int32_t left = by_text.Find(texts, both.substr(0, middle));
    const int32_t right = by_text.Find(texts, both.substr(middle));
    const int32_t merged = by_text.Find(texts, both);
    if (left < 0 || right < 0 || merged < 0) {
      return Fail(ErrorKind::kBadInput,
                  what + ": merge " + std::to_string(i) +
                      " of the tokenizer speaks of tokens that are not in its "
                      "vocabulary");
    }
    merges.Insert(left, right, {static_cast<uint32_t>(i), merged});
  }
  return {};
}

Status Tokenizer::Data::AddNamedIds(const TokenizerSpec& spec, const std::string& what) {
  struct Named {
    const std::optional<int64_t>& from;
    std::optional<int32_t>* to;
    const char* name;
  };
  const Named all[] = {{spec.bos, &bos, "BOS"},
                       {spec.eos, &eos, "EOS"},
                       {spec.padding, &padding, "padding"},
                       {spec.unknown, &unknown, "unknown"}};
  for (const Named& named : all) {
    if (!named.from) continue;
    if (*named.from < 0 || *named.from >= texts.size()) {
      return Fail(ErrorKind::kBadInput, what + ": the tokenizer's " + named.name + " token is " +
                                            std::to_string(*named.from) + ", outside of its " +
                                            std::to_string(texts.size()) + " tokens");
    }
    *named.to = static_cast<int32_t>(*named.from);
  }
  if (eos) ends.push_back(*eos);
  for (const int64_t id : spec.more_ends) {
    if (id >= 0 && id < texts.size()) ends.push_back(static_cast<int32_t>(id));
  }
  for (const std::string_view name : kEndNames) {
    if (const int32_t id = by_name.Find(texts, name); id >= 0) ends.push_back(id);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return {};
}

void Tokenizer::Data::FindBytes() {
  of_byte.fill(-1);
  if (kind == TokenizerKind::kByteLevel) {
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      of_byte[static_cast<size_t>(byte)] = by_text.Find(texts, {&c, 1});
    }
    for (const char c : kReplacement) {
      const int32_t id = of_byte[static_cast<unsigned char>(c)];
      if (id >= 0) replacement.push_back(id);
    }
    if (replacement.size() != kReplacement.size()) replacement.clear();
    return;
  }
  for (int32_t id = 0; id < texts.size(); ++id) {
    if (kinds[static_cast<size_t>(id)] != TokenKind::kByte || texts[id].size() != 1) continue;
    int32_t& slot = of_byte[static_cast<unsigned char>(texts[id][0])];
    if (slot < 0) slot = id;
  }
  if (const int32_t id = by_text.Find(texts, kReplacement); id >= 0) {
    replacement.push_back(id);
  } else if (unknown) {
    replacement.push_back(*unknown);
  }
}

Result<std::unique_ptr<Tokenizer::Data>> Tokenizer::Data::Build(const TokenizerSpec& spec,
                                                                const std::string& what) {
  auto data = std::make_unique<Data>();
  data->kind = spec.kind;
  data->pre_tokenizer = spec.pre_tokenizer;
  data->normalize_nfc = spec.normalize_nfc;
  data->ignore_merges = spec.ignore_merges;
  ASSIGN_OR_RETURN(data->charsmap, Charsmap::Parse(spec.charsmap, what));
  data->normalize_nfkc = spec.normalize_nfkc;
  data->strip_left = spec.strip_left;
  data->strip_right_end = spec.strip_right_end;
  data->strip_spaces_alone = spec.strip_spaces_alone;
  data->join_spaces = spec.join_spaces;
  data->split_at_spaces = spec.split_at_spaces;
  data->add_space_prefix = spec.add_space_prefix;
  data->space_prefix_once = spec.space_prefix_once;
  data->space_prefix_if_none = spec.space_prefix_if_none;
  data->add_bos = spec.add_bos;
  data->strip_right = spec.strip_right;
  std::sort(data->strip_right.begin(), data->strip_right.end());
  data->AddTexts(spec);
  RETURN_IF_ERROR(data->AddMerges(spec, what));
  RETURN_IF_ERROR(data->AddNamedIds(spec, what));
  data->FindBytes();
  return data;
}

void Tokenizer::Data::SpellBytes(std::string_view word, std::vector<Symbol>* symbols) const {
  for (size_t i = 0; i < word.size(); ++i) {
    const int32_t id = of_byte[static_cast<unsigned char>(word[i])];
    symbols->push_back({static_cast<uint32_t>(i), 1, id});
  }
}

void Tokenizer::Data::SpellCharacters(std::string_view word, std::vector<Symbol>* symbols) const {
  for (size_t at = 0; at < word.size();) {
    const size_t begin = at;
    NextCodePoint(word, &at);
    const int32_t id = by_text.Find(texts, word.substr(begin, at - begin));
    symbols->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(at - begin), id});
  }
}

void Tokenizer::Data::MergeWord(std::string_view word, EncodeScratch* scratch,
                                std::vector<int32_t>* out) const {
  std::vector<Symbol>& symbols = scratch->merge.symbols;
  symbols.clear();
  switch (kind) {
    case TokenizerKind::kByteLevel:
      SpellBytes(word, &symbols);
      break;
    case TokenizerKind::kSentencePiece:
      SpellCharacters(word, &symbols);
      break;
    case TokenizerKind::kUnigram:
      BestPieces(
          word, longest_text, unknown_score,
          [this](std::string_view text) {
            const int32_t id = by_text.Find(texts, text);
            if (id < 0) return UnigramPiece{};
            return UnigramPiece{id, static_cast<double>(scores[static_cast<size_t>(id)])};
          },
          &scratch->unigram, &symbols);
      break;
  }
  if (kind == TokenizerKind::kUnigram) {
    // They are what they are.
  } else if (merges_by_pair) {
    MergeSymbols(&scratch->merge, [this](const Symbol& left, const Symbol& right) {
      if (left.id < 0 || right.id < 0) return PairMerge{};
      return merges.Find(left.id, right.id);
    });
  } else {
    MergeSymbols(&scratch->merge, [this, word](const Symbol& left, const Symbol& right) {
      const size_t length = size_t{left.length} + right.length;
      if (length > longest_text) return PairMerge{};
      const int32_t id = by_text.Find(texts, word.substr(left.begin, length));
      if (id < 0) return PairMerge{};
      return PairMerge{ranks[static_cast<size_t>(id)], id};
    });
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.id >= 0) {
      out->push_back(symbol.id);
      continue;
    }
    const std::string_view bytes = word.substr(symbol.begin, symbol.length);
    const bool sayable = std::all_of(bytes.begin(), bytes.end(), [this](char c) {
      return of_byte[static_cast<unsigned char>(c)] >= 0;
    });
    if (sayable) {
      for (const char c : bytes) out->push_back(of_byte[static_cast<unsigned char>(c)]);
    } else {
      out->insert(out->end(), replacement.begin(), replacement.end());
    }
  }
}

void Tokenizer::Data::EncodeWord(std::string_view word, EncodeScratch* scratch,
                                 std::vector<int32_t>* out) const {
  if (ignore_merges && word.size() <= longest_text) {
    if (const int32_t id = by_text.Find(texts, word); id >= 0) {
      out->push_back(id);
      return;
    }
  }
  if (!scratch->cache || word.size() > kLongestCached) {
    MergeWord(word, scratch, out);
    return;
  }
  const uint64_t hash = HashOfText(word);
  if (const std::vector<int32_t>* ids = scratch->cache->Find(word, hash)) {
    out->insert(out->end(), ids->begin(), ids->end());
    return;
  }
  const size_t before = out->size();
  MergeWord(word, scratch, out);
  scratch->cache->Keep(word, hash, out->data() + before, out->data() + out->size());
}

size_t Tokenizer::Data::SentencePieceWordEnd(std::string_view text, size_t at) const {
  if (split_at_spaces) return std::min(text.find(' ', at + 1), text.size());
  if (!spaces_lead) return text.size();
  const size_t word = std::min(text.find_first_not_of(' ', at), text.size());
  return std::min(text.find(' ', word), text.size());
}

std::string Tokenizer::Data::Normalized(std::string_view text) const {
  std::string changed = charsmap.Apply(text);
  if (normalize_nfkc && IsUtf8(changed)) changed = ToNfkc(changed);
  std::string_view kept = changed;
  const auto end_of_text = [&] {
    if (strip_spaces_alone) return kept.find_last_not_of(' ') + 1;
    const std::string_view trimmed = TrimSpace(kept);
    return trimmed.empty() ? 0 : static_cast<size_t>(trimmed.data() - kept.data()) + trimmed.size();
  };
  const auto begin_of_text = [&] {
    if (strip_spaces_alone) return std::min(kept.find_first_not_of(' '), kept.size());
    const std::string_view trimmed = TrimSpace(kept);
    return trimmed.empty() ? kept.size() : static_cast<size_t>(trimmed.data() - kept.data());
  };
  if (strip_right_end) kept = kept.substr(0, end_of_text());
  if (strip_left) kept.remove_prefix(begin_of_text());
  if (!join_spaces) return std::string(kept);
  std::string joined;
  for (const char c : kept) {
    if (c != ' ' || joined.empty() || joined.back() != ' ') joined += c;
  }
  return joined;
}

void Tokenizer::Data::EncodePlain(std::string_view text, EncodeScratch* scratch,
                                  std::vector<int32_t>* out) const {
  std::string changed;
  if (normalize_nfc && IsUtf8(text)) {
    changed = ToNfc(text);
    text = changed;
  }
  // Views in the cache must not outlive `changed`.
  scratch->cache.reset();
  if (text.size() >= kCacheFrom) scratch->cache.emplace();
  for (size_t at = 0; at < text.size();) {
    const size_t end = kind == TokenizerKind::kByteLevel ? PreTokenEnd(pre_tokenizer, text, at)
                                                         : SentencePieceWordEnd(text, at);
    EncodeWord(text.substr(at, end - at), scratch, out);
    at = end;
  }
}

Tokenizer::Tokenizer(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::FromSpec(const TokenizerSpec& spec, const std::string& what) {
  ASSIGN_OR_RETURN(auto data, Data::Build(spec, what));
  return Tokenizer(std::move(data));
}

void Tokenizer::EncodeTo(std::string_view text, Specials specials,
                         std::vector<int32_t>* out) const {
  EncodeScratch scratch;
  std::string spaced;  // to SentencePiece, ▁ in the text is a space like any other
  if (HasMetaSpaces(data_->kind) && text.find(kMetaSpace) != text.npos) {
    AppendWithSpaces(text, &spaced);
    text = spaced;
  }
  const auto which = specials == Specials::kParse ? SpecialTokens::Which::kAll
                                                  : SpecialTokens::Which::kWithoutControl;
  const auto plain = [&](std::string_view part) {
    std::string changed;
    if (data_->Normalizes()) {
      changed = data_->Normalized(part);
      part = changed;
    }
    if (part.empty()) return;
    const bool starts = out->empty() || (!data_->space_prefix_once && IsControl(out->back()));
    const bool has_one = data_->space_prefix_if_none && part[0] == ' ';
    if (data_->add_space_prefix && starts && !has_one) {
      data_->EncodePlain(" " + std::string(part), &scratch, out);
    } else {
      data_->EncodePlain(part, &scratch, out);
    }
  };
  if (specials == Specials::kAsText && !data_->has_user_defined) return plain(text);
  for (size_t at = 0; at < text.size();) {
    const SpecialTokens::Match match = data_->specials.Find(text, at, which);
    if (match.length == 0) return plain(text.substr(at));
    plain(text.substr(at, match.begin - at));
    out->push_back(match.id);
    at = match.begin + match.length;
  }
}

std::vector<int32_t> Tokenizer::Encode(std::string_view text, Specials specials) const {
  std::vector<int32_t> ids;
  EncodeTo(text, specials, &ids);
  return ids;
}

std::string Tokenizer::Decode(std::span<const int32_t> ids, ControlTokens controls) const {
  std::string text;
  for (const int32_t id : ids) {
    if (controls == ControlTokens::kHide && IsControl(id)) continue;
    text += TokenBytes(id);
  }
  if (data_->add_space_prefix && !text.empty() && text[0] == ' ') text.erase(0, 1);
  return text;
}

std::string_view Tokenizer::TokenBytes(int32_t id) const {
  return id < 0 || id >= size() ? std::string_view() : data_->texts[id];
}

std::optional<int32_t> Tokenizer::FindToken(std::string_view text) const {
  int32_t id = data_->by_name.Find(data_->texts, text);
  if (id < 0) id = data_->by_text.Find(data_->texts, text);
  if (id < 0) return std::nullopt;
  return id;
}

bool Tokenizer::IsControl(int32_t id) const {
  return id >= 0 && id < size() && data_->IsControlKind(id);
}

std::optional<Tokenizer::SpecialMatch> Tokenizer::FindSpecial(std::string_view text,
                                                              size_t from) const {
  const SpecialTokens::Match match = data_->specials.Find(text, from, SpecialTokens::Which::kAll);
  if (match.length == 0) return std::nullopt;
  return SpecialMatch{match.begin, match.length, match.id};
}

bool Tokenizer::StripsRight(int32_t id) const {
  return std::binary_search(data_->strip_right.begin(), data_->strip_right.end(), id);
}

bool Tokenizer::add_space_prefix() const {
  return data_->add_space_prefix;
}

int32_t Tokenizer::size() const {
  return data_->texts.size();
}
std::optional<int32_t> Tokenizer::bos() const {
  return data_->bos;
}
std::optional<int32_t> Tokenizer::eos() const {
  return data_->eos;
}
std::optional<int32_t> Tokenizer::padding() const {
  return data_->padding;
}
bool Tokenizer::add_bos() const {
  return data_->add_bos;
}
const std::vector<int32_t>& Tokenizer::end_tokens() const {
  return data_->ends;
}
bool Tokenizer::IsEnd(int32_t id) const {
  return std::binary_search(data_->ends.begin(), data_->ends.end(), id);
}

}  // namespace idiolect
