#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/page.h"
#include "base/text.h"

namespace idiolect {
namespace {

std::string Number(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1f", value);
  std::string shown = digits;
  if (shown.ends_with(".0")) shown.resize(shown.size() - 2);
  return shown;
}

std::string OpenSvg(double width, double height, const std::string& label) {
  return "<svg viewBox=\"0 0 " + Number(width) + " " + Number(height) +
         "\" role=\"img\" aria-label=\"" + EscapeHtml(label) + "\">";
}

std::string Rect(double x, double y, double width, double height, const std::string& clazz,
                 const std::string& title, const std::string& more = "") {
  return "<rect x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" width=\"" + Number(width) +
         "\" height=\"" + Number(height) + "\" class=\"" + clazz + "\"" + more + "><title>" +
         EscapeHtml(title) + "</title></rect>";
}

std::string Label(double x, double y, const std::string& anchor, const std::string& text,
                  const std::string& clazz = "") {
  return "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" text-anchor=\"" + anchor + "\"" +
         (clazz.empty() ? "" : " class=\"" + clazz + "\"") + ">" + EscapeHtml(text) + "</text>";
}

// 1, 2 or 5 times a power of ten, so that about four of them reach `most`.
double RoundStep(double most) {
  double step = std::pow(10, std::floor(std::log10(std::max(most, 1.0) / 4)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    if (step * factor * 5 >= most) return std::max(step * factor, 1.0);
  }
  return std::max(step * 10, 1.0);
}

}  // namespace

std::string ColourOf(const ColumnChart& chart, size_t series) {
  if (chart.series[series].muted) return "c1";
  constexpr size_t kColours = 7;
  constexpr const char* kClasses[kColours] = {"c0", "c2", "c3", "c4", "c5", "c6", "c7"};
  return kClasses[series % kColours];
}

std::string SvgOf(const ColumnChart& chart, Language language) {
  constexpr double kWidth = 760, kHeight = 250, kLeft = 52, kBottom = 28, kTop = 12;
  const size_t count = chart.labels.size();
  if (count == 0) return {};
  double most = 1;
  for (size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (const auto& series : chart.series) sum += series.values[i];
    most = std::max(most, sum);
  }
  const double step = RoundStep(most);
  const double top = std::ceil(most / step) * step;
  const double height = kHeight - kBottom - kTop;
  const auto y_of = [&](double value) { return kTop + height * (1 - value / top); };
  std::string svg = OpenSvg(kWidth, kHeight, chart.caption);
  for (double value = 0; value <= top + step / 2; value += step) {
    svg += "<line class=\"grid\" x1=\"" + Number(kLeft) + "\" x2=\"" + Number(kWidth) + "\" y1=\"" +
           Number(y_of(value)) + "\" y2=\"" + Number(y_of(value)) + "\"/>";
    svg += Label(kLeft - 8, y_of(value) + 4, "end", ShownNumber(value, 0, language));
  }
  const double slot = (kWidth - kLeft) / static_cast<double>(count);
  const double width = std::min(slot * 0.78, 46.0);
  const size_t every = std::max<size_t>(1, static_cast<size_t>(std::ceil(64 / slot)));
  for (size_t i = 0; i < count; ++i) {
    const double x = kLeft + slot * static_cast<double>(i) + (slot - width) / 2;
    double below = 0;
    for (size_t s = 0; s < chart.series.size(); ++s) {
      const double value = chart.series[s].values[i];
      if (value <= 0) continue;
      svg += Rect(
          x, y_of(below + value), width, y_of(below) - y_of(below + value), ColourOf(chart, s),
          chart.labels[i] + ", " + chart.series[s].name + ": " + ShownNumber(value, 0, language));
      below += value;
    }
    if (i % every == 0) {
      const bool last = x + width / 2 + 26 > kWidth;
      svg += Label(last ? kWidth : x + width / 2, kHeight - 8, last ? "end" : "middle",
                   chart.labels[i]);
    }
  }
  return svg + "</svg>";
}

std::string SvgOf(const HeatMap& chart, Language language) {
  constexpr double kLeft = 40, kCell = 29, kHeight = 24, kBottom = 20;
  double most = 1;
  for (const auto& row : chart.values) {
    for (const double value : row) most = std::max(most, value);
  }
  const double width = kLeft + kCell * static_cast<double>(chart.columns.size());
  const double bottom = kHeight * static_cast<double>(chart.rows.size());
  std::string svg = OpenSvg(width, bottom + kBottom, chart.caption);
  for (size_t r = 0; r < chart.rows.size(); ++r) {
    const double y = kHeight * static_cast<double>(r);
    svg += Label(kLeft - 8, y + kHeight / 2 + 4, "end", chart.rows[r]);
    for (size_t c = 0; c < chart.columns.size(); ++c) {
      const double value = chart.values[r][c];
      // The root keeps the quiet hours apart from the empty ones.
      const double shade = value <= 0 ? 0 : 0.12 + 0.88 * std::sqrt(value / most);
      svg += Rect(kLeft + kCell * static_cast<double>(c) + 1, y + 1, kCell - 2, kHeight - 2,
                  value <= 0 ? "none" : "c0",
                  chart.rows[r] + ", " + chart.columns[c] + ": " + ShownNumber(value, 0, language),
                  value <= 0 ? "" : " rx=\"3\" fill-opacity=\"" + Number(shade * 100) + "%\"");
    }
  }
  for (size_t c = 0; c < chart.columns.size(); ++c) {
    svg += Label(kLeft + kCell * (static_cast<double>(c) + 0.5), bottom + 15, "middle",
                 chart.columns[c]);
  }
  return svg + "</svg>";
}

std::string SvgOf(const FlowChart& chart, Language language) {
  constexpr double kNodeWidth = 12, kGap = 10, kLeast = 15, kScaled = 300, kLabel = 235;
  struct Place {
    double x = 0, y = 0, height = 0, drawn = 0, out = 0, in = 0;
  };
  int columns = 1;
  double most = 1;
  for (const auto& node : chart.nodes) {
    columns = std::max(columns, node.column + 1);
    most = std::max(most, node.value);
  }
  const double scale = kScaled / most;
  const double column_width = 225;
  const double width = column_width * (columns - 1) + kNodeWidth + kLabel;
  std::vector<Place> places(chart.nodes.size());
  std::vector<double> below(static_cast<size_t>(columns), 4);
  for (size_t i = 0; i < chart.nodes.size(); ++i) {
    const auto& node = chart.nodes[i];
    Place& place = places[i];
    place.x = column_width * node.column;
    place.drawn = std::max(node.value * scale, 1.5);
    place.height = std::max(place.drawn, kLeast);
    place.y = below[static_cast<size_t>(node.column)];
    below[static_cast<size_t>(node.column)] += place.height + kGap;
  }
  const double height = *std::max_element(below.begin(), below.end());
  std::string svg = OpenSvg(width, height, chart.caption);
  for (const auto& flow : chart.flows) {
    Place& from = places[flow.from];
    Place& to = places[flow.to];
    const double thick = std::max(flow.value * scale, 1.0);
    const double y1 = from.y + from.out + thick / 2, y2 = to.y + to.in + thick / 2;
    from.out += flow.value * scale;
    to.in += flow.value * scale;
    const double x1 = from.x + kNodeWidth, x2 = to.x, middle = (x1 + x2) / 2;
    svg += "<path class=\"flow" + std::string(chart.nodes[flow.to].muted ? " muted" : "") +
           "\" stroke-width=\"" + Number(thick) + "\" d=\"M" + Number(x1) + " " + Number(y1) + "C" +
           Number(middle) + " " + Number(y1) + " " + Number(middle) + " " + Number(y2) + " " +
           Number(x2) + " " + Number(y2) + "\"><title>" +
           EscapeHtml(chart.nodes[flow.from].label + " → " + chart.nodes[flow.to].label + ": " +
                      ShownNumber(flow.value, 0, language)) +
           "</title></path>";
  }
  for (size_t i = 0; i < chart.nodes.size(); ++i) {
    const auto& node = chart.nodes[i];
    const Place& place = places[i];
    const std::string said = node.label + " " + ShownNumber(node.value, 0, language);
    svg += Rect(place.x, place.y, kNodeWidth, place.drawn, node.muted ? "lost" : "c0", said);
    svg += Label(place.x + kNodeWidth + 7, place.y + std::min(place.height / 2 + 4.5, 18.0),
                 "start", said, "halo");
  }
  return svg + "</svg>";
}

}  // namespace idiolect
