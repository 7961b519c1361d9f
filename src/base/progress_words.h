#pragma once
// The words of progress lines in the user's language. Library code reports its progress in English
// and knows no language; the phrases it uses stand in one table here.

#include <string>
#include <string_view>

#include "base/language.h"

namespace idiolect {

// `text` with every phrase of the table put into `language`; other words (names of files, figures)
// stay as they are.
std::string ProgressWords(Language language, std::string_view text);

}  // namespace idiolect
