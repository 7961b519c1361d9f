#include "analysis/page.h"

#include <gtest/gtest.h>

namespace idiolect {
namespace {

Page Sample() {
  Page page;
  page.file = "one";
  page.title = "A <title>";
  page.Add(Heading{2, "Part"});
  page.Add(Paragraph{"a_b <script>alert(1)</script>"});
  Table table;
  table.columns = {{"who"}, {"share", true}};
  table.rows.push_back({"x|y", Cell("50 %", 0.5)});
  page.Add(table);
  ColumnChart chart;
  chart.caption = "months";
  chart.labels = {"2024-01", "2024-02"};
  chart.series = {{"one", {3, 0}}, {"two", {1, 2}}};
  page.Add(chart);
  FlowChart flow;
  flow.nodes = {{"all", 0, 10, false}, {"kept", 1, 8, false}, {"lost", 1, 2, true}};
  flow.flows = {{0, 1, 8}, {0, 2, 2}};
  page.Add(flow);
  Quotes quotes;
  quotes.quotes = {{"why?", "because\nso", "chat, 2024"}};
  page.Add(quotes);
  return page;
}

size_t Times(const std::string& text, std::string_view what) {
  size_t times = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

TEST(Page, AsMarkdown) {
  const std::string text = ToMarkdown(Sample(), Language::kEnglish);
  EXPECT_NE(text.find("# A \\<title\\>\n"), std::string::npos);
  EXPECT_NE(text.find("| x\\|y | 50 % █████ |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("- all → lost: 2\n"), std::string::npos);
  EXPECT_NE(text.find("> because so\n"), std::string::npos);
  EXPECT_NE(text.find("| 2024-02 | 0 | 2 |\n"), std::string::npos);
}

TEST(Page, AsHtmlNeedsNothingElseAndRunsNothing) {
  const Page page = Sample();
  const std::string html = ToHtml(page, {page}, Language::kRussian);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(html.find("url("), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(html.find("<html lang=\"ru\">"), std::string::npos);
  for (const char* tag : {"svg", "table", "figure", "blockquote", "div", "p", "g", "td"}) {
    const std::string open = std::string("<") + tag, close = std::string("</") + tag + ">";
    EXPECT_EQ(Times(html, open + ">") + Times(html, open + " "), Times(html, close)) << tag;
  }
}

TEST(Page, NumbersAreWrittenInTheLanguage) {
  EXPECT_EQ(ShownNumber(12345, 0, Language::kRussian), "12 345");
  EXPECT_EQ(ShownNumber(2.25, 1, Language::kEnglish), "2.2");
  EXPECT_EQ(ShownNumber(2.5, 1, Language::kRussian), "2,5");
  EXPECT_EQ(ShownShare(0.927, Language::kEnglish), "92.7%");
  EXPECT_EQ(ShownShare(0.0001, Language::kEnglish), "<0.1%");
}

}  // namespace
}  // namespace idiolect
