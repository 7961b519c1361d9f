// A megabyte of Russian and one of English, token for token as other people's tokenizers have them
// (tools/reference/tokenizer_texts.py mixes the same texts and records the hashes).

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "engine/files/gguf_header.h"
#include "engine/files/pretokenize.h"
#include "engine/files/test_paths.h"
#include "engine/files/tokenizer.h"
#include "engine/files/tokenizer_export.h"
#include "engine/files/tokenizer_json.h"
#include "engine/files/tokenizer_spec.h"

namespace idiolect {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kTextBytes = size_t{1} << 20;

// splitmix64, as the recorder has it.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  size_t Below(size_t n) {
    state_ += 0x9e3779b97f4a7c15ull;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return static_cast<size_t>((z ^ (z >> 31)) % n);
  }

 private:
  uint64_t state_;
};

std::string Mix(const std::vector<std::string>& words, const std::vector<std::string>& glue,
                uint64_t seed) {
  Numbers numbers(seed);
  std::string text;
  while (text.size() < kTextBytes) {
    std::string word = words[numbers.Below(words.size())];
    if (numbers.Below(16) == 0) {
      for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    text += word;
    text += glue[numbers.Below(glue.size())];
  }
  return text;
}

class TokenizerTextsTest : public testing::Test {
 protected:
  TokenizerTextsTest() {
    const auto text = ReadFile(folder_ / "texts.json");
    EXPECT_TRUE(text);
    recorded_ = json::parse(text.value_or("{}"));
    for (const json& row : recorded_["texts"]) {
      const std::string words = Read("words-" + row["language"].get<std::string>() + ".txt");
      std::vector<std::string> list;
      for (const std::string_view word : SplitLines(words)) {
        if (!word.empty()) list.emplace_back(word);
      }
      texts_.push_back(Mix(list, recorded_["glue"].get<std::vector<std::string>>(),
                           row["seed"].get<uint64_t>()));
      EXPECT_EQ(Sha256Hex(texts_.back()), row["sha256"]);
    }
  }

  std::string Read(const std::string& name) const { return ReadFile(folder_ / name).value_or(""); }

  enum class By { kText, kLineWithoutFigures };
  void Compare(const std::string& name, const Tokenizer& tokenizer, By by = By::kText) const {
    ASSERT_EQ(texts_.size(), 2u);
    for (size_t i = 0; i < texts_.size(); ++i) {
      const json& expected = recorded_["texts"][i]["ids"][name];
      std::string text = texts_[i];
      if (by == By::kLineWithoutFigures)
        std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
      std::vector<int32_t> ids;
      for (size_t at = 0; at <= text.size();) {
        const size_t end =
            by == By::kText ? text.size() : std::min(text.find('\n', at), text.size());
        const auto more = tokenizer.Encode(text.substr(at, end - at), Specials::kAsText);
        ids.insert(ids.end(), more.begin(), more.end());
        at = end + 1;
      }
      EXPECT_EQ(ids.size(), expected["count"]) << name << ' ' << i;
      const std::string_view bytes(reinterpret_cast<const char*>(ids.data()),
                                   ids.size() * sizeof(int32_t));
      EXPECT_EQ(Sha256Hex(bytes), expected["sha256"]) << name << ' ' << i;
    }
  }

  const fs::path folder_ = ReferenceFolder() / "tokenizers";
  json recorded_;
  std::vector<std::string> texts_;
};

// The folder's files as `models export` writes them, read back.
Result<Tokenizer> ThroughJson(const TokenizerSpec& spec) {
  return ParseTokenizerJson({TokenizerJsonOf(spec), "", ""}, "written");
}
Result<Tokenizer> ThroughGguf(const TokenizerSpec& spec) {
  GgufHeader header;
  header.Text("general.architecture", "llama");
  AddTokenizer(spec, static_cast<int64_t>(spec.texts.size()), &header);
  const std::string bytes = header.Bytes();
  auto file = GgufFile::Parse(bytes, "written.gguf");
  if (!file) return tl::unexpected<Error>(file.error());
  return Tokenizer::FromGguf(*file);
}

TEST_F(TokenizerTextsTest, Unigram) {
  const TemporaryFolder folder;
  ASSERT_TRUE(PublishFile(folder.path() / "tokenizer.json", Read("unigram.json")));
  const auto owned = SpecOfFolder(folder.path());
  ASSERT_TRUE(owned) << owned.error().message;
  const auto tokenizer = Tokenizer::FromSpec(owned->spec, "x");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  Compare("unigram", *tokenizer);
  const auto again = ThroughJson(owned->spec);
  ASSERT_TRUE(again) << again.error().message;
  Compare("unigram", *again);
  // GGUF has SentencePiece's own treatment of white space.
  const auto gguf = ThroughGguf(owned->spec);
  ASSERT_TRUE(gguf) << gguf.error().message;
  Compare("unigram-sentencepiece", *gguf, By::kLineWithoutFigures);
}

TEST_F(TokenizerTextsTest, ByteLevelWithEveryPreTokenizer) {
  json form = json::parse(Read("bpe.json"));
  for (const char* name : {"gpt-2", "llama-bpe", "qwen2", "gpt-4o", "tekken"}) {
    const auto kind = FindPreTokenizer(name);
    ASSERT_TRUE(kind) << name;
    if (const std::string_view expression = ExpressionOf(*kind); !expression.empty()) {
      // As Phi 4 has it; the others say "Isolated", which the reader takes for the same.
      form["pre_tokenizer"] = {
          {"type", "Sequence"},
          {"pretokenizers",
           json::array(
               {{{"type", "Split"},
                 {"pattern", {{"Regex", expression}}},
                 {"behavior", "Removed"},
                 {"invert", true}},
                {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}})}};
    }
    const TemporaryFolder folder;
    ASSERT_TRUE(PublishFile(folder.path() / "tokenizer.json", form.dump()));
    const auto owned = SpecOfFolder(folder.path());
    ASSERT_TRUE(owned) << name << ": " << owned.error().message;
    EXPECT_EQ(owned->spec.pre_tokenizer, *kind);
    const std::string recorded = "bpe-" + std::string(name);
    Compare(recorded, *Tokenizer::FromSpec(owned->spec, "x"));
    const auto again = ThroughJson(owned->spec);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->Encode(texts_[0].substr(0, 20000), Specials::kAsText),
              Tokenizer::FromSpec(owned->spec, "x")
                  ->Encode(texts_[0].substr(0, 20000), Specials::kAsText));
    if (*kind == PreTokenizer::kLlama3 || *kind == PreTokenizer::kTekken ||
        *kind == PreTokenizer::kQwen2) {
      continue;  // GGUF implies more of these: whole words first, or NFC
    }
    const auto gguf = ThroughGguf(owned->spec);
    ASSERT_TRUE(gguf) << gguf.error().message;
    Compare(recorded, *gguf);
  }
}

