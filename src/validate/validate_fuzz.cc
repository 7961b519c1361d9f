// Whatever the bytes are: checking ends, places are inside the file, and what was mended has no
// error left in any line and cannot be mended further.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "validate/mend.h"
#include "validate/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace idiolect;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto counter = MakeEstimatedCounter();
  ValidateOptions options;
  options.min_examples = 0;
  const auto lines = static_cast<size_t>(std::count(bytes.begin(), bytes.end(), '\n')) + 1;
  const ValidationReport report = ValidateBytes(bytes, options, *counter);
  for (const Finding& finding : report.findings) {
    if (finding.line > lines || finding.column > size + 1) std::abort();
  }
  if (report.examples > report.lines || report.billable_tokens > report.tokens) std::abort();
  const MendResult mended = MendBytes(bytes);
  if (ValidateBytes(mended.bytes, options, *counter).Errors() != 0) std::abort();
  if (!MendBytes(mended.bytes).done.empty()) std::abort();
  return 0;
}
