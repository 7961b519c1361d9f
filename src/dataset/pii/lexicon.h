#pragma once
// What the scanner knows about words: those that announce a number, given names, and the names of
// the people of a workspace, all in one table by the hash of the folded word form.

#include <bitset>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace idiolect {

struct PiiWord {
  uint64_t announces = 0;  // PiiKeyword bits
  uint32_t family = 0;     // of names that mean one person or one name; 0: no name
  bool given = false;      // of the list of given names
  bool known = false;      // a word of somebody's display name
  bool cut = false;        // only said when calling: "наташ"
  bool spared = false;     // the persona's own
};

// Filled first, then constant and thread-safe.
class PiiLexicon {
 public:
  PiiLexicon();  // announcing words and given names

  // A person of the workspace by display name: each word of three letters or more is a name now, in
  // all its cases.
  void AddPerson(std::string_view display_name);
  // The persona's public name is never taken for personal data, in no case and by no short form.
  // Call after the last AddPerson.
  void Spare(std::string_view display_name);

  // Null for a word that means nothing here; nearly all words fail at one bit.
  const PiiWord* Find(uint64_t hash) const {
    if (!any_.test(hash >> 48)) return nullptr;
    const auto found = words_.find(hash);
    return found == words_.end() ? nullptr : &found->second;
  }

 private:
  PiiWord& At(uint64_t hash);
  template <typename Each>
  void ForEachNameWord(std::string_view display_name, const Each& each);

  std::bitset<1 << 16> any_;
  std::unordered_map<uint64_t, PiiWord> words_;
  uint32_t families_ = 0;
};

}  // namespace idiolect