TEST_F(TokenizerTextsTest, RealModels) {
  for (const auto& [name, file] : {std::pair{"smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"},
                                   {"gemma3", "gemma-3-270m-q4_k_m.gguf"}}) {
    const fs::path path = CachedModel(file);
    if (!fs::exists(path)) GTEST_SKIP() << "run scripts/setup --models";
    const auto gguf = GgufFile::Open(path);
    ASSERT_TRUE(gguf) << gguf.error().message;
    const auto tokenizer = Tokenizer::FromGguf(*gguf);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    Compare(name, *tokenizer);
  }
}

TEST_F(TokenizerTextsTest, ADamagedTableIsRefusedOrHarmless) {
  json form = json::parse(Read("unigram.json"));
  json& table = form["normalizer"]["normalizers"][0]["precompiled_charsmap"];
  const std::string good = table.get<std::string>();
  table = "!";
  EXPECT_EQ(ParseTokenizerJson({form.dump(), "", ""}, "x").error().message,
            "reading the tokenizer of x: normalizer.precompiled_charsmap is not in Base64");
  table = good.substr(0, 40);
  EXPECT_EQ(ParseTokenizerJson({form.dump(), "", ""}, "x").error().message,
            "reading the tokenizer of x: the table of replaced characters is cut off");
  // Any number anywhere: texts come out, whatever they are.
  for (size_t at = 8; at < good.size(); at += 97) {
    std::string bent = good;
    bent[at] = bent[at] == 'A' ? '/' : 'A';
    table = bent;
    const auto tokenizer = ParseTokenizerJson({form.dump(), "", ""}, "x");
    if (tokenizer) (void)tokenizer->Encode(texts_[0].substr(0, 300), Specials::kAsText);
  }
  form = json::parse(Read("unigram.json"));
  form["model"]["vocab"][5][1] = "x";
  EXPECT_EQ(ParseTokenizerJson({form.dump(), "", ""}, "x").error().message,
            "reading the tokenizer of x: model.vocab holds what is no piece with a score");
  form["model"]["vocab"][5][1] = 1;
  form["model"]["unk_id"] = 99999;
  EXPECT_EQ(ParseTokenizerJson({form.dump(), "", ""}, "x").error().message,
            "reading the tokenizer of x: model.unk_id is no piece of the vocabulary");
}

}  // namespace
}  // namespace idiolect
