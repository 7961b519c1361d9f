#pragma once

namespace idiolect {

// The processor cores that this process may use; at least one.
int CountCores();

}  // namespace idiolect
