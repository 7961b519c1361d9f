#include "engine/files/tokenizer_export.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/base64.h"
#include "base/json.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMetaSpace = "\xe2\x96\x81";

std::string_view NameOf(PreTokenizer kind) {
  switch (kind) {
    case PreTokenizer::kGpt2:
      return "gpt-2";
    case PreTokenizer::kDigitsThenGpt2:
      return "smollm";
    case PreTokenizer::kLlama3:
      return "llama-bpe";
    case PreTokenizer::kQwen2:
      return "qwen2";
    case PreTokenizer::kO200k:
      return "gpt-4o";
    case PreTokenizer::kTekken:
      return "tekken";
  }
  return "gpt-2";
}

// Of merges kept as ranks: a token is worth what the first merge is that makes it.
std::vector<float> ScoresOf(const TokenizerSpec& spec) {
  std::unordered_map<std::string_view, size_t> ids;
  for (size_t i = 0; i < spec.texts.size(); ++i) ids.emplace(spec.texts[i], i);
  std::vector<float> scores(spec.texts.size(), 0);
  std::string merged;
  for (size_t rank = spec.merges.size(); rank-- > 0;) {
    merged = spec.merges[rank].left;
    merged += spec.merges[rank].right;
    const auto found = ids.find(merged);
    if (found != ids.end()) scores[found->second] = -static_cast<float>(rank + 1);
  }
  return scores;
}

struct MadeMerge {
  std::string_view left, right;
  float score;
  size_t left_id, right_id;
};

// The other way: every way to make a token of two others, best token first.
std::vector<MadeMerge> MergesOf(const TokenizerSpec& spec) {
  std::unordered_map<std::string_view, size_t> ids;
  for (size_t i = 0; i < spec.texts.size(); ++i) {
    if (spec.kinds[i] == TokenKind::kNormal || spec.kinds[i] == TokenKind::kUserDefined) {
      ids.emplace(spec.texts[i], i);
    }
  }
  std::vector<MadeMerge> merges;
  for (size_t i = 0; i < spec.texts.size(); ++i) {
    if (spec.kinds[i] != TokenKind::kNormal) continue;
    const std::string_view text = spec.texts[i];
    for (size_t cut = 1; cut < text.size(); ++cut) {
      if ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) continue;  // inside a letter
      const auto left = ids.find(text.substr(0, cut));
      if (left == ids.end()) continue;
      const auto right = ids.find(text.substr(cut));
      if (right == ids.end()) continue;
      merges.push_back({left->first, right->first, spec.scores[i], left->second, right->second});
    }
  }
  std::stable_sort(merges.begin(), merges.end(), [](const MadeMerge& a, const MadeMerge& b) {
    if (a.score != b.score) return a.score > b.score;
    return std::pair(a.left_id, a.right_id) < std::pair(b.left_id, b.right_id);
  });
  return merges;
}

Json PreTokenizerOf(PreTokenizer kind) {
  const auto byte_level = [](bool use_regex) {
    return Json{{"type", "ByteLevel"},
                {"add_prefix_space", false},
                {"trim_offsets", true},
                {"use_regex", use_regex}};
  };
  const auto split = [&] {
    const Json step = {{"type", "Split"},
                       {"pattern", {{"Regex", ExpressionOf(kind)}}},
                       {"behavior", "Isolated"},
                       {"invert", false}};
    return Json{{"type", "Sequence"}, {"pretokenizers", Json::array({step, byte_level(false)})}};
  };
  switch (kind) {
    case PreTokenizer::kGpt2:
      return byte_level(true);
    case PreTokenizer::kDigitsThenGpt2:
      return Json{
          {"type", "Sequence"},
          {"pretokenizers",
           Json::array({Json{{"type", "Digits"}, {"individual_digits", true}}, byte_level(true)})}};
    case PreTokenizer::kLlama3:
    case PreTokenizer::kQwen2:
    case PreTokenizer::kO200k:
    case PreTokenizer::kTekken:
      break;
  }
  return split();
}

