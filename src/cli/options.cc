#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <filesystem>

namespace idiolect {
namespace {

DeclaredOption Declared(CLI::Option* option, const OptionRow& row) {
  if (row.environment != nullptr) option->envname(row.environment);
  return DeclaredOption(option);
}

}  // namespace

DeclaredOption DeclaredOption::Required() const {
  option_->required();
  return *this;
}

DeclaredOption DeclaredOption::Within(int least, int most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

DeclaredOption DeclaredOption::Within(int64_t least, int64_t most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

DeclaredOption DeclaredOption::Within(double least, double most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

DeclaredOption DeclaredOption::OneOf(std::initializer_list<const char*> values) const {
  option_->check(CLI::IsMember(std::vector<std::string>(values.begin(), values.end())));
  return *this;
}

DeclaredOption DeclaredOption::WithCommas() const {
  option_->delimiter(',');
  return *this;
}

DeclaredOption DeclaredOption::LastCounts() const {
  option_->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  return *this;
}

DeclaredOption DeclaredOption::ShownDefault(const std::string& text) const {
  option_->default_str(text);
  return *this;
}

DeclaredOption DeclaredOption::Section(const std::string& heading) const {
  option_->group(heading);
  return *this;
}

bool DeclaredOption::given() const {
  return option_->count() > 0;
}

template <typename T>
DeclaredOption AddOption(CLI::App& app, Language language, const OptionRow& row, T& value) {
  return Declared(app.add_option(row.flags, value, Say(language, row.help)), row);
}

#define IDIOLECT_OPTION_OF(...)                                                             \
  template DeclaredOption AddOption(CLI::App& app, Language language, const OptionRow& row, \
                                    __VA_ARGS__& value)
IDIOLECT_OPTION_OF(bool);
IDIOLECT_OPTION_OF(int);
IDIOLECT_OPTION_OF(uint16_t);
IDIOLECT_OPTION_OF(int64_t);
IDIOLECT_OPTION_OF(uint32_t);
IDIOLECT_OPTION_OF(uint64_t);
IDIOLECT_OPTION_OF(float);
IDIOLECT_OPTION_OF(double);
IDIOLECT_OPTION_OF(std::string);
IDIOLECT_OPTION_OF(std::filesystem::path);
IDIOLECT_OPTION_OF(std::vector<std::string>);
IDIOLECT_OPTION_OF(std::vector<std::filesystem::path>);
#undef IDIOLECT_OPTION_OF

DeclaredOption AddFlag(CLI::App& app, Language language, const OptionRow& row, bool& value) {
  return Declared(app.add_flag(row.flags, value, Say(language, row.help)), row);
}

DeclaredOption AddTaken(CLI::App& app, Language language, const OptionRow& row,
                        std::function<void(const std::string&)> take) {
  return Declared(
      app.add_option_function<std::string>(row.flags, std::move(take), Say(language, row.help)),
      row);
}

DeclaredOption AddTakenFlag(CLI::App& app, Language language, const OptionRow& row, Take when,
                            std::function<void()> take) {
  CLI::Option* option = app.add_flag_callback(row.flags, std::move(take), Say(language, row.help));
  if (when == Take::kAtOnce) option->trigger_on_parse();
  return Declared(option, row);
}

void BadOption(const std::string& flag, const std::string& message) {
  throw CLI::ValidationError(flag, message);
}

void ShowHelp() {
  throw CLI::CallForHelp();
}

DeclaredOption AddChoice(CLI::App& app, Language language, const OptionRow& row,
                         const std::vector<std::string>& names, const std::string& current,
                         std::function<void(const std::string&)> take) {
  CLI::Option* option =
      app.add_option_function<std::string>(row.flags, std::move(take), Say(language, row.help));
  option->check(CLI::IsMember(names))->default_str(current);
  return Declared(option, row);
}

DeclaredOption FindOption(CLI::App& app, const char* flag) {
  return DeclaredOption(app.get_option(flag));
}

CLI::App* AddCommand(CLI::App& app, Language language, const char* name, Text help) {
  return app.add_subcommand(name, Say(language, help));
}

void AllowOneCommand(CLI::App& app) {
  app.require_subcommand(0, 1);
}

bool Chosen(const CLI::App& command) {
  return command.parsed();
}

}  // namespace idiolect
