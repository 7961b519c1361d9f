#include "dataset/language_id.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>

#include "base/text.h"

namespace idiolect {
namespace {

constexpr size_t kFewestLetters = 40;
constexpr size_t kMostBytes = 2000;  // what comes behind changes nothing
constexpr int kLeastPercent = 80;

}  // namespace

LanguageId LanguageOf(std::string_view text) {
  text = text.substr(0, kMostBytes);
  size_t letters = 0;
  for (size_t at = 0; at < text.size() && letters < kFewestLetters;) {
    letters += IsLetter(NextCodePoint(text, &at));
  }
  if (letters < kFewestLetters) return kNoLanguage;
  const CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3], bytes = 0, valid = 0;
  double scores[3];
  bool certain = false;
  // The first bytes that are no UTF-8 end what it reads.
  CLD2::ExtDetectLanguageSummaryCheckUTF8(text.data(), static_cast<int>(text.size()), true, &hints,
                                          0, languages, percents, scores, nullptr, &bytes, &certain,
                                          &valid);
  if (!certain || percents[0] < kLeastPercent || languages[0] == CLD2::UNKNOWN_LANGUAGE) {
    return kNoLanguage;
  }
  return static_cast<LanguageId>(languages[0]);
}

std::string LanguageCodeOf(LanguageId language) {
  return language == kNoLanguage ? "" : CLD2::LanguageCode(static_cast<CLD2::Language>(language));
}

}  // namespace idiolect