Json Replace(std::string_view from, std::string_view to) {
  return Json{{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json UnigramNormalizerOf(const TokenizerSpec& spec) {
  Json steps = Json::array();
  if (!spec.charsmap.empty()) {
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", ToBase64(spec.charsmap)}});
  }
  if (spec.normalize_nfkc) steps.push_back({{"type", "NFKC"}});
  if (spec.strip_left || spec.strip_right_end) {
    steps.push_back({{"type", "Strip"},
                     {"strip_left", spec.strip_left},
                     {"strip_right", spec.strip_right_end}});
  }
  if (spec.join_spaces) {
    steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}});
  }
  if (steps.empty()) return nullptr;
  return {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
}

Json MetaspaceOf(const TokenizerSpec& spec) {
  return {{"type", "Metaspace"},
          {"replacement", kMetaSpace},
          {"prepend_scheme", !spec.add_space_prefix   ? "never"
                             : spec.space_prefix_once ? "first"
                                                      : "always"},
          {"split", spec.split_at_spaces}};
}

std::string UnigramModelOf(const TokenizerSpec& spec) {
  Json vocab = Json::array();
  bool bytes = false;
  for (size_t i = 0; i < spec.texts.size(); ++i) {
    bytes |= spec.kinds[i] == TokenKind::kByte;
    vocab.push_back({spec.texts[i], i < spec.scores.size() ? spec.scores[i] : 0.0f});
  }
  return Dump({{"type", "Unigram"},
               {"unk_id", spec.unknown ? Json(*spec.unknown) : Json()},
               {"vocab", std::move(vocab)},
               {"byte_fallback", bytes}});
}

std::string_view TextOf(const TokenizerSpec& spec, const std::optional<int64_t>& id) {
  if (!id || *id < 0 || *id >= static_cast<int64_t>(spec.texts.size())) return {};
  return spec.texts[static_cast<size_t>(*id)];
}

}  // namespace

void AddTokenizer(const TokenizerSpec& spec, int64_t rows, GgufHeader* header) {
  const bool byte_level = spec.kind == TokenizerKind::kByteLevel;
  const bool unigram = spec.kind == TokenizerKind::kUnigram;
  header->Text("tokenizer.ggml.model", byte_level ? "gpt2" : unigram ? "t5" : "llama");
  header->Text("tokenizer.ggml.pre", byte_level ? NameOf(spec.pre_tokenizer) : "default");
  std::vector<std::string_view> texts = spec.texts;
  std::vector<int32_t> kinds;
  for (const TokenKind kind : spec.kinds) kinds.push_back(static_cast<int32_t>(kind));
  std::vector<std::string> fillers;
  for (int64_t i = 0; i < rows; ++i) {
    const bool hole =
        i >= static_cast<int64_t>(texts.size()) || texts[static_cast<size_t>(i)].empty();
    if (hole) fillers.push_back("[PAD" + std::to_string(i) + "]");
  }
  size_t filler = 0;
  texts.resize(static_cast<size_t>(rows));
  kinds.resize(static_cast<size_t>(rows), static_cast<int32_t>(TokenKind::kUnused));
  for (std::string_view& text : texts) {
    if (text.empty()) text = fillers[filler++];
  }
  header->Texts("tokenizer.ggml.tokens", texts);
  header->Integers("tokenizer.ggml.token_type", kinds);
  if (byte_level) {
    std::vector<std::string> joined;
    joined.reserve(spec.merges.size());
    for (const SpecMerge& merge : spec.merges) {
      joined.push_back(std::string(merge.left) + " " + std::string(merge.right));
    }
    header->Texts("tokenizer.ggml.merges", {joined.begin(), joined.end()});
  } else {
    if (unigram) {
      header->Octets("tokenizer.ggml.precompiled_charsmap", spec.charsmap);
      header->Flag("tokenizer.ggml.remove_extra_whitespaces", spec.join_spaces);
    }
    std::vector<float> scores = spec.scores.empty() ? ScoresOf(spec) : spec.scores;
    scores.resize(static_cast<size_t>(rows), 0);
    header->Reals("tokenizer.ggml.scores", scores);
    header->Flag("tokenizer.ggml.add_space_prefix", spec.add_space_prefix);
  }
  const auto id = [&](const char* key, const std::optional<int64_t>& value) {
    if (value) header->Integer(key, *value);
  };
  id("tokenizer.ggml.bos_token_id", spec.bos);
  id("tokenizer.ggml.eos_token_id", spec.eos);
  id("tokenizer.ggml.padding_token_id", spec.padding);
  id("tokenizer.ggml.unknown_token_id", spec.unknown);
  for (const int64_t end : spec.more_ends) {
    if (end == spec.eos.value_or(-1)) continue;
    header->Integer("tokenizer.ggml.eot_token_id", end);
    break;
  }
  header->Flag("tokenizer.ggml.add_bos_token", spec.add_bos);
}

