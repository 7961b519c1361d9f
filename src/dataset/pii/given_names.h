#pragma once
// Given names with their everyday short forms, Russian and English, and how a Russian name changes.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace idiolect {

// One name a line: its forms in the nominative, small letters, with spaces between.
std::span<const std::string_view> GivenNameFamilies();

struct NameForm {
  std::u32string letters;  // folded
  bool cut = false;        // the short form of calling: "наташ", "оль"
};

// All cases of a given name or a surname in the nominative, folded; itself first. Latin and other
// letters: the word alone. Endings that belong to no declension give the word alone.
std::vector<NameForm> CasesOf(std::u32string_view folded);

// Whether a capitalised Russian word ends as patronymics do, in any case. Some endings are those of
// adjectives too ("основной", "публичной"): they say so only behind a name.
enum class PatronymicEnding { kNone, kAfterName, kSure };
PatronymicEnding EndsAsPatronymic(std::u32string_view folded);
// Whether it ends as surnames often do, in any case.
bool EndsAsSurname(std::u32string_view folded);

}  // namespace idiolect
