#pragma once
// A stage's JSON summary told in words, for the terminal.

#include <filesystem>
#include <string>

#include "cli/context.h"
#include "store/jobs.h"

namespace idiolect {

std::string ImportText(const Context& context, const std::string& summary);
std::string BuildText(const Context& context, const std::string& summary);
std::string ReportText(const Context& context, const std::string& summary);
std::string JobText(const Context& context, const std::filesystem::path& workspace, const Job& job);

}  // namespace idiolect
