// Whatever the bytes are, finding ends with spans in order, inside the text, without overlaps, and
// replacing them leaves nothing of them and well-formed text well-formed.

#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "dataset/pii/replace.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const idiolect::PiiLexicon lexicon;
  static idiolect::PiiScanner scanner(lexicon);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<idiolect::PiiSpan> spans;
  scanner.Find(text, &spans);
  uint32_t last = 0;
  for (const idiolect::PiiSpan& span : spans) {
    if (span.begin < last || span.end <= span.begin || span.end > size) std::abort();
    last = span.end;
  }
  idiolect::PiiReplacer replacer(lexicon, idiolect::PiiPolicy(), idiolect::Language::kRussian);
  std::string out;
  replacer.Append(text, &out);
  if (idiolect::IsUtf8(text) && !idiolect::IsUtf8(out)) std::abort();
  return 0;
}
