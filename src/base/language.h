#pragma once
// The two languages the program speaks. Every text shown to a user is written as a pair, side by
// side, so that neither can be forgotten: Say(language, "done", "готово").

#include <string>
#include <string_view>

namespace idiolect {

enum class Language { kEnglish, kRussian };

struct Text {
  const char* en;
  const char* ru;
};

constexpr const char* Say(Language language, Text text) {
  return language == Language::kRussian ? text.ru : text.en;
}

// "ru" from "ru_RU.UTF-8"; anything that is not Russian is English.
Language LanguageOfLocale(std::string_view locale);
constexpr const char* LanguageCode(Language language) {
  return language == Language::kRussian ? "ru" : "en";
}

// The right Russian form for a count: Plural(3, "ответ", "ответа", "ответов") → "ответа".
const char* Plural(long count, const char* one, const char* few, const char* many);

}  // namespace idiolect
