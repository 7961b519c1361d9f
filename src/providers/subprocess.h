#pragma once
// Runs another program without a shell, waits for it and ends it when asked to. Used for pip alone.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"

namespace idiolect {

struct ProgramRun {
  std::vector<std::string> arguments;    // the first is the program, looked up in PATH
  std::vector<std::string> environment;  // "NAME=value", added to ours or in its place
  std::filesystem::path output;          // both its outputs are written here; its input is empty
};

// The exit status (128 + N when signal N ended it). kNotFound when there is no such program,
// kInterrupted after the program and all that it started were ended. `while_running` is called
// about ten times a second.
Result<int> RunProgram(const ProgramRun& run, const Interrupt& interrupt,
                       const std::function<void()>& while_running);

}  // namespace idiolect
