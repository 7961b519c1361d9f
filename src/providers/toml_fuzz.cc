// Any bytes as the providers' table over the built-in one, and as a catalogue of models.
#include <cstdint>

#include "providers/model_catalogue.h"
#include "providers/provider_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto providers = idiolect::ParseProviders("", text);
  if (providers) {
    for (const auto& provider : *providers) {
      (void)idiolect::CheckTakesJobs(provider, *providers, "2026-11-24",
                                     idiolect::Language::kEnglish);
    }
  }
  (void)idiolect::ParseCatalogue(text);
  return 0;
}