std::string TokenizerJsonOf(const TokenizerSpec& spec) {
  const bool byte_level = spec.kind == TokenizerKind::kByteLevel;
  std::string out = "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[";
  bool first = true;
  for (size_t i = 0; i < spec.texts.size(); ++i) {
    const TokenKind kind = spec.kinds[i];
    const bool special = kind == TokenKind::kControl || kind == TokenKind::kUnknown;
    if ((!special && kind != TokenKind::kUserDefined) || spec.texts[i].empty()) continue;
    if (!first) out += ',';
    first = false;
    out += "{\"id\":" + std::to_string(i) + ",\"content\":";
    AppendJsonString(spec.texts[i], &out);
    const bool strips = std::find(spec.strip_right.begin(), spec.strip_right.end(),
                                  static_cast<int32_t>(i)) != spec.strip_right.end();
    out += ",\"single_word\":false,\"lstrip\":false,\"rstrip\":";
    out += strips ? "true" : "false";
    out += ",\"normalized\":false,\"special\":";
    out += special ? "true}" : "false}";
  }
  out += "],\"normalizer\":";
  Json normalizer;
  const bool unigram = spec.kind == TokenizerKind::kUnigram;
  if (unigram) {
    normalizer = UnigramNormalizerOf(spec);
  } else if (!byte_level) {
    Json steps = Json::array();
    if (spec.add_space_prefix) steps.push_back({{"type", "Prepend"}, {"prepend", kMetaSpace}});
    steps.push_back(Replace(" ", kMetaSpace));
    normalizer = {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
  } else if (spec.normalize_nfc) {
    normalizer = {{"type", "NFC"}};
  }
  out += Dump(normalizer) + ",\"pre_tokenizer\":";
  out += Dump(byte_level ? PreTokenizerOf(spec.pre_tokenizer)
              : unigram  ? MetaspaceOf(spec)
                         : Json());
  out += ",\"post_processor\":";
  Json processor;
  if (const std::string_view bos = TextOf(spec, spec.bos); spec.add_bos && !bos.empty()) {
    const auto sequence = [](const char* id, int type) {
      return Json{{"Sequence", {{"id", id}, {"type_id", type}}}};
    };
    const Json begin = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
    processor = {{"type", "TemplateProcessing"},
                 {"single", Json::array({begin, sequence("A", 0)})},
                 {"pair", Json::array({begin, sequence("A", 0), sequence("B", 1)})},
                 {"special_tokens", Json::object()}};
    processor["special_tokens"][std::string(bos)] = {
        {"id", bos}, {"ids", Json::array({*spec.bos})}, {"tokens", Json::array({bos})}};
  }
  out += Dump(processor) + ",\"decoder\":";
  if (byte_level) {
    out += Dump(Json{{"type", "ByteLevel"},
                     {"add_prefix_space", true},
                     {"trim_offsets", true},
                     {"use_regex", true}});
  } else {
    Json steps = Json::array(
        {Replace(kMetaSpace, " "), Json{{"type", "ByteFallback"}}, Json{{"type", "Fuse"}}});
    if (spec.add_space_prefix) {
      steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    }
    out += Dump(Json{{"type", "Sequence"}, {"decoders", std::move(steps)}});
  }
  if (unigram) {
    out += ",\"model\":" + UnigramModelOf(spec) + "}\n";
    return out;
  }
  out += ",\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":";
  const std::string_view unknown = TextOf(spec, spec.unknown);
  out += unknown.empty() ? "null" : JsonString(unknown);
  out += ",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":";
  out += byte_level ? "false,\"byte_fallback\":false" : "true,\"byte_fallback\":true";
  out += std::string(",\"ignore_merges\":") + (spec.ignore_merges ? "true" : "false");
  out += ",\"vocab\":{";
  std::unordered_map<std::string_view, size_t> seen;
  for (size_t i = 0; i < spec.texts.size(); ++i) {
    // An object cannot have a name twice; the first is what text becomes.
    if (spec.texts[i].empty() || !seen.emplace(spec.texts[i], i).second) continue;
    if (out.back() != '{') out += ',';
    AppendJsonString(spec.texts[i], &out);
    out += ':' + std::to_string(i);
  }
  out += "},\"merges\":[";
  bool begun = false;
  const auto add = [&](std::string_view left, std::string_view right) {
    out += begun ? ",[" : "[";
    begun = true;
    AppendJsonString(left, &out);
    out += ',';
    AppendJsonString(right, &out);
    out += ']';
  };
  if (spec.merges.empty() && !byte_level) {
    for (const MadeMerge& merge : MergesOf(spec)) add(merge.left, merge.right);
  } else {
    for (const SpecMerge& merge : spec.merges) add(merge.left, merge.right);
  }
  out += "]}}\n";
  return out;
}

std::string TokenizerConfigOf(const TokenizerSpec& spec, int64_t context_length) {
  Json json = {{"tokenizer_class", "PreTrainedTokenizerFast"},
               {"clean_up_tokenization_spaces", false},
               {"model_max_length", context_length}};
  struct Named {
    const char* key;
    const std::optional<int64_t>& id;
  };
  for (const auto& [key, id] :
       {Named{"bos_token", spec.bos}, Named{"eos_token", spec.eos},
        Named{"pad_token", spec.padding}, Named{"unk_token", spec.unknown}}) {
    if (const std::string_view text = TextOf(spec, id); !text.empty()) json[key] = text;
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string GenerationConfigOf(const TokenizerSpec& spec, const std::vector<int32_t>& ends) {
  Json json = Json::object();
  if (spec.bos) json["bos_token_id"] = *spec.bos;
  json["eos_token_id"] = ends;
  if (spec.padding) json["pad_token_id"] = *spec.padding;
  return json.dump(2) + "\n";
}

}  // namespace idiolect
