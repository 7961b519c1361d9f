#pragma once
// Which of several processes that work on one thing this one is, as those who start them say it in
// environment variables: torchrun (RANK, WORLD_SIZE) or mpirun (OMPI_COMM_WORLD_RANK, …_SIZE;
// PMI_RANK, PMI_SIZE), and where the first of them listens (MASTER_ADDR, MASTER_PORT).

#include <functional>
#include <string>

#include "base/result.h"

namespace idiolect {

struct ProcessPlace {
  int rank = 0;  // 0 … count - 1
  int count = 1;
  std::string address;
  int port = 0;

  bool alone() const { return count == 1; }
  bool first() const { return rank == 0; }
};

using EnvironmentReader = std::function<const char*(const char* name)>;  // null: not set

// Alone when nothing is said. kMisuse when what is said makes no sense.
Result<ProcessPlace> PlaceOfProcess(const EnvironmentReader& read);
Result<ProcessPlace> PlaceOfProcess();  // of this one

}  // namespace idiolect
