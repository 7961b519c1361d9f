#pragma once
// A command is one row: its name, what it is for, how it declares its options, and two examples.
// The table in commands.cc lists them all; help, parsing and suggestions come from there.

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/language.h"
#include "base/result.h"
#include "cli/context.h"

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

// One option, declared once: its flags, what it is (the unit in it), the variable that sets it.
struct OptionRow {
  const char* flags;
  Text help;
  const char* environment = nullptr;
};

template <typename T>
CLI::Option* AddOption(CLI::App& app, Language language, const OptionRow& row, T& value) {
  CLI::Option* option = app.add_option(row.flags, value, Say(language, row.help));
  if (row.environment != nullptr) option->envname(row.environment);
  return option;
}

inline CLI::Option* AddFlag(CLI::App& app, Language language, const OptionRow& row, bool& value) {
  return app.add_flag(row.flags, value, Say(language, row.help));
}

// The same for an enumeration, by its values' names.
template <typename T>
CLI::Option* AddNamed(CLI::App& app, Language language, const OptionRow& row,
                      const std::map<std::string, T>& names, T& value) {
  std::string current;
  std::vector<std::string> known;
  for (const auto& [name, named] : names) {
    known.push_back(name);
    if (named == value) current = name;
  }
  CLI::Option* option = app.add_option_function<std::string>(
      row.flags, [names, &value](const std::string& name) { value = names.at(name); },
      Say(language, row.help));
  if (row.environment != nullptr) option->envname(row.environment);
  return option->check(CLI::IsMember(known))->default_str(current);
}

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
