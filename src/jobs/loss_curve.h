#pragma once
// The losses of a job over its steps, from its events or the provider's result file, and a picture
// of them that needs no program but a browser.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/language.h"
#include "store/jobs.h"

namespace idiolect {

struct LossPoint {
  int64_t step = 0;
  std::optional<double> train, valid;
};

// From the metrics events ("step", "train_loss", "valid_loss"); by step, each step once.
std::vector<LossPoint> LossesOfEvents(const std::vector<JobEvent>& events);

// From a result file: CSV with a header, plain or in base64 (both are seen); columns are found by
// name and may be empty. Empty when it is something else.
std::vector<LossPoint> LossesOfCsv(std::string_view bytes);

// An SVG document of 720 × 360; light and dark by the viewer's setting. Empty when there are no
// points.
std::string LossCurveSvg(const std::vector<LossPoint>& points, const std::string& title,
                         Language language);

}  // namespace idiolect
