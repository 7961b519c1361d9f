#include "dataset/csv.h"

#include <cstdio>

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
  for (const char c : text) {
    // Not even between quotes does a spreadsheet take a zero or a lone carriage return.
    if (c == '\0' || c == '\r') continue;
    if (c == '"') line_ += '"';
    line_ += c;
  }
  line_ += '"';
}

void CsvRow::Add(int64_t number) {
  Separate();
  line_ += std::to_string(number);
}

void CsvRow::Add(double number) {
  Separate();
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", number);
  for (char* c = text; *c != '\0'; ++c) {
    if (*c == '.' && separator_ == ';') *c = ',';
  }
  line_ += text;
}

std::string_view CsvRow::End() {
  line_ += "\r\n";
  return line_;
}

}  // namespace idiolect
