#include "serve/metrics.h"

#include <cstdio>

namespace idiolect {
namespace {

void Line(std::string* out, const std::string& name, const std::string& labels, double value) {
  char number[40];
  std::snprintf(number, sizeof number, " %.17g\n", value);
  *out += name + labels + number;
}

void Type(std::string* out, const std::string& name, const char* type) {
  *out += "# TYPE " + name + " " + type + "\n";
}

}  // namespace

void Metrics::CountRequest(const std::string& route, int status) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
}

void Metrics::CountAnswer(int64_t prompt_tokens, int64_t completion_tokens, double seconds) {
  const std::lock_guard lock(mutex_);
  ++answers_;
  prompt_tokens_ += prompt_tokens;
  completion_tokens_ += completion_tokens;
  answer_seconds_ += seconds;
}

std::string Metrics::Text(const std::map<std::string, double>& gauges) const {
  std::string out;
  const std::lock_guard lock(mutex_);
  Type(&out, "idiolect_http_requests_total", "counter");
  for (const auto& [key, count] : requests_) {
    Line(&out, "idiolect_http_requests_total",
         "{route=\"" + key.first + "\",status=\"" + std::to_string(key.second) + "\"}",
         static_cast<double>(count));
  }
  const std::pair<const char*, double> counters[] = {
      {"idiolect_answers_total", static_cast<double>(answers_)},
      {"idiolect_prompt_tokens_total", static_cast<double>(prompt_tokens_)},
      {"idiolect_completion_tokens_total", static_cast<double>(completion_tokens_)},
      {"idiolect_answer_seconds_total", answer_seconds_},
      {"idiolect_refused_busy_total", static_cast<double>(refused_busy)},
      {"idiolect_clients_gone_total", static_cast<double>(clients_gone)}};
  for (const auto& [name, value] : counters) {
    Type(&out, name, "counter");
    Line(&out, name, "", value);
  }
  for (const auto& [name, value] : gauges) {
    const std::string plain = name.substr(0, name.find('{'));
    // Samples of one name stand together: the map is sorted.
    if (out.find("# TYPE " + plain + " ") == std::string::npos) Type(&out, plain, "gauge");
    Line(&out, name, "", value);
  }
  return out;
}

}  // namespace idiolect
