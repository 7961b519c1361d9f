#pragma once
// A command is one row: its name, what it is for, how it declares its options, and two examples.
// The table in commands.cc lists them all; help, parsing and suggestions come from there.

#include <functional>
#include <string>
#include <vector>

#include "base/language.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/options.h"

namespace idiolect {

// Runs with the options that Declare bound; prints its result itself.
using CommandAction = std::function<Status(Context&)>;

// Commands that the program runs itself are not in the help.
enum class InHelp { kYes, kNo };

struct Command {
  const char* name;
  Text summary;
  // Declares the options on `app` and returns what to do with them. The values they are bound to
  // live in the returned action.
  CommandAction (*declare)(CLI::App& app, Language language);
  const char* examples;  // two lines
  InHelp in_help = InHelp::kYes;
};

const std::vector<Command>& Commands();

CommandAction DeclareImport(CLI::App& app, Language language);
CommandAction DeclarePeople(CLI::App& app, Language language);
CommandAction DeclareLinks(CLI::App& app, Language language);
CommandAction DeclareBuild(CLI::App& app, Language language);
CommandAction DeclareReport(CLI::App& app, Language language);
CommandAction DeclareValidate(CLI::App& app, Language language);
CommandAction DeclareFinetune(CLI::App& app, Language language);
CommandAction DeclareChat(CLI::App& app, Language language);
CommandAction DeclareRun(CLI::App& app, Language language);
CommandAction DeclareStatus(CLI::App& app, Language language);
CommandAction DeclareExport(CLI::App& app, Language language);
CommandAction DeclareWhy(CLI::App& app, Language language);
CommandAction DeclareServe(CLI::App& app, Language language);
CommandAction DeclareAlias(CLI::App& app, Language language);
CommandAction DeclareWork(CLI::App& app, Language language);
CommandAction DeclareModels(CLI::App& app, Language language);
CommandAction DeclareJobs(CLI::App& app, Language language);
CommandAction DeclareFiles(CLI::App& app, Language language);

}  // namespace idiolect
