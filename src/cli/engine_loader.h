#pragma once
// Loads the engine module (libidiolect_engine.so) when a command first needs it, and never before:
// LibTorch alone takes a second.

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "core/engine.h"

namespace idiolect {

// Looks beside the program: ../lib, then the program's own folder, then $IDIOLECT_ENGINE as a full
// path first of all. The module stays loaded until the process ends.
Result<std::unique_ptr<Engine>> LoadEngine();

// When the module that LoadEngine takes was built, in Unix seconds; 0 where there is none. What was
// measured of another build says nothing of this one.
int64_t EngineBuiltAt();

}  // namespace idiolect
