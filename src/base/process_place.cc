#include "base/process_place.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace idiolect {
namespace {

// -1: no number.
int NumberOf(const char* text) {
  int value = 0;
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, value);
  return parsed.ec != std::errc() || parsed.ptr != end ? -1 : value;
}

}  // namespace

Result<ProcessPlace> PlaceOfProcess(const EnvironmentReader& read) {
  constexpr const char* kPairs[][2] = {{"RANK", "WORLD_SIZE"},
                                       {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                       {"PMI_RANK", "PMI_SIZE"}};
  ProcessPlace place;
  for (const auto& [rank_name, count_name] : kPairs) {
    const char* rank = read(rank_name);
    const char* count = read(count_name);
    if (rank == nullptr || count == nullptr) continue;
    place.rank = NumberOf(rank);
    place.count = NumberOf(count);
    if (place.count < 1 || place.rank < 0 || place.rank >= place.count) {
      return Fail(ErrorKind::kMisuse,
                  std::string("finding this process's place: ") + rank_name + " is \"" + rank +
                      "\" and " + count_name + " is \"" + count + "\"",
                  "the first counts from 0 and stays below the second; unset both to train alone");
    }
    break;
  }
  if (place.alone()) return place;
  const char* address = read("MASTER_ADDR");
  const char* port = read("MASTER_PORT");
  place.port = port == nullptr ? -1 : NumberOf(port);
  if (address == nullptr || *address == '\0' || place.port < 1 || place.port > 65535) {
    return Fail(ErrorKind::kMisuse,
                "finding the first of " + std::to_string(place.count) +
                    " processes: MASTER_ADDR and MASTER_PORT do not say where it listens",
                "MASTER_ADDR=10.0.0.1 MASTER_PORT=29500; torchrun sets them itself");
  }
  place.address = address;
  // torchrun listens on that port itself.
  const char* taken = read("TORCHELASTIC_USE_AGENT_STORE");
  if (taken != nullptr && std::string(taken) == "True") ++place.port;
  return place;
}

Result<ProcessPlace> PlaceOfProcess() {
  return PlaceOfProcess([](const char* name) { return std::getenv(name); });
}

}  // namespace idiolect
