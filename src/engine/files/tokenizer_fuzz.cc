// Any text through every kind of tokenizer. The first byte picks one. Byte-level tokenizers must
// give the bytes back; none may let text become a control token.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/chat_template.h"
#include "engine/files/test_gguf.h"
#include "engine/files/tokenizer.h"

using namespace idiolect;

namespace {

struct Case {
  Tokenizer tokenizer;
  bool keeps_bytes;
};

void Add(const GgufBuilder& builder, bool keeps_bytes, std::vector<Case>* cases) {
  const std::string bytes = builder.Build();
  auto file = GgufFile::Parse(bytes, "fuzz");
  if (!file) __builtin_trap();
  auto tokenizer = Tokenizer::FromGguf(*file);
  if (!tokenizer) __builtin_trap();
  cases->push_back({*std::move(tokenizer), keeps_bytes});
}

std::vector<Case> MakeCases() {
  std::vector<Case> cases;
  const std::vector<std::pair<std::string, std::string>> merges = {
      {"a", "b"},   {" ", "a"},   {" a", "b"},       {"\xd0", "\xb0"}, {"1", "2"},
      {"\n", "\n"}, {"ab", "ab"}, {" ", "\xd0\xb0"}, {"<", "|"},       {"'", "s"}};
  for (const char* pre : {"gpt-2", "smollm", "llama-bpe", "qwen2"}) {
    GgufBuilder builder;
    AddByteLevelTokenizer(&builder, pre, merges);
    Add(builder, std::string_view(pre) != "qwen2", &cases);
  }
  GgufBuilder pieces;
  AddSentencePieceTokenizer(&pieces, {{"a", -10},
                                      {"b", -11},
                                      {"ab", -2},
                                      {"\xe2\x96\x81", -9},
                                      {"\xe2\x96\x81\x61", -1},
                                      {"\xe2\x96\x81\x61\x62", -3},
                                      {"  ", 0, 4},
                                      {"\n\n", 0, 4},
                                      {"\xd0\xb0", -5},
                                      {"\xd0\xb0\xd0\xb0", -4}});
  Add(pieces, false, &cases);
  return cases;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<Case> cases = MakeCases();
  if (size == 0) return 0;
  const Case& chosen = cases[data[0] % cases.size()];
  const Tokenizer& tokenizer = chosen.tokenizer;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto ids = tokenizer.Encode(text, Specials::kAsText);
  for (const int32_t id : ids) {
    if (id < 0 || id >= tokenizer.size() || tokenizer.IsControl(id)) __builtin_trap();
  }
  const auto parsed = tokenizer.Encode(text, Specials::kParse);
  if (chosen.keeps_bytes) {
    if (tokenizer.Decode(ids) != text || tokenizer.Decode(parsed) != text) __builtin_trap();
  }
  const auto chat = ChatTemplate::FromVocabulary(tokenizer);
  if (!chat) __builtin_trap();
  const std::string words(text);
  const auto whole = chat->RenderForTraining(tokenizer, {{"user", words}, {"assistant", words}});
  const auto prompt = chat->RenderPrompt(tokenizer, {{"user", words}});
  if (!whole || !prompt || prompt->size() > whole->tokens.size() ||
      !std::equal(prompt->begin(), prompt->end(), whole->tokens.begin())) {
    __builtin_trap();
  }
  return 0;
}
