#pragma once
// What a command's file says of its options. The library that reads a command line stands behind
// this: it is all headers, and compiling it into every command took a third of the program's build.

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "base/language.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace idiolect {

// One option, declared once: its flags, what it is (the unit in it), the variable that sets it.
struct OptionRow {
  const char* flags;
  Text help;
  const char* environment = nullptr;
};

// An option that stands in a command's help; says more about it. Valid as long as its command.
class DeclaredOption {
 public:
  explicit DeclaredOption(CLI::Option* option) : option_(option) {}

  DeclaredOption Required() const;
  // Both ends are allowed. The type is the one that the help shows and the value is read as.
  DeclaredOption Within(int least, int most) const;
  DeclaredOption Within(int64_t least, int64_t most) const;
  DeclaredOption Within(double least, double most) const;
  DeclaredOption OneOf(std::initializer_list<const char*> values) const;
  // Values may stand in one word with commas between them.
  DeclaredOption WithCommas() const;
  // Given several times, the last one counts; otherwise that is an error.
  DeclaredOption LastCounts() const;
  // The default as the help shows it; empty: not at all.
  DeclaredOption ShownDefault(const std::string& text) const;
  // Its heading in the help; empty: not shown.
  DeclaredOption Section(const std::string& heading) const;

  bool given() const;  // on the command line or by its variable

 private:
  CLI::Option* option_;
};

// T: bool (not as a flag), int, unsigned and 64-bit whole numbers, float, double, std::string,
// std::filesystem::path, and vectors of the last two. `value` is the default and gets what is
// given; it outlives the parsing.
template <typename T>
DeclaredOption AddOption(CLI::App& app, Language language, const OptionRow& row, T& value);

DeclaredOption AddFlag(CLI::App& app, Language language, const OptionRow& row, bool& value);

// Calls `take` with what is given, once it is. `take` may throw BadOption.
DeclaredOption AddTaken(CLI::App& app, Language language, const OptionRow& row,
                        std::function<void(const std::string&)> take);

// Calls `take` when the flag is given; at once, before other options are looked at, when asked so.
enum class Take { kInTurn, kAtOnce };
DeclaredOption AddTakenFlag(CLI::App& app, Language language, const OptionRow& row, Take when,
                            std::function<void()> take);

// From within `take`: the value of this option is wrong, and why.
[[noreturn]] void BadOption(const std::string& flag, const std::string& message);
// From within `take`: show the help and end.
[[noreturn]] void ShowHelp();

// One of `names`, of which `current` is the default.
DeclaredOption AddChoice(CLI::App& app, Language language, const OptionRow& row,
                         const std::vector<std::string>& names, const std::string& current,
                         std::function<void(const std::string&)> take);

// The same for an enumeration, by its values' names.
template <typename T>
DeclaredOption AddNamed(CLI::App& app, Language language, const OptionRow& row,
                        const std::map<std::string, T>& names, T& value) {
  std::string current;
  std::vector<std::string> known;
  for (const auto& [name, named] : names) {
    known.push_back(name);
    if (named == value) current = name;
  }
  return AddChoice(app, language, row, known, current,
                   [names, &value](const std::string& name) { value = names.at(name); });
}

// An option declared before, for instance by what several commands share.
DeclaredOption FindOption(CLI::App& app, const char* flag);

// A command within a command: `jobs follow`. Lives as long as `app`.
CLI::App* AddCommand(CLI::App& app, Language language, const char* name, Text help);
// Of its commands one may be given, or none.
void AllowOneCommand(CLI::App& app);
bool Chosen(const CLI::App& command);

}  // namespace idiolect
