#pragma once
// The command line as a whole: parses, runs one command, prints its error, returns the exit status.

namespace idiolect {

// 0 done, 1 failed, 2 misused, 130 interrupted.
int RunCommandLine(int argc, char** argv);

}  // namespace idiolect
