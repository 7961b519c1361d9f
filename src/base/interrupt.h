#pragma once
// Ctrl-C as a question that long work asks between two steps. Commands create one Interrupt and
// pass it down by reference; library code only ever calls Requested().

#include <atomic>

namespace idiolect {

// Thread-safe.
class Interrupt {
 public:
  bool Requested() const { return requested_.load(std::memory_order_relaxed); }
  void Request() { requested_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_{false};
};

// Makes SIGINT and SIGTERM request `interrupt`; a second signal ends the process at once. The
// interrupt must live until the process ends. To be called once, by main.
void RouteSignals(Interrupt* interrupt);

}  // namespace idiolect
