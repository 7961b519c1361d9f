#include "engine/files/tokenizer_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/file.h"
#include "engine/files/quoted.h"
#include "engine/files/tokenizer_spec.h"

namespace idiolect {
namespace {

using Json = nlohmann::json;

// A member, or null when there is none.
const Json& At(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

std::string_view TextOf(const Json& json) {
  return json.is_string() ? std::string_view(json.get_ref<const std::string&>())
                          : std::string_view();
}

bool IsTrue(const Json& json) {
  return json.is_boolean() && json.get<bool>();
}

// In tokenizer_config.json a token is its text, or an object with it.
std::string_view TokenOf(const Json& json) {
  return json.is_object() ? TextOf(At(json, "content")) : TextOf(json);
}

// A pre-tokenizer, normalizer and so on is one step or a Sequence of them.
std::vector<const Json*> Steps(const Json& json, const char* sequence_key) {
  std::vector<const Json*> steps;
  if (TextOf(At(json, "type")) == "Sequence") {
    for (const Json& step : At(json, sequence_key)) steps.push_back(&step);
  } else if (!json.is_null()) {
    steps.push_back(&json);
  }
  return steps;
}

class JsonReader {
 public:
  JsonReader(const TokenizerFolderTexts& texts, const std::string& what)
      : what_("reading the tokenizer of " + what),
        root_(Json::parse(texts.tokenizer, nullptr, false)),
        config_(Json::parse(texts.config, nullptr, false)),
        generation_(Json::parse(texts.generation, nullptr, false)) {}

  Result<TokenizerSpec> Run() {
    if (!root_.is_object()) return Bad("tokenizer.json is no JSON object");
    RETURN_IF_ERROR(ReadModel());
    if (spec_.kind == TokenizerKind::kByteLevel) {
      RETURN_IF_ERROR(ReadByteLevel());
    } else {
      RETURN_IF_ERROR(ReadSentencePiece());
    }
    RETURN_IF_ERROR(ReadAddedTokens());
    if (spec_.kind != TokenizerKind::kUnigram) RETURN_IF_ERROR(ReadMerges());
    ReadNamedTokens();
    return std::move(spec_);
  }
  const std::string& what() const { return what_; }

 private:
  tl::unexpected<Error> Bad(const std::string& why, std::string hint = {}) const {
    return Fail(ErrorKind::kBadInput, what_ + ": " + why, std::move(hint));
  }
  tl::unexpected<Error> NotSupported(const std::string& field) const {
    return Bad(field + " is not supported",
               "supported are the tokenizers of GPT-2, SmolLM2, Llama 2 and 3, "
               "Mistral, Qwen 2 and 3, "
               "Gemma 3, Phi 3 and 4, and unigram models");
  }

  Status Put(int64_t id, std::string_view text, TokenKind kind) {
    // Vocabularies have small holes at most; a wild number must not make us reserve memory.
    const auto most = static_cast<int64_t>(2 * entries_ + 65536);
    if (id < 0 || id > most) return Bad("the id " + std::to_string(id) + " makes no sense");
    const auto at = static_cast<size_t>(id);
    if (at >= spec_.texts.size()) {
      spec_.texts.resize(at + 1);
      spec_.kinds.resize(at + 1, TokenKind::kUnused);
    }
    spec_.texts[at] = text;
    spec_.kinds[at] = kind;
    return {};
  }

  Status ReadModel() {
    const Json& model = At(root_, "model");
    const std::string_view type = TextOf(At(model, "type"));
    if (type == "Unigram") return ReadUnigram(model);
    if (type != "BPE") return NotSupported("model.type " + Quoted(type));
    if (!At(model, "dropout").is_null() && At(model, "dropout") != 0) {
      return NotSupported("model.dropout");
    }
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (!TextOf(At(model, key)).empty()) return NotSupported(std::string("model.") + key);
    }
    spec_.kind = IsTrue(At(model, "byte_fallback")) ? TokenizerKind::kSentencePiece
                                                    : TokenizerKind::kByteLevel;
    spec_.ignore_merges = IsTrue(At(model, "ignore_merges"));
    const Json& vocab = At(model, "vocab");
    if (!vocab.is_object() || vocab.empty()) return Bad("model.vocab is missing");
    entries_ = vocab.size();
    const bool bytes = spec_.kind == TokenizerKind::kSentencePiece;
    for (const auto& [text, id] : vocab.items()) {
      if (!id.is_number_integer()) return Bad("model.vocab holds an id that is no number");
      const bool byte = bytes && text.size() == 6 && text.compare(0, 3, "<0x") == 0;
      RETURN_IF_ERROR(Put(id.get<int64_t>(), text, byte ? TokenKind::kByte : TokenKind::kNormal));
    }
    const std::string_view unknown = TextOf(At(model, "unk_token"));
    if (!unknown.empty()) spec_.unknown = Find(unknown);
    return {};
  }

  Status ReadUnigram(const Json& model) {
    spec_.kind = TokenizerKind::kUnigram;
    const Json& vocab = At(model, "vocab");
    if (!vocab.is_array() || vocab.empty()) return Bad("model.vocab is missing");
    entries_ = vocab.size();
    const bool bytes = IsTrue(At(model, "byte_fallback"));
    spec_.scores.reserve(entries_);
    for (const Json& piece : vocab) {
      if (!piece.is_array() || piece.size() != 2 || !piece[0].is_string() ||
          !piece[1].is_number()) {
        return Bad("model.vocab holds what is no piece with a score");
      }
      const std::string_view text = TextOf(piece[0]);
      const bool byte = bytes && text.size() == 6 && text.substr(0, 3) == "<0x";
      RETURN_IF_ERROR(Put(static_cast<int64_t>(spec_.texts.size()), text,
                          byte ? TokenKind::kByte : TokenKind::kNormal));
      spec_.scores.push_back(piece[1].get<float>());
    }
    const Json& unknown = At(model, "unk_id");
    if (!unknown.is_number_integer()) return {};
    spec_.unknown = unknown.get<int64_t>();
    if (*spec_.unknown < 0 || *spec_.unknown >= static_cast<int64_t>(entries_)) {
      return Bad("model.unk_id is no piece of the vocabulary");
    }
    spec_.kinds[static_cast<size_t>(*spec_.unknown)] = TokenKind::kUnknown;
    return {};
  }

  // What lies between the expression's matches stays; where all is matched, one may as well say
  // that what does not match is removed.
  static bool KeepsAll(const Json& split) {
    const std::string_view behavior = TextOf(At(split, "behavior"));
    return behavior == "Isolated" || (behavior == "Removed" && IsTrue(At(split, "invert")));
  }

  Status ReadByteLevel() {
    bool byte_level = false;
    std::optional<PreTokenizer> kind;
    bool digits = false;
    for (const Json* step : Steps(At(root_, "pre_tokenizer"), "pretokenizers")) {
      const std::string_view type = TextOf(At(*step, "type"));
      if (type == "ByteLevel") {
        byte_level = true;
        if (IsTrue(At(*step, "add_prefix_space"))) {
          return NotSupported("pre_tokenizer.add_prefix_space");
        }
        if (!kind && At(*step, "use_regex") != false) kind = PreTokenizer::kGpt2;
      } else if (type == "Digits" && IsTrue(At(*step, "individual_digits"))) {
        digits = true;
      } else if (type == "Split" && KeepsAll(*step)) {
        const std::string_view expression = TextOf(At(At(*step, "pattern"), "Regex"));
        kind = FindByExpression(expression);
        if (!kind) return NotSupported("the pre_tokenizer's expression " + Quoted(expression));
      } else {
        return NotSupported("pre_tokenizer " + Quoted(type));
      }
    }
    if (!byte_level || !kind) return NotSupported("a BPE without ByteLevel or byte_fallback");
    if (digits && *kind != PreTokenizer::kGpt2) {
      return NotSupported("pre_tokenizer \"Digits\" beside an expression");
    }
    spec_.pre_tokenizer = digits ? PreTokenizer::kDigitsThenGpt2 : *kind;
    for (const Json* step : Steps(At(root_, "normalizer"), "normalizers")) {
      if (TextOf(At(*step, "type")) != "NFC") {
        return NotSupported("normalizer " + Quoted(TextOf(At(*step, "type"))));
      }
      spec_.normalize_nfc = true;
    }
    return {};
  }

  Status ReadSentencePiece() {
    bool replaced = false;
    for (const Json* step : Steps(At(root_, "pre_tokenizer"), "pretokenizers")) {
      // The newer way to say what the normalizer says in older files.
      if (TextOf(At(*step, "type")) == "Metaspace" &&
          TextOf(At(*step, "replacement")) == kMetaSpace) {
        replaced = spec_.space_prefix_if_none = true;
        spec_.split_at_spaces = At(*step, "split") != false;
        std::string_view scheme = TextOf(At(*step, "prepend_scheme"));
        // Before there were schemes.
        if (scheme.empty()) scheme = At(*step, "add_prefix_space") == false ? "never" : "always";
        if (scheme == "always") {
          spec_.add_space_prefix = true;
        } else if (scheme == "first") {
          spec_.add_space_prefix = spec_.space_prefix_once = true;
        } else if (scheme != "never") {
          return NotSupported("pre_tokenizer.prepend_scheme " + Quoted(scheme));
        }
        continue;
      }
      // Once spaces are ▁, there is nothing to split at: Gemma's file has this
      // without effect.
      if (TextOf(At(*step, "type")) != "Split" ||
          TextOf(At(At(*step, "pattern"), "String")) != " ") {
        return NotSupported("pre_tokenizer " + Quoted(TextOf(At(*step, "type"))));
      }
    }
    for (const Json* step : Steps(At(root_, "normalizer"), "normalizers")) {
      const std::string_view type = TextOf(At(*step, "type"));
      const std::string_view content = TextOf(At(*step, "content"));
      if (type == "Replace" && TextOf(At(At(*step, "pattern"), "String")) == " " &&
          content == kMetaSpace) {
        replaced = true;
      } else if (type == "Replace" && TextOf(At(At(*step, "pattern"), "Regex")) == " {2,}" &&
                 (content == " " || content == kMetaSpace)) {
        spec_.join_spaces = true;
      } else if (type == "Strip") {
        spec_.strip_left = IsTrue(At(*step, "strip_left"));
        spec_.strip_right_end = IsTrue(At(*step, "strip_right"));
      } else if (type == "NFKC") {
        spec_.normalize_nfkc = true;
      } else if (type == "Precompiled") {
        const auto map = FromBase64(TextOf(At(*step, "precompiled_charsmap")));
        if (!map) return Bad("normalizer.precompiled_charsmap is not in Base64");
        spec_.charsmap = *map;
      } else if (type == "Prepend" && TextOf(At(*step, "prepend")) == kMetaSpace) {
        spec_.add_space_prefix = true;
      } else {
        return NotSupported("normalizer " + Quoted(type));
      }
    }
    return replaced ? Status() : Status(NotSupported("a normalizer that keeps spaces"));
  }

  Status ReadAddedTokens() {
    for (const Json& token : At(root_, "added_tokens")) {
      const std::string_view text = TextOf(At(token, "content"));
      const Json& id = At(token, "id");
      if (text.empty() || !id.is_number_integer()) return Bad("added_tokens holds no sound token");
      for (const char* key : {"lstrip", "single_word"}) {
        if (IsTrue(At(token, key))) {
          return NotSupported(std::string("added_tokens.") + key + " of " + Quoted(text));
        }
      }
      if (IsTrue(At(token, "rstrip"))) spec_.strip_right.push_back(id.get<int32_t>());
      RETURN_IF_ERROR(
          Put(id.get<int64_t>(), text,
              IsTrue(At(token, "special")) ? TokenKind::kControl : TokenKind::kUserDefined));
    }
    if (spec_.unknown && spec_.kinds[static_cast<size_t>(*spec_.unknown)] == TokenKind::kNormal) {
      spec_.kinds[static_cast<size_t>(*spec_.unknown)] = TokenKind::kUnknown;
    }
    return {};
  }

  Status ReadMerges() {
    const Json& merges = At(At(root_, "model"), "merges");
    if (!merges.is_array()) return Bad("model.merges is missing");
    spec_.merges.reserve(merges.size());
    for (const Json& merge : merges) {
      if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        spec_.merges.push_back({TextOf(merge[0]), TextOf(merge[1])});
        continue;
      }
      const std::string_view both = TextOf(merge);
      const size_t space = both.find(' ', 1);
      if (space == std::string_view::npos) return Bad("model.merges holds a merge of one token");
      spec_.merges.push_back({both.substr(0, space), both.substr(space + 1)});
    }
    return {};
  }

