#include "base/interrupt.h"

#include <csignal>
#include <cstdlib>

namespace idiolect {
namespace {

// A signal handler can reach nothing but a global.
std::atomic<Interrupt*> g_routed{nullptr};

void OnSignal(int) {
  Interrupt* interrupt = g_routed.load();
  if (interrupt == nullptr || interrupt->Requested()) std::_Exit(130);
  interrupt->Request();
}

}  // namespace

void RouteSignals(Interrupt* interrupt) {
  g_routed.store(interrupt);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace idiolect
