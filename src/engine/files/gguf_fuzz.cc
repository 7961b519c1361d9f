// Any bytes as a GGUF file: parsing must end in a file or an error, and all that is then offered
// must be readable.

#include <cstdint>
#include <string_view>

#include "engine/files/chat_template.h"
#include "engine/files/dequantize.h"
#include "engine/files/gguf.h"
#include "engine/files/model_file.h"
#include "engine/files/tokenizer.h"

using namespace idiolect;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = GgufFile::Parse(bytes, "fuzz");
  if (!file) return 0;
  for (const std::string_view key : file->Keys()) {
    file->Integer(key);
    file->Real(key);
    file->Flag(key);
    file->Text(key);
    file->Integers(key);
    file->Reals(key);
    file->Texts(key);
  }
  for (const GgufTensor& tensor : file->tensors()) {
    if (!Dequantize(tensor)) __builtin_trap();
  }
  if (auto again = GgufFile::Parse(bytes, "fuzz")) (void)ModelFile::FromGguf(std::move(*again));
  const auto tokenizer = Tokenizer::FromGguf(*file);
  if (!tokenizer) return 0;
  const auto ids = tokenizer->Encode(bytes.substr(0, 4096), Specials::kParse);
  tokenizer->Decode(ids);
  if (const auto chat = ChatTemplate::FromGguf(*file, *tokenizer)) {
    (void)chat->RenderPrompt(*tokenizer, {{"user", std::string(bytes.substr(0, 256))}});
  }
  return 0;
}
