#include "engine/files/tokenizer.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/files/merge_symbols.h"
#include "engine/files/test_gguf.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

using Ids = std::vector<int32_t>;

Result<Tokenizer> Load(const GgufBuilder& builder) {
  const std::string bytes = builder.Build();
  auto file = GgufFile::Parse(bytes, "x.gguf");
  if (!file) return tl::unexpected<Error>(file.error());
  return Tokenizer::FromGguf(*file);
}

Tokenizer ByteLevel(const std::vector<std::pair<std::string, std::string>>& merges,
                    std::string_view pre = "gpt-2") {
  GgufBuilder builder;
  AddByteLevelTokenizer(&builder, pre, merges);
  auto tokenizer = Load(builder);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *std::move(tokenizer);
}

Tokenizer SentencePiece(const std::vector<TestPiece>& pieces) {
  GgufBuilder builder;
  AddSentencePieceTokenizer(&builder, pieces);
  auto tokenizer = Load(builder);
  EXPECT_TRUE(tokenizer) << tokenizer.error().message;
  return *std::move(tokenizer);
}

TEST(ByteLevelTest, MergesByRank) {
  // Ids: bytes 0 … 255, then 256 "ab", 257 "bc", 258 "abc".
  const Tokenizer tokenizer = ByteLevel({{"a", "b"}, {"b", "c"}, {"ab", "c"}});
  EXPECT_EQ(tokenizer.Encode("abc", Specials::kAsText), (Ids{258}));
  EXPECT_EQ(tokenizer.Encode("bcab", Specials::kAsText), (Ids{257, 256}));
  EXPECT_EQ(tokenizer.Encode("ab ab", Specials::kAsText), (Ids{256, ' ', 256}));
  EXPECT_EQ(tokenizer.Encode("", Specials::kParse), Ids{});
  EXPECT_EQ(tokenizer.Decode(Ids{258, ' ', 256}), "abc ab");
  EXPECT_EQ(tokenizer.Decode(Ids{-1, 1 << 30, 'x'}), "x");
  EXPECT_EQ(tokenizer.TokenBytes(258), "abc");
  EXPECT_EQ(tokenizer.FindToken("abc"), 258);
}

TEST(ByteLevelTest, LeftmostOfEqualRanksGoesFirst) {
  const Tokenizer tokenizer = ByteLevel({{"a", "a"}});
  EXPECT_EQ(tokenizer.Encode("aaa", Specials::kAsText), (Ids{256, 'a'}));
}

TEST(ByteLevelTest, ControlTokensAreTextUnlessParsed) {
  const Tokenizer tokenizer = ByteLevel({});
  const int32_t end = *tokenizer.FindToken("<|im_end|>");
  EXPECT_TRUE(tokenizer.IsControl(end));
  EXPECT_TRUE(tokenizer.IsEnd(end));
  EXPECT_EQ(tokenizer.Encode("a<|im_end|>b", Specials::kParse), (Ids{'a', end, 'b'}));
  const Ids as_text = tokenizer.Encode("a<|im_end|>b", Specials::kAsText);
  EXPECT_EQ(as_text.size(), 12u);
  EXPECT_EQ(tokenizer.Decode(as_text), "a<|im_end|>b");
  EXPECT_EQ(tokenizer.Decode(Ids{'a', end}), "a<|im_end|>");
  EXPECT_EQ(tokenizer.Decode(Ids{'a', end}, ControlTokens::kHide), "a");
}

TEST(ByteLevelTest, WholeWordsComeFirstWhereMergesAreIgnored) {
  // "abc" cannot be reached by merges from "ab": the only way is the whole word.
  const std::vector<std::pair<std::string, std::string>> merges = {
      {"b", "c"}, {"a", "b"}, {"ab", "c"}};
  EXPECT_EQ(ByteLevel(merges, "gpt-2").Encode("abc", Specials::kAsText), (Ids{'a', 256}));
  EXPECT_EQ(ByteLevel(merges, "llama-bpe").Encode("abc", Specials::kAsText), (Ids{258}));
}

TEST(ByteLevelTest, Qwen2ComposesItsInput) {
  const std::string e_acute = "\xc3\xa9";
  const Tokenizer tokenizer = ByteLevel({{"\xc3", "\xa9"}}, "qwen2");
  EXPECT_EQ(tokenizer.Encode("e\xcc\x81", Specials::kAsText), (Ids{256}));
  EXPECT_EQ(tokenizer.Encode(e_acute, Specials::kAsText), (Ids{256}));
}

// Any bytes, well-formed or not, come back as they were.
TEST(ByteLevelTest, KeepsEveryByte) {
  Random random(1);
  for (const char* pre : {"gpt-2", "smollm", "llama-bpe"}) {
    const Tokenizer tokenizer = ByteLevel({{"a", "b"}, {" ", "a"}, {"\xd0", "\xb0"}}, pre);
    for (int round = 0; round < 200; ++round) {
      std::string text;
      for (uint64_t n = random.Below(100); n > 0; --n) text += static_cast<char>(random.Next());
      EXPECT_EQ(tokenizer.Decode(tokenizer.Encode(text, Specials::kParse)), text);
    }
  }
}

