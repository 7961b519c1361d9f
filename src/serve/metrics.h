#pragma once
// Counters of the server in Prometheus' text format (version 0.0.4). No label holds what a client
// sent: routes are our own patterns.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace idiolect {

// Thread-safe.
class Metrics {
 public:
  void CountRequest(const std::string& route, int status);
  void CountAnswer(int64_t prompt_tokens, int64_t completion_tokens, double seconds);

  std::atomic<int64_t> refused_busy{0};
  std::atomic<int64_t> clients_gone{0};

  // Gauges are sampled by the caller.
  std::string Text(const std::map<std::string, double>& gauges) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, int64_t> requests_;
  int64_t answers_ = 0, prompt_tokens_ = 0, completion_tokens_ = 0;
  double answer_seconds_ = 0;
};

}  // namespace idiolect
