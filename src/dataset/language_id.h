#pragma once
// The language of a text, by Compact Language Detector 2: for telling an answer that is not in one
// of the person's languages from one that is.

#include <cstdint>
#include <string>
#include <string_view>

namespace idiolect {

using LanguageId = uint16_t;  // the detector's number, kNoLanguage: not certain
constexpr LanguageId kNoLanguage = 0xffff;

// Certain from some 40 letters on. On chat it then takes one Russian line in 250 for a neighbouring
// language, so a person's languages should be told from many texts.
LanguageId LanguageOf(std::string_view text);
// "ru", "en"; empty for kNoLanguage.
std::string LanguageCodeOf(LanguageId language);

}  // namespace idiolect
