#include "analysis/stemmer.h"

#include <libstemmer.h>

namespace idiolect {

Stemmer::Stemmer()
    : russian_(sb_stemmer_new("russian", "UTF_8")), english_(sb_stemmer_new("english", "UTF_8")) {}

Stemmer::~Stemmer() {
  sb_stemmer_delete(russian_);
  sb_stemmer_delete(english_);
}

std::string_view Stemmer::Stem(std::string_view word) {
  const auto first = word.empty() ? 0u : static_cast<unsigned char>(word.front());
  const bool cyrillic = first >= 0xD0 && first <= 0xD3;  // U+0400 … U+04FF
  sb_stemmer* stemmer = cyrillic ? russian_ : english_;
  // Null only when the library ran out of memory; a word is then its own stem.
  const sb_symbol* stem =
      stemmer == nullptr ? nullptr
                         : sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(word.data()),
                                           static_cast<int>(word.size()));
  if (stem == nullptr) return word;
  return {reinterpret_cast<const char*>(stem), static_cast<size_t>(sb_stemmer_length(stemmer))};
}

}  // namespace idiolect
