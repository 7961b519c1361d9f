#pragma once
// The server's models, from the engine module: one base in memory for each file asked for, and the
// adapters on it as they are named.

#include <memory>

#include "cli/engine_loader.h"
#include "serve/model_book.h"

namespace idiolect {

// Loads the engine with the first model. Thread-safe.
std::unique_ptr<ModelHost> MakeModelHost(const EngineOptions& options);

}  // namespace idiolect
