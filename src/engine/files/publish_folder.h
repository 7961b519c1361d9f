#pragma once
// A folder that appears whole or not at all.

#include <filesystem>
#include <functional>

#include "base/result.h"

namespace idiolect {

// Makes an empty folder beside `folder`, lets `fill` write into it and moves it to its place in one
// step; an older folder there is replaced. When anything fails, `folder` is as it was.
Status PublishFolder(const std::filesystem::path& folder,
                     const std::function<Status(const std::filesystem::path& beside)>& fill);

}  // namespace idiolect
