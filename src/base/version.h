#pragma once

namespace idiolect {

constexpr char kVersion[] = IDIOLECT_VERSION;

}  // namespace idiolect
