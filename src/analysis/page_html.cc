#include <algorithm>

#include "analysis/page.h"
#include "base/text.h"

namespace idiolect {
namespace {

// Light and dark by the reader's own setting; on paper always light. Eight series colours that
// differ in lightness too, after Okabe and Ito.
constexpr char kStyle[] = R"css(
:root{color-scheme:light dark;--paper:#fbfaf8;--card:#fff;--ink:#1d1f24;--soft:#666b75;--line:#e2e0db;
--accent:#2b5fb8;--bar:#d5e2f6;--lost:#b9b5ad;--c0:#2f6bc9;--c1:#c9c5bc;--c2:#e08a1e;--c3:#1a936f;--c4:#a64ca6;
--c5:#d1495b;--c6:#6ab0de;--c7:#8a7f55}
@media (prefers-color-scheme:dark){:root{--paper:#16181d;--card:#1e2128;--ink:#e8e6e1;--soft:#9aa0ab;
--line:#333842;--accent:#8fb6f5;--bar:#2a4470;--lost:#5a5e67;--c0:#6d9eeb;--c1:#555b66;--c2:#f0a94b;--c3:#4cc29a;
--c4:#cf86cf;--c5:#ef7b8b;--c6:#9bd0f0;--c7:#bfb37e}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
main{max-width:920px;margin:0 auto;padding:28px 20px 72px}
nav.pages{display:flex;gap:6px 18px;flex-wrap:wrap;font-size:.9rem;margin-bottom:26px}
a{color:var(--accent)}nav a{text-decoration:none}nav b{font-weight:600}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
.sub{color:var(--soft);margin:0 0 22px}
h2{font-size:1.32rem;line-height:1.3;margin:44px 0 12px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:1.04rem;margin:28px 0 8px}
p{margin:0 0 12px;max-width:74ch}ul{margin:0 0 14px;padding-left:1.25em}
nav.toc{font-size:.9rem;columns:2 240px;margin:0 0 20px}nav.toc a{display:block;padding:1px 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(126px,1fr));gap:10px;margin:0 0 18px}
.figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.figure b{display:block;font-size:1.42rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.figure span{color:var(--soft);font-size:.85rem;line-height:1.3;display:block;margin-top:3px}
.wide{overflow-x:auto;margin:0 0 18px}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.82rem;vertical-align:bottom;padding:6px 12px 6px 0;
border-bottom:1px solid var(--line)}
td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
th:last-child,td:last-child{padding-right:2px}
td:first-child{min-width:7.5em}
.n{text-align:right;white-space:nowrap;overflow-wrap:normal;font-variant-numeric:tabular-nums}
th.n{white-space:normal}
.b{position:relative;min-width:104px}.b svg{position:absolute;left:0;top:4px;width:calc(100% - 8px);height:calc(100% - 8px)}
.b span{position:relative}.b rect{fill:var(--bar)}
figure{margin:0 0 20px}figcaption{font-size:.9rem;color:var(--soft);margin-bottom:8px}
figure svg{display:block;width:100%;height:auto;min-width:560px}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;fill:var(--soft)}
svg text.halo{font-size:12.5px;fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:4px;
stroke-linejoin:round}
.grid{stroke:var(--line)}.none{fill:var(--line);fill-opacity:.45}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}
.c6{fill:var(--c6)}.c7{fill:var(--c7)}.lost{fill:var(--lost)}
.flow{fill:none;stroke:var(--c0);stroke-opacity:.28}.flow.muted{stroke:var(--lost);stroke-opacity:.4}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:.85rem;color:var(--soft);margin-bottom:6px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px}
blockquote{margin:0 0 10px;padding:9px 14px;background:var(--card);border:1px solid var(--line);
border-left:3px solid var(--c0);border-radius:4px 10px 10px 4px;break-inside:avoid}
blockquote p{margin:0;white-space:pre-line;overflow-wrap:anywhere}blockquote .q{color:var(--soft);margin-bottom:5px}
blockquote footer{color:var(--soft);font-size:.8rem;margin-top:4px}
.qt{font-weight:600;font-size:.92rem;margin:14px 0 6px}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto}
footer.end{color:var(--soft);font-size:.82rem;margin-top:48px;border-top:1px solid var(--line);padding-top:12px}
@media (max-width:560px){main{padding:18px 14px 48px}h1{font-size:1.5rem}.figure b{font-size:1.2rem}
.figures{grid-template-columns:repeat(auto-fit,minmax(104px,1fr))}table{font-size:.85rem}
td,th{padding-right:9px}.b{min-width:84px}}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--accent:#000;
--bar:#d5e2f6;--lost:#b9b5ad;--c0:#2f6bc9;--c1:#c9c5bc;--c2:#e08a1e;--c3:#1a936f;--c4:#a64ca6;--c5:#d1495b;
--c6:#6ab0de;--c7:#8a7f55}body{font-size:10.5pt}main{max-width:none;padding:0}nav.pages,nav.toc{display:none}
.wide{overflow:visible}figure svg{min-width:0}h2,h3,.qt{break-after:avoid}tr,figure,.figure{break-inside:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

std::string Anchor(size_t index) {
  return "s" + std::to_string(index);
}

std::string Svg(const std::string& svg) {
  return "<div class=\"wide\">" + svg + "</div>";
}

class HtmlWriter {
 public:
  explicit HtmlWriter(Language language) : language_(language) {}

  void operator()(const Heading& heading) {
    const std::string tag = heading.level <= 2 ? "h2" : "h3";
    out_ += "<" + tag + (heading.level <= 2 ? " id=\"" + Anchor(headings_++) + "\"" : "") + ">" +
            EscapeHtml(heading.text) + "</" + tag + ">\n";
  }
  void operator()(const Paragraph& paragraph) {
    out_ += "<p>" + EscapeHtml(paragraph.text) + "</p>\n";
  }
  void operator()(const Figures& figures) {
    out_ += "<div class=\"figures\">";
    for (const Figures::Figure& figure : figures.figures) {
      out_ += "<div class=\"figure\"><b>" + EscapeHtml(figure.value) + "</b><span>" +
              EscapeHtml(figure.label) + "</span></div>";
    }
    out_ += "</div>\n";
  }
  void operator()(const Table& table) {
    out_ += "<div class=\"wide\"><table><thead><tr>";
    for (const Table::Column& column : table.columns) {
      out_ += std::string("<th") + (column.number ? " class=\"n\">" : ">") +
              EscapeHtml(column.title) + "</th>";
    }
    out_ += "</tr></thead><tbody>\n";
    for (const auto& row : table.rows) {
      out_ += "<tr>";
      for (size_t i = 0; i < row.size(); ++i) AddCell(row[i], table.columns[i].number);
      out_ += "</tr>\n";
    }
    out_ += "</tbody></table></div>\n";
  }
  void operator()(const ColumnChart& chart) {
    OpenFigure(chart.caption);
    if (chart.series.size() > 1) {
      out_ += "<div class=\"legend\">";
      for (size_t i = 0; i < chart.series.size(); ++i) {
        out_ += "<span><i style=\"background:var(--" + ColourOf(chart, i) + ")\"></i>" +
                EscapeHtml(chart.series[i].name) + "</span>";
      }
      out_ += "</div>";
    }
    out_ += Svg(SvgOf(chart, language_)) + "</figure>\n";
  }
  void operator()(const HeatMap& chart) {
    OpenFigure(chart.caption);
    out_ += Svg(SvgOf(chart, language_)) + "</figure>\n";
  }
  void operator()(const FlowChart& chart) {
    OpenFigure(chart.caption);
    out_ += Svg(SvgOf(chart, language_)) + "</figure>\n";
  }
  void operator()(const Quotes& quotes) {
    if (!quotes.title.empty()) out_ += "<p class=\"qt\">" + EscapeHtml(quotes.title) + "</p>\n";
    for (const Quotes::Quote& quote : quotes.quotes) {
      out_ += "<blockquote>";
      if (!quote.before.empty()) out_ += "<p class=\"q\">— " + EscapeHtml(quote.before) + "</p>";
      out_ += "<p>" + EscapeHtml(quote.text) + "</p><footer>" + EscapeHtml(quote.source) +
              "</footer></blockquote>\n";
    }
  }
  void operator()(const List& list) {
    out_ += "<ul>";
    for (const std::string& item : list.items) out_ += "<li>" + EscapeHtml(item) + "</li>";
    out_ += "</ul>\n";
  }
  void operator()(const Code& code) { out_ += "<pre>" + EscapeHtml(code.text) + "</pre>\n"; }

  std::string out_;

 private:
  void OpenFigure(const std::string& caption) {
    out_ += "<figure><figcaption>" + EscapeHtml(caption) + "</figcaption>";
  }
  void AddCell(const Cell& cell, bool number) {
    std::string classes = number ? "n" : "";
    if (cell.bar >= 0) classes += classes.empty() ? "b" : " b";
    out_ += classes.empty() ? "<td>" : "<td class=\"" + classes + "\">";
    if (cell.bar >= 0) {
      const std::string percent =
          ShownNumber(std::clamp(cell.bar, 0.0, 1.0) * 100, 1, Language::kEnglish) + "%";
      out_ += "<svg aria-hidden=\"true\"><rect rx=\"3\" width=\"" + percent +
              "\" height=\"100%\"/></svg><span>" + EscapeHtml(cell.text) + "</span></td>";
    } else {
      out_ += EscapeHtml(cell.text) + "</td>";
    }
  }

  const Language language_;
  size_t headings_ = 0;
};

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters have no place in a page.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
        break;
    }
  }
  return IsUtf8(out) ? out : RepairUtf8(out);
}

