#pragma once
// Tags and the text between them, as a tree.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/files/jinja_tree.h"

namespace idiolect::jinja {

// Fails with kBadInput for what is no Jinja, or not of the part known here.
Result<std::vector<Node>> ParseTemplate(std::string_view text);

}  // namespace idiolect::jinja
