#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/page.h"
#include "base/text.h"

namespace idiolect {
namespace {

// What Markdown would take for its own marks is set behind a backslash; line ends become spaces.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_[]<>|#~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string Bar(double share, size_t width) {
  const auto full =
      static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  std::string bar;
  for (size_t i = 0; i < full; ++i) bar += "█";
  return bar;
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(Language language) : language_(language) {}

  void operator()(const Heading& heading) {
    out_ +=
        std::string(static_cast<size_t>(heading.level), '#') + " " + Escaped(heading.text) + "\n\n";
  }
  void operator()(const Paragraph& paragraph) { out_ += Escaped(paragraph.text) + "\n\n"; }
  void operator()(const Figures& figures) {
    for (const Figures::Figure& figure : figures.figures) {
      out_ += "- **" + Escaped(figure.value) + "** " + Escaped(figure.label) + "\n";
    }
    out_ += "\n";
  }
  void operator()(const Table& table) {
    std::string rule;
    for (const Table::Column& column : table.columns) {
      out_ += "| " + Escaped(column.title) + " ";
      rule += column.number ? "| ---: " : "| --- ";
    }
    out_ += "|\n" + rule + "|\n";
    for (const auto& row : table.rows) {
      for (const Cell& cell : row) {
        out_ += "| " + Escaped(cell.text);
        if (cell.bar > 0) out_ += " " + Bar(cell.bar, 10);
        out_ += " ";
      }
      out_ += "|\n";
    }
    out_ += "\n";
  }
  void operator()(const ColumnChart& chart) {
    Table table;
    table.columns.push_back({"", false});
    for (const auto& series : chart.series) table.columns.push_back({series.name, true});
    for (size_t i = 0; i < chart.labels.size(); ++i) {
      std::vector<Cell> row = {Cell(chart.labels[i])};
      for (const auto& series : chart.series) {
        row.emplace_back(ShownNumber(series.values[i], 0, language_));
      }
      table.rows.push_back(std::move(row));
    }
    Caption(chart.caption);
    (*this)(table);
  }
  void operator()(const HeatMap& chart) {
    Table table;
    table.columns.push_back({"", false});
    for (const std::string& column : chart.columns) table.columns.push_back({column, true});
    for (size_t i = 0; i < chart.rows.size(); ++i) {
      std::vector<Cell> row = {Cell(chart.rows[i])};
      for (const double value : chart.values[i]) {
        row.emplace_back(value == 0 ? std::string() : ShownNumber(value, 0, language_));
      }
      table.rows.push_back(std::move(row));
    }
    Caption(chart.caption);
    (*this)(table);
  }
  void operator()(const FlowChart& chart) {
    Caption(chart.caption);
    for (const FlowChart::Flow& flow : chart.flows) {
      out_ += "- " + Escaped(chart.nodes[flow.from].label) + " → " +
              Escaped(chart.nodes[flow.to].label) + ": " + ShownNumber(flow.value, 0, language_) +
              "\n";
    }
    out_ += "\n";
  }
  void operator()(const Quotes& quotes) {
    if (!quotes.title.empty()) out_ += "**" + Escaped(quotes.title) + "**\n\n";
    for (const Quotes::Quote& quote : quotes.quotes) {
      if (!quote.before.empty()) out_ += "> — " + Escaped(quote.before) + "\n>\n";
      out_ += "> " + Escaped(quote.text) + "\n>\n> " + Escaped(quote.source) + "\n\n";
    }
  }
  void operator()(const List& list) {
    for (const std::string& item : list.items) out_ += "- " + Escaped(item) + "\n";
    out_ += "\n";
  }
  void operator()(const Code& code) { out_ += "```\n" + code.text + "\n```\n\n"; }

  std::string out_;

 private:
  void Caption(const std::string& caption) {
    if (!caption.empty()) out_ += "**" + Escaped(caption) + "**\n\n";
  }
  const Language language_;
};

}  // namespace

std::string ToMarkdown(const Page& page, Language language) {
  MarkdownWriter writer(language);
  writer.out_ = "# " + Escaped(page.title) + "\n\n" + Escaped(page.subtitle) + "\n\n";
  for (const Block& block : page.blocks) std::visit(writer, block);
  while (writer.out_.ends_with("\n\n")) writer.out_.pop_back();
  return std::move(writer.out_);
}

std::string ShownNumber(double number, int decimals, Language language) {
  if (decimals == 0) return GroupDigits(std::llround(number));
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, number);
  std::string shown = digits;
  const size_t point = shown.find('.');
  if (language == Language::kRussian && point != std::string::npos) shown[point] = ',';
  return shown;
}

std::string ShownShare(double share, Language language) {
  const double percent = share * 100;
  if (percent == 0) return language == Language::kRussian ? "0\u00A0%" : "0%";
  const char* unit = language == Language::kRussian ? "\u00A0%" : "%";
  if (percent > 0 && percent < 0.05) {
    return "<" + ShownNumber(0.1, 1, language) + unit;
  }
  return ShownNumber(percent, percent < 99.95 ? 1 : 0, language) + unit;
}

}  // namespace idiolect