  std::optional<int64_t> Find(std::string_view text) const {
    for (size_t i = 0; i < spec_.texts.size(); ++i) {
      if (!text.empty() && spec_.texts[i] == text) return static_cast<int64_t>(i);
    }
    return std::nullopt;
  }

  void ReadNamedTokens() {
    std::string_view first;  // what the post-processor puts in front
    for (const Json* step : Steps(At(root_, "post_processor"), "processors")) {
      if (TextOf(At(*step, "type")) != "TemplateProcessing") continue;
      const Json& single = At(*step, "single");
      if (single.is_array() && !single.empty()) {
        first = TextOf(At(At(single[0], "SpecialToken"), "id"));
      }
    }
    spec_.add_bos = !first.empty() || IsTrue(At(config_, "add_bos_token"));
    const std::string_view bos = TokenOf(At(config_, "bos_token"));
    spec_.bos = Find(bos.empty() ? first : bos);
    spec_.eos = Find(TokenOf(At(config_, "eos_token")));
    spec_.padding = Find(TokenOf(At(config_, "pad_token")));
    const Json& ends = At(generation_, "eos_token_id");
    if (ends.is_number_integer()) spec_.more_ends.push_back(ends.get<int64_t>());
    if (!ends.is_array()) return;
    for (const Json& end : ends) {
      if (end.is_number_integer()) spec_.more_ends.push_back(end.get<int64_t>());
    }
  }