TEST(ByteLevelTest, SaysWhatIsWrong) {
  const auto error = [](const GgufBuilder& builder) { return Load(builder).error().message; };
  const std::string prefix = "reading model file x.gguf: ";
  EXPECT_EQ(error(GgufBuilder()), prefix + "it has no tokenizer.ggml.model");
  GgufBuilder pieces;
  pieces.Text("tokenizer.ggml.model", "bert");
  EXPECT_EQ(error(pieces), prefix + "tokenizer.ggml.model is \"bert\", which is not supported");
  GgufBuilder pre;
  AddByteLevelTokenizer(&pre, "falcon", {});
  EXPECT_EQ(error(pre), prefix + "tokenizer.ggml.pre is \"falcon\", which is not supported");
  GgufBuilder merge;
  merge.Text("tokenizer.ggml.model", "gpt2");
  merge.Text("tokenizer.ggml.pre", "gpt-2");
  merge.Texts("tokenizer.ggml.tokens", {"a", "b"});
  merge.Texts("tokenizer.ggml.merges", {"a b"});
  EXPECT_EQ(error(merge), prefix +
                              "merge 0 of the tokenizer speaks of tokens that are not in its "
                              "vocabulary");
  GgufBuilder eos;
  eos.Text("tokenizer.ggml.model", "gpt2");
  eos.Text("tokenizer.ggml.pre", "gpt-2");
  eos.Texts("tokenizer.ggml.tokens", {"a", "b"});
  eos.Texts("tokenizer.ggml.merges", {});
  eos.Integer("tokenizer.ggml.eos_token_id", 2);
  EXPECT_EQ(error(eos), prefix + "the tokenizer's EOS token is 2, outside of its 2 tokens");
}

TEST(SentencePieceTest, MergesByScoreAndFallsBackToBytes) {
  // 261 "a", 262 "b", 263 "ab", 264 "▁", 265 "▁a", 266 "▁ab".
  const Tokenizer tokenizer = SentencePiece({{"a", -10},
                                             {"b", -11},
                                             {"ab", -2},
                                             {"\xe2\x96\x81", -9},
                                             {"\xe2\x96\x81"
                                              "a",
                                              -1},
                                             {"\xe2\x96\x81"
                                              "ab",
                                              -3}});
  EXPECT_EQ(tokenizer.Encode("ab", Specials::kAsText), (Ids{263}));
  // "▁a" has the best score, and then joins "b".
  EXPECT_EQ(tokenizer.Encode("ab ab", Specials::kAsText), (Ids{263, 266}));
  EXPECT_EQ(tokenizer.Encode("a\xd0\xb6", Specials::kAsText), (Ids{261, 5 + 0xd0, 5 + 0xb6}));
  EXPECT_EQ(tokenizer.Encode("\xff\n", Specials::kAsText), (Ids{5 + 0xff, 5 + '\n'}));
  EXPECT_EQ(tokenizer.Decode(Ids{263, 266, 5 + 0xd0, 5 + 0xb6}), "ab ab\xd0\xb6");
  // The text of a byte token is no byte.
  EXPECT_EQ(tokenizer.Encode("<0x61>", Specials::kParse).size(), 6u);
  EXPECT_TRUE(tokenizer.add_bos());
}

TEST(SentencePieceTest, UserDefinedTokensAreAlwaysMatchedControlTokensOnlyWhenParsed) {
  const Tokenizer tokenizer =
      SentencePiece({{"\xe2\x96\x81", -9}, {"  ", 0, 4}, {"    ", 0, 4}, {"<table>", 0, 4}});
  EXPECT_EQ(tokenizer.Encode("     ", Specials::kAsText), (Ids{263, 261}));
  EXPECT_EQ(tokenizer.Encode("<table>", Specials::kAsText), (Ids{264}));
  // ▁ in the text is a space like any other.
  EXPECT_EQ(tokenizer.Encode("\xe2\x96\x81\xe2\x96\x81", Specials::kAsText), (Ids{262}));
  EXPECT_EQ(tokenizer.Encode("<end_of_turn>", Specials::kParse), (Ids{4}));
  EXPECT_EQ(tokenizer.Encode("<end_of_turn>", Specials::kAsText).size(), 13u);
}

// A file that calls its markers user-defined must not let people's words become them.
TEST(SentencePieceTest, MarkersAreControlTokensWhateverTheFileSays) {
  const Tokenizer tokenizer = SentencePiece({{"<|im_end|>", 0, 4}});
  EXPECT_TRUE(tokenizer.IsControl(261));
  EXPECT_EQ(tokenizer.Encode("<|im_end|>", Specials::kAsText).size(), 10u);
}

