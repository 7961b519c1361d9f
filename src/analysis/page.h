#pragma once
// A report before it is a file: headings, sentences, tables, charts and quotations in a row, from
// which the same content is written as Markdown and as one HTML file that needs nothing else (no
// network, no script; charts are SVG within; light and dark, screen and paper).
//
// Text in blocks is plain: whoever renders it escapes it.

#include <string>
#include <variant>
#include <vector>

#include "base/language.h"

namespace idiolect {

struct Heading {
  int level = 2;  // 2 or 3
  std::string text;
};

struct Paragraph {
  std::string text;
};

// A few large numbers in a row.
struct Figures {
  struct Figure {
    std::string value, label;
  };
  std::vector<Figure> figures;
};

struct Cell {
  Cell(std::string shown, double share = -1) : text(std::move(shown)), bar(share) {}
  Cell(const char* shown) : text(shown) {}
  std::string text;
  double bar = -1;  // 0…1: drawn as a bar behind the text; below 0: none
};

struct Table {
  struct Column {
    std::string title;
    bool number = false;  // set right, never broken
  };
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

// Stacked columns, one for each label.
struct ColumnChart {
  struct Series {
    std::string name;
    std::vector<double> values;  // by label
    bool muted = false;          // the rest: drawn in grey
  };
  std::string caption;
  std::vector<std::string> labels;
  std::vector<Series> series;
};

struct HeatMap {
  std::string caption;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values;  // by row, then column
};

// Where things went, from left to right. A node is as high as the larger of what comes and goes.
struct FlowChart {
  struct Node {
    std::string label;
    int column = 0;
    double value = 0;
    bool muted = false;  // what was left out
  };
  struct Flow {
    size_t from = 0, to = 0;  // nodes
    double value = 0;
  };
  std::string caption;
  std::vector<Node> nodes;
  std::vector<Flow> flows;
};

struct Quotes {
  struct Quote {
    std::string before, text, source;  // `before`: what it answers; may be empty
  };
  std::string title;  // empty: none
  std::vector<Quote> quotes;
};

struct List {
  std::vector<std::string> items;
};

// Lines to be copied.
struct Code {
  std::string text;
};

using Block = std::variant<Heading, Paragraph, Figures, Table, ColumnChart, HeatMap, FlowChart,
                           Quotes, List, Code>;

struct Page {
  std::string file;  // without its ending: "collection"
  std::string title;
  std::string subtitle;
  std::vector<Block> blocks;

  template <typename AnyBlock>
  void Add(AnyBlock block) {
    blocks.emplace_back(std::move(block));
  }
};

std::string ToMarkdown(const Page& page, Language language);
// `pages`: all of the report's, for the links between them.
std::string ToHtml(const Page& page, const std::vector<Page>& pages, Language language);

// For both forms.
std::string EscapeHtml(std::string_view text);
// "1 234", "12,5 %" with the language's mark before fractions, "×2,3".
std::string ShownNumber(double number, int decimals, Language language);
std::string ShownShare(double share, Language language);  // of 0…1

// SVG of the charts; colours come from the page's style by class.
// The class and colour of a series: "c0" …
std::string ColourOf(const ColumnChart& chart, size_t series);
std::string SvgOf(const ColumnChart& chart, Language language);
std::string SvgOf(const HeatMap& chart, Language language);
std::string SvgOf(const FlowChart& chart, Language language);

}  // namespace idiolect
