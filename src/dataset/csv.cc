#include "dataset/csv.h"

#include <algorithm>

#include "base/text.h"

namespace idiolect {

void CsvRow::Separate() {
  if (!first_) line_ += separator_;
  first_ = false;
}

void CsvRow::Add(std::string_view text) {
  Separate();
  line_ += '"';
  constexpr std::string_view kFormula = "=+-@\t\r";
  if (!text.empty() && kFormula.find(text[0]) != std::string_view::npos) line_ += '\'';
  // Not even between quotes does a spreadsheet take a zero or a lone carriage return.
  for (size_t at = 0; at < text.size();) {
    size_t special = at;
    while (special < text.size() && text[special] != '"' && text[special] != '\r' &&
           text[special] != '\0') {
      ++special;
    }
    line_.append(text, at, special - at);
    if (special < text.size() && text[special] == '"') line_ += "\"\"";
    at = special + 1;
  }
  line_ += '"';
}

void CsvRow::Add(int64_t number) {
  Separate();
  line_ += std::to_string(number);
}

void CsvRow::Add(double number) {
  Separate();
  const size_t at = line_.size();
  AppendHundredths(number, &line_);
  if (separator_ == ';')
    std::replace(line_.begin() + static_cast<ptrdiff_t>(at), line_.end(), '.', ',');
}

std::string_view CsvRow::End() {
  line_ += "\r\n";
  return line_;
}

}  // namespace idiolect
