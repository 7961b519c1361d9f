#pragma once
// Word forms to stems: Snowball's Russian stemmer for words in Cyrillic, its English one for the
// rest. The same stem is what "the same word in another form" means throughout the analysis.

#include <string>
#include <string_view>

struct sb_stemmer;

namespace idiolect {

// Thread-compatible; costs a few kilobytes.
class Stemmer {
 public:
  Stemmer();
  ~Stemmer();
  Stemmer(const Stemmer&) = delete;
  Stemmer& operator=(const Stemmer&) = delete;

  // `word` in lower case, with е for ё. The view is valid until the next call.
  std::string_view Stem(std::string_view word);

 private:
  sb_stemmer* russian_;
  sb_stemmer* english_;
};

}  // namespace idiolect