std::string ToHtml(const Page& page, const std::vector<Page>& pages, Language language) {
  HtmlWriter writer(language);
  for (const Block& block : page.blocks) std::visit(writer, block);

  std::string html = std::string("<!doctype html>\n<html lang=\"") + LanguageCode(language) +
                     "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                     "content=\"width=device-width,initial-scale=1\">\n<title>" +
                     EscapeHtml(page.title) + "</title>\n<style>" + kStyle +
                     "</style>\n</head>\n<body>\n<main>\n<nav class=\"pages\">";
  for (const Page& other : pages) {
    html += other.file == page.file
                ? "<b>" + EscapeHtml(other.title) + "</b>"
                : "<a href=\"" + other.file + ".html\">" + EscapeHtml(other.title) + "</a>";
  }
  html += "</nav>\n<h1>" + EscapeHtml(page.title) + "</h1>\n<p class=\"sub\">" +
          EscapeHtml(page.subtitle) + "</p>\n<nav class=\"toc\">";
  size_t headings = 0;
  for (const Block& block : page.blocks) {
    const auto* heading = std::get_if<Heading>(&block);
    if (heading == nullptr || heading->level > 2) continue;
    html += "<a href=\"#" + Anchor(headings++) + "\">" + EscapeHtml(heading->text) + "</a>";
  }
  html +=
      "</nav>\n" + writer.out_ + "<footer class=\"end\">" +
      Say(language, {"Made by idiolect on this machine. Other people are shown under pseudonyms "
                     "unless asked otherwise.",
                     "Сделано программой idiolect на этой машине. Другие люди показаны под "
                     "псевдонимами, если не попросить иначе."}) +
      "</footer>\n</main>\n</body>\n</html>\n";
  return html;
}

}  // namespace idiolect
