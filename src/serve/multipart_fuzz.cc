// Multipart bodies: the first byte says in how many pieces they come.
#include <cstdint>
#include <cstdlib>

#include "serve/multipart.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  if (size < 1) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t step = data[0] % 64 + 1;
  size_t given = 0;
  int open = 0;
  MultipartReader reader("xyz", {[&](const MultipartField&) -> Status {
                                   if (open++ != 0) std::abort();
                                   return {};
                                 },
                                 [&](std::string_view bytes) -> Status {
                                   if (open != 1) std::abort();
                                   given += bytes.size();
                                   return {};
                                 },
                                 [&]() -> Status {
                                   if (open-- != 1) std::abort();
                                   return {};
                                 }});
  for (size_t at = 0; at < body.size(); at += step) {
    if (!reader.Add(body.substr(at, step))) return 0;
  }
  if (given > body.size()) std::abort();
  if (reader.Finish() && open != 0) std::abort();
  (void)MultipartBoundary(body);
  return 0;
}
