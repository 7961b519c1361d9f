#pragma once
// The three services behind MakeTuningService; nobody outside this folder includes it.

#include <memory>

#include "providers/tuning_service.h"

namespace idiolect {

std::unique_ptr<TuningService> MakeOpenAiService(const ServiceOptions& options, HttpClient& http,
                                                 const Interrupt& interrupt);
std::unique_ptr<TuningService> MakeVertexService(const ServiceOptions& options, HttpClient& http,
                                                 const Clock& clock, const Interrupt& interrupt);
// Files only: the Gemini API has no tuning.
std::unique_ptr<TuningService> MakeGeminiService(const ServiceOptions& options, HttpClient& http,
                                                 const Interrupt& interrupt);

}  // namespace idiolect