  static constexpr std::string_view kMetaSpace = "\xe2\x96\x81";

  std::string what_;
  Json root_, config_, generation_;  // the specification borrows from them
  TokenizerSpec spec_;
  size_t entries_ = 0;
};

Result<std::string> ReadOrEmpty(const std::filesystem::path& path) {
  if (!Exists(path)) return std::string();
  return ReadFile(path);
}

}  // namespace

Result<Tokenizer> ParseTokenizerJson(const TokenizerFolderTexts& texts, const std::string& what) {
  JsonReader reader(texts, what);
  ASSIGN_OR_RETURN(const TokenizerSpec spec, reader.Run());
  return Tokenizer::FromSpec(spec, reader.what());
}

Result<Tokenizer> ReadTokenizerFolder(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const OwnedTokenizerSpec owned, SpecOfFolder(folder));
  return Tokenizer::FromSpec(owned.spec, "reading the tokenizer of " + folder.string());
}

Result<OwnedTokenizerSpec> SpecOfFolder(const std::filesystem::path& folder) {
  TokenizerFolderTexts texts;
  ASSIGN_OR_RETURN(texts.tokenizer, ReadFile(folder / "tokenizer.json"));
  ASSIGN_OR_RETURN(texts.config, ReadOrEmpty(folder / "tokenizer_config.json"));
  ASSIGN_OR_RETURN(texts.generation, ReadOrEmpty(folder / "generation_config.json"));
  const auto reader = std::make_shared<JsonReader>(texts, folder.string());
  OwnedTokenizerSpec owned;
  ASSIGN_OR_RETURN(owned.spec, reader->Run());
  owned.texts = reader;
  return owned;
}

Result<std::string> ReadTemplateOfFolder(const std::filesystem::path& folder) {
  if (Exists(folder / "chat_template.jinja")) return ReadFile(folder / "chat_template.jinja");
  ASSIGN_OR_RETURN(const std::string text, ReadOrEmpty(folder / "tokenizer_config.json"));
  const Json config = Json::parse(text, nullptr, false);
  const Json& value = At(config, "chat_template");
  if (value.is_string()) return std::string(TextOf(value));
  // Several, by name: the one for plain conversations is "default".
  for (const Json& named : value) {
    if (TextOf(At(named, "name")) == "default") return std::string(TextOf(At(named, "template")));
  }
  return std::string();
}

}  // namespace idiolect
