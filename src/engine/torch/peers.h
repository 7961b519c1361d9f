#pragma once
// The processes that train one model together, each with rows of its own: sums and copies between
// them, over LibTorch's c10d with Gloo (TCP). Alone, every call returns at once and connects to
// nobody.
//
// All processes must call the same functions in the same order. A failure means that another one
// has gone or hangs; there is no going on after it.

#include <cstdint>
#include <memory>
#include <string>

#include "base/process_place.h"
#include "base/result.h"

namespace idiolect {

class Peers {
 public:
  // Waits for all of them. GLOO_SOCKET_IFNAME names the network interface, as for PyTorch.
  static Result<std::unique_ptr<Peers>> Join(const ProcessPlace& place);
  ~Peers();

  int rank() const { return place_.rank; }
  int count() const { return place_.count; }
  bool alone() const { return place_.alone(); }
  bool first() const { return place_.first(); }

  // In place; afterwards all have the same bits.
  Status Sum(float* values, int64_t count);
  Status Sum(double* values, int64_t count);
  // From the first to the others.
  Status Share(float* values, int64_t count);
  Status Share(std::string* bytes);

 private:
  struct Group;
  Peers(const ProcessPlace& place, std::unique_ptr<Group> group);
  const ProcessPlace place_;
  std::unique_ptr<Group> group_;
};

}  // namespace idiolect
