#include "base/language.h"

namespace idiolect {

Language LanguageOfLocale(std::string_view locale) {
  return locale.substr(0, 2) == "ru" ? Language::kRussian : Language::kEnglish;
}

const char* Plural(long count, const char* one, const char* few, const char* many) {
  const long tens = count % 100, units = count % 10;
  if (tens >= 11 && tens <= 14) return many;
  if (units == 1) return one;
  if (units >= 2 && units <= 4) return few;
  return many;
}

}  // namespace idiolect