TEST(SentencePieceTest, PutsASpaceInFrontWhereTheFileSaysSo) {
  GgufBuilder builder;
  builder.Text("tokenizer.ggml.model", "llama");
  builder.Texts("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>", "\xe2\x96\x81", "a"});
  builder.Reals("tokenizer.ggml.scores", {0, 0, 0, -1, -2});
  builder.Integers("tokenizer.ggml.token_type", {2, 3, 3, 1, 1});
  const auto tokenizer = Load(builder);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->Encode("a<s>a", Specials::kParse), (Ids{3, 4, 1, 3, 4}));
  EXPECT_EQ(tokenizer->Decode(Ids{3, 4}), "a");
  Ids continued = {4};
  tokenizer->EncodeTo("a", Specials::kAsText, &continued);
  EXPECT_EQ(continued, (Ids{4, 4}));
}

// The two ways to merge must agree on everything.
TEST(MergeSymbolsTest, HeapEqualsScan) {
  Random random(3);
  PairTable table;
  table.Reserve(400);
  for (uint32_t rank = 0; rank < 400; ++rank) {
    table.Insert(static_cast<int32_t>(random.Below(60)), static_cast<int32_t>(random.Below(60)),
                 {rank / 3, static_cast<int32_t>(random.Below(60))});
  }
  const auto find = [&](const Symbol& a, const Symbol& b) { return table.Find(a.id, b.id); };
  for (int round = 0; round < 300; ++round) {
    MergeScratch scan, heap;
    const auto count = static_cast<uint32_t>(random.Below(200));
    for (uint32_t i = 0; i < count; ++i) {
      scan.symbols.push_back({i, 1, static_cast<int32_t>(random.Below(20))});
    }
    heap.symbols = scan.symbols;
    MergeByScan(&scan, find);
    MergeByHeap(&heap, find);
    ASSERT_EQ(scan.symbols.size(), heap.symbols.size());
    for (size_t i = 0; i < scan.symbols.size(); ++i) {
      ASSERT_EQ(scan.symbols[i].begin, heap.symbols[i].begin);
      ASSERT_EQ(scan.symbols[i].id, heap.symbols[i].id);
    }
  }
}

// Long texts go through the cache and, for a word without end, the heap: the ids stay those of the
// short parts.
TEST(TokenizerTest, LongTextsEqualTheirParts) {
  const Tokenizer tokenizer = ByteLevel({{"a", "b"}, {"ab", "ab"}, {" ", "a"}, {"c", "ab"}});
  Random random(5);
  Ids expected;
  std::string text;
  while (text.size() < 20000) {
    std::string word = " ";
    for (uint64_t n = 1 + random.Below(6); n > 0; --n)
      word += static_cast<char>('a' + random.Below(3));
    tokenizer.EncodeTo(word, Specials::kAsText, &expected);
    text += word;
  }
  EXPECT_EQ(tokenizer.Encode(text, Specials::kAsText), expected);

  std::string endless;
  for (int i = 0; i < 200000; ++i) endless += "ab";
  EXPECT_EQ(tokenizer.Encode(endless, Specials::kAsText).size(), 100000u);
}

// Recordings of independent implementations (tools/reference), for the real models where they are.
class RecordedTokenizerTest : public testing::TestWithParam<const char*> {};

TEST_P(RecordedTokenizerTest, GivesTheSameIds) {
  const auto path = ReferenceFolder() / (std::string("tokenizer-") + GetParam() + ".json");
  std::ifstream in(path);
  ASSERT_TRUE(in) << path;
  const auto recording = nlohmann::json::parse(in);
  const auto model = CachedModel(recording["model"]);
  ASSERT_TRUE(std::filesystem::exists(model)) << model << " is missing: idiolect models pull";
  const auto file = GgufFile::Open(model);
  ASSERT_TRUE(file) << file.error().message;
  const auto tokenizer = Tokenizer::FromGguf(*file);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  for (const char* kind : {"texts", "special"}) {
    for (const auto& row : recording[kind]) {
      const std::string text = row["text"];
      const Ids ids = tokenizer->Encode(
          text, kind == std::string("texts") ? Specials::kAsText : Specials::kParse);
      EXPECT_EQ(ids, row["ids"].get<Ids>()) << row["text"];
      EXPECT_EQ(tokenizer->Decode(ids), row.value("decoded", text));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, RecordedTokenizerTest, testing::Values("smollm2", "gemma3"));

TEST(SharedVectorsTest, Gemma3) {
  const auto path = ReferenceFolder() / "tokenizer-chat-vectors.jsonl";
  const auto file = GgufFile::Open(CachedModel("gemma-3-270m-q4_k_m.gguf"));
  ASSERT_TRUE(file) << "the base model is needed: run scripts/setup --models gemma-3-270m";
  const auto tokenizer = Tokenizer::FromGguf(*file);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  for (const auto& line : ReadJsonLines(path)) {
    if (line["model"] != "gemma3" || line["kind"] != "encode") continue;
    EXPECT_EQ(tokenizer->Encode(line["text"].get<std::string>(), Specials::kParse),
              line["ids"].get<Ids>())
        << line["text"];
  }
}

}  // namespace
}  // namespace idiolect
