#pragma once
// Tables that LibreOffice and Excel open by a double click, Cyrillic and all: UTF-8 with a byte
// order mark, CRLF, and the separator that Excel expects in the language's countries.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/language.h"

namespace idiolect {

class CsvRow {
 public:
  explicit CsvRow(Language language) : separator_(language == Language::kRussian ? ';' : ',') {}

  // Begins a new row.
  void Clear() {
    line_.clear();
    first_ = true;
  }
  // A text. One that a spreadsheet would run as a formula gets an apostrophe before it.
  void Add(std::string_view text);
  void Add(int64_t number);
  // With two decimals, and the decimal sign of the language.
  void Add(double number);
  void AddEmpty() { Separate(); }
  // The row with its line end; valid until the next Clear.
  std::string_view End();

  static constexpr std::string_view kMark = "\xEF\xBB\xBF";

 private:
  void Separate();

  const char separator_;
  std::string line_;
  bool first_ = true;
};

}  // namespace idiolect
