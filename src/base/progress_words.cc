#include "base/progress_words.h"

#include <cctype>

namespace idiolect {
namespace {

// A longer phrase stands before one that it begins with. A phrase is met as whole words only.
constexpr Text kPhrases[] = {
    {"asking both models", "спрашиваю обе модели"},
    {"samples: too few to learn a manner from; import more chats",
     "примеров: слишком мало, чтобы выучить манеру; загрузите больше чатов"},
    {"downloading", "скачиваю"},
    {"Python packages", "пакеты Python"},
    {"copying", "копирую"},
    {"build", "сборка"},
    {"messages", "сообщ."},
    {"answers", "отв."},
    {"steps", "шагов"},
    {"only", "всего"},
    {"new", "новых"},
};

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

}  // namespace

std::string ProgressWords(Language language, std::string_view text) {
  if (language == Language::kEnglish) return std::string(text);
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const bool starts = at == 0 || !IsWord(text[at - 1]);
    const Text* found = nullptr;
    if (starts) {
      for (const Text& phrase : kPhrases) {
        const std::string_view words = phrase.en;
        if (text.substr(at, words.size()) != words) continue;
        if (at + words.size() < text.size() && IsWord(text[at + words.size()])) continue;
        found = &phrase;
        break;
      }
    }
    if (found == nullptr) {
      out += text[at++];
      continue;
    }
    out += Say(language, *found);
    at += std::string_view(found->en).size();
  }
  return out;
}

}  // namespace idiolect
