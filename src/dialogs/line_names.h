#pragma once
// Whom a line names. Two ways: nicks as they stand in IRC ("nick: words"), and people of a
// messenger
// ("Маша, ты где", "@anna look", first names in any case form and their diminutives). Only people
// who spoke shortly before are found, so what a line names does not change when others come later.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialogs/line_words.h"

namespace idiolect {

enum NamingStrength : uint8_t {
  kInside = 1,    // somewhere in the words
  kAtStart = 2,   // the first word
  kAddressed = 3  // the first word, and set off by a sign, or after an @
};

struct Naming {
  uint32_t author = 0;
  uint8_t strength = 0;
};

// Who has spoken lately.
struct Present {
  std::span<const uint32_t> last_line;  // by author, kNoLine for never
  uint32_t oldest = 0;                  // lines before this are too long ago
  std::span<const uint32_t> recent;     // the same people, newest first
  bool Has(uint32_t author) const {
    return author < last_line.size() && last_line[author] != UINT32_MAX &&
           last_line[author] >= oldest;
  }
};

// Constant after it is made.
class NameFinder {
 public:
  virtual ~NameFinder() = default;
  // Appends to *namings everybody present whom the text names, each once.
  virtual void Find(std::string_view text, const Present& present,
                    std::vector<Naming>* namings) const = 0;
};

// `names`: index is the author. `words` tells which nicks are common words: those count only when
// set off by a sign. It must outlive the finder.
std::unique_ptr<NameFinder> MakeNickFinder(const std::vector<std::string>& names,
                                           const WordTable& words);
std::unique_ptr<NameFinder> MakePersonFinder(const std::vector<std::string>& names);

}  // namespace idiolect
