#pragma once
// Who is spoken to by name: "Маша, ты где", "привет, Паша", "@anna look". Used by the link scorer.
//
// Compares cheaply and without a dictionary: the first word of a person's newest name, without its
// last vowel, begins the word in the text and leaves at most two letters more, so that a Russian
// name is met in its cases ("Наташу", "Наташ"). Diminutives are not known here.

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/message.h"

namespace idiolect {

struct Addressed {
  PersonId person = 0;
  uint8_t strength = 0;  // NamingStrength (line_names.h)
};

// Constant after it is made.
class NameIndex {
 public:
  // `names`: index is PersonId, as PersonNames gives them.
  explicit NameIndex(const std::vector<std::string>& names);

  // Appends to *people everybody whom one of the first three words of `text`, or a word after an @,
  // may name; several people may share a name.
  void FindAddressed(std::string_view text, std::vector<Addressed>* people) const;

 private:
  struct Stem {
    PersonId person;
    std::string letters;
  };
  void Match(std::string_view text, size_t at, uint8_t strength,
             std::vector<Addressed>* people) const;

  // By the hash of a stem's first three letters; most words of a chat fail at the bit set.
  std::bitset<1 << 16> any_;
  std::unordered_map<uint64_t, std::vector<Stem>> stems_;
};

}  // namespace idiolect
