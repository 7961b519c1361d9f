#include "jobs/loss_curve.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"

namespace idiolect {
namespace {

std::optional<double> NumberOf(std::string_view text) {
  text = TrimSpace(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> Cells(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const size_t comma = line.find(',');
    cells.push_back(TrimSpace(line.substr(0, comma)));
    if (comma == line.npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::vector<LossPoint> InOrder(const std::map<int64_t, LossPoint>& points) {
  std::vector<LossPoint> list;
  for (const auto& [step, point] : points) list.push_back(point);
  return list;
}

std::string Decimal(double value, const char* format) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<LossPoint> LossesOfEvents(const std::vector<JobEvent>& events) {
  std::map<int64_t, LossPoint> points;
  for (const auto& event : events) {
    if (event.data.empty()) continue;
    const auto data = nlohmann::json::parse(event.data, nullptr, /*allow_exceptions=*/false);
    if (!data.is_object() || !data.contains("step") || !data["step"].is_number_integer()) continue;
    const auto loss = [&data](const char* name) -> std::optional<double> {
      if (!data.contains(name) || !data[name].is_number()) return std::nullopt;
      const double value = data[name].get<double>();
      return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
    };
    auto train = loss("train_loss"), valid = loss("valid_loss");
    if (const auto full = loss("full_valid_loss")) valid = full;
    if (!train && !valid) continue;
    auto& point = points[data["step"].get<int64_t>()];
    point.step = data["step"].get<int64_t>();
    if (train) point.train = train;
    if (valid) point.valid = valid;
  }
  return InOrder(points);
}

std::vector<LossPoint> LossesOfCsv(std::string_view bytes) {
  std::string decoded;
  if (!bytes.starts_with("step")) {
    auto plain = FromBase64(bytes);
    if (!plain || !plain->starts_with("step")) return {};
    decoded = *std::move(plain);
    bytes = decoded;
  }
  std::map<int64_t, LossPoint> points;
  size_t step = SIZE_MAX, train = SIZE_MAX, valid = SIZE_MAX, full = SIZE_MAX;
  bool header = true;
  for (const std::string_view line : SplitLines(bytes)) {
    const auto cells = Cells(line);
    if (header) {
      header = false;
      for (size_t i = 0; i < cells.size(); ++i) {
        if (cells[i] == "step") step = i;
        if (cells[i] == "train_loss") train = i;
        if (cells[i] == "valid_loss") valid = i;
        if (cells[i] == "full_valid_loss") full = i;
      }
      continue;
    }
    const auto cell = [&cells](size_t column) {
      return column < cells.size() ? NumberOf(cells[column]) : std::nullopt;
    };
    const auto number = cell(step);
    if (!number || *number < 0 || *number > 1e12) continue;
    LossPoint point;
    point.step = static_cast<int64_t>(*number);
    point.train = cell(train);
    point.valid = cell(full) ? cell(full) : cell(valid);
    if (point.train || point.valid) points[point.step] = point;
  }
  return InOrder(points);
}

std::string LossCurveSvg(const std::vector<LossPoint>& points, const std::string& title,
                         Language language) {
  if (points.empty()) return "";
  constexpr double kWidth = 720, kHeight = 360, kLeft = 60, kRight = 20, kTop = 44, kBottom = 40;
  double low = INFINITY, high = -INFINITY;
  for (const auto& point : points) {
    for (const auto& value : {point.train, point.valid}) {
      if (!value) continue;
      low = std::min(low, *value);
      high = std::max(high, *value);
    }
  }
  if (!(high > low)) {
    low -= 0.5;
    high += 0.5;
  }
  const auto first = static_cast<double>(points.front().step);
  const double span = std::max(1.0, static_cast<double>(points.back().step) - first);
  const auto x = [&](int64_t step) {
    return kLeft + (static_cast<double>(step) - first) / span * (kWidth - kLeft - kRight);
  };
  const auto y = [&](double loss) {
    return kTop + (high - loss) / (high - low) * (kHeight - kTop - kBottom);
  };
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 360\" width=\"720\" "
      "height=\"360\" role=\"img\">\n<title>" +
      Escaped(title) +
      "</title>\n<style>text{font:12px sans-serif;fill:#333}.bg{fill:#fff}.grid{stroke:#ddd}"
      ".train{stroke:#2563eb}.valid{stroke:#d97706}path{fill:none;stroke-width:1.8}"
      "@media(prefers-color-scheme:dark){text{fill:#ddd}.bg{fill:#161616}.grid{stroke:#333}}"
      "</style>\n<rect class=\"bg\" width=\"720\" height=\"360\"/>\n<text x=\"60\" y=\"20\">" +
      Escaped(title) + "</text>\n";
  for (int i = 0; i <= 4; ++i) {
    const double loss = low + (high - low) * i / 4;
    const std::string at = Decimal(y(loss), "%.1f");
    svg += "<line class=\"grid\" x1=\"60\" x2=\"700\" y1=\"" + at + "\" y2=\"" + at +
           "\"/><text x=\"8\" y=\"" + Decimal(y(loss) + 4, "%.1f") + "\">" + Decimal(loss, "%.3f") +
           "</text>\n";
  }
  svg += "<text x=\"60\" y=\"352\">" + std::to_string(points.front().step) +
         "</text><text x=\"700\" y=\"352\" text-anchor=\"end\">" +
         std::to_string(points.back().step) + Say(language, {" steps", " шагов"}) + "</text>\n";
  const auto curve = [&](const char* name, Text label, double label_x,
                         std::optional<double> LossPoint::*field) {
    std::string path;
    for (const auto& point : points) {
      if (!(point.*field)) continue;
      path += (path.empty() ? "M" : "L") + Decimal(x(point.step), "%.1f") + " " +
              Decimal(y(*(point.*field)), "%.1f");
    }
    if (path.empty()) return;
    svg += std::string("<path class=\"") + name + "\" d=\"" + path + "\"/><path class=\"" + name +
           "\" d=\"M" + Decimal(label_x, "%.0f") + " 32h18\"/><text x=\"" +
           Decimal(label_x + 24, "%.0f") + "\" y=\"36\">" + Say(language, label) + "</text>\n";
  };
  curve("train", {"training loss", "потери на обучении"}, 60, &LossPoint::train);
  curve("valid", {"validation loss", "потери на проверке"}, 240, &LossPoint::valid);
  return svg + "</svg>\n";
}

}  // namespace idiolect
