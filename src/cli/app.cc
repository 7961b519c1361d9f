#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/context.h"

namespace idiolect {
namespace {

constexpr int kDone = 0, kFailed = 1, kMisused = 2, kInterrupted = 130;

int ExitStatus(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMisuse:
    case ErrorKind::kNotFound:
      return kMisused;
    case ErrorKind::kInterrupted:
      return kInterrupted;
    case ErrorKind::kFailed:
    case ErrorKind::kBadInput:
    case ErrorKind::kUnavailable:
      return kFailed;
  }
  return kFailed;
}

// The language of the help is needed before parsing, and the settings file before its options are.
struct PreScan {
  Language language = Language::kEnglish;
  std::string workspace;
};

PreScan Scan(int argc, char** argv) {
  PreScan scan;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    scan.language = LanguageOfLocale(value);
    break;
  }
  if (const char* value = std::getenv("IDIOLECT_LANG")) scan.language = LanguageOfLocale(value);
  const auto option = [&](int i, std::string_view name) -> const char* {
    const std::string_view argument = argv[i];
    if (argument == name && i + 1 < argc) return argv[i + 1];
    if (argument.size() > name.size() && argument.substr(0, name.size()) == name &&
        argument[name.size()] == '=') {
      return argv[i] + name.size() + 1;
    }
    return nullptr;
  };
  for (int i = 1; i < argc; ++i) {
    if (const char* value = option(i, "--lang")) scan.language = LanguageOfLocale(value);
    if (const char* value = option(i, "--workspace")) scan.workspace = value;
  }
  return scan;
}

void PrintError(const Context& context, const Error& error) {
  std::string line = std::string(context.Say({"error: ", "ошибка: "})) + error.message;
  if (!error.hint.empty())
    line += std::string("\n") + context.Say({"try: ", "что делать: "}) + error.hint;
  std::fprintf(stderr, "%s\n", line.c_str());
  Log(LogLevel::kError, "a command failed");
}

// Help that fits a screen: usage, options, two examples. CLI11's own formatter repeats types and
// groups that say nothing here.
class ShortFormatter : public CLI::Formatter {
 public:
  std::string make_footer(const CLI::App* app) const override {
    const std::string footer = app->get_footer();
    return footer.empty() ? "" : "\n" + footer + "\n";
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string out;
    if (option->get_type_size() != 0) {
      if (!option->get_default_str().empty()) out += " [" + option->get_default_str() + "]";
      if (!option->get_envname().empty()) out += " ($" + option->get_envname() + ")";
    }
    return out;
  }
};

std::string ExamplesFooter(const char* examples, Language language) {
  std::string footer = Say(language, {"Examples:", "Примеры:"});
  for (std::string_view line : SplitLines(examples)) footer += "\n  " + std::string(line);
  return footer;
}

// "unknown option --personna; did you mean --persona?"
int ReportUnknown(const CLI::App& app, const std::string& word, Language language) {
  std::vector<std::string> known;
  if (word.substr(0, 1) == "-") {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const Command& command : Commands()) known.emplace_back(command.name);
  }
  const auto close = Closest(word, known, 1);
  std::fprintf(
      stderr, "%s%s%s\n", Say(language, {"error: not understood: ", "ошибка: непонятно: "}),
      word.c_str(),
      close.empty()
          ? Say(language, {"\ntry: idiolect --help", "\nчто делать: idiolect --help"})
          : (std::string(Say(language, {"\ndid you mean ", "\nвозможно, "})) + close[0] + "?")
                .c_str());
  return kMisused;
}

int Run(int argc, char** argv) {
  const PreScan scan = Scan(argc, argv);
  const Language language = scan.language;
  GlobalOptions global;
  global.language = language;

  CLI::App app{
      Say(language, {"idiolect: from a person's chat history to a model that writes like them",
                     "idiolect: из истории переписки — модель, которая пишет как этот человек"}),
      "idiolect"};
  app.formatter(std::make_shared<ShortFormatter>());
  app.set_version_flag("--version", std::string("idiolect ") + kVersion);
  app.require_subcommand(1);
  app.fallthrough();  // global options may stand after the command
  std::string lang = LanguageCode(language);
  bool json = false;
  app.get_formatter()->column_width(34);
  app.set_help_flag("-h,--help", Say(language, {"this help", "эта справка"}));
  AddOption(
      app, language,
      {"--workspace", {"folder of the workspace", "папка рабочей области"}, "IDIOLECT_WORKSPACE"},
      global.workspace)
      .LastCounts();
  AddFlag(app, language, {"--json", {"print JSON for programs", "вывод в JSON для программ"}},
          json);
  const DeclaredOption lang_option =
      AddOption(app, language, {"--lang", {"ru or en", "ru или en"}, "IDIOLECT_LANG"}, lang)
          .OneOf({"ru", "en"})
          .LastCounts();
  AddFlag(app, language,
          {"--quiet", {"no progress, no words beside the result", "без прогресса и пояснений"}},
          global.quiet);
  app.footer(
      ExamplesFooter("idiolect run examples/ru/result.json --persona \"Наташа\"\n"
                     "idiolect chat --message \"Привет!\"",
                     language));

  std::vector<CommandAction> actions;
  std::vector<CLI::App*> subcommands;
  for (const Command& command : Commands()) {
    CLI::App* sub = app.add_subcommand(command.name, Say(language, command.summary));
    sub->formatter(app.get_formatter());
    if (command.in_help == InHelp::kNo) sub->group("");
    sub->set_help_flag("-h,--help", Say(language, {"this help", "эта справка"}));
    sub->option_defaults()->always_capture_default();
    sub->footer(ExamplesFooter(command.examples, language));
    actions.push_back(command.declare(*sub, language));
    subcommands.push_back(sub);
  }
  // Options in the workspace's settings file, by command: [build] private-gap-hours = 6.
  const std::string settings = ChooseWorkspace(scan.workspace) + "/idiolect.toml";
  if (Exists(settings)) app.set_config("--settings", settings)->group("");
  app.allow_config_extras(false);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::ExtrasError&) {
    const CLI::App* deepest = &app;
    for (CLI::App* sub : app.get_subcommands()) deepest = sub;
    const auto extra = app.remaining(/*recurse=*/true);
    return ReportUnknown(*deepest, extra.empty() ? "" : extra.front(), language);
  } catch (const CLI::RequiredError& e) {
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty()) {
      return ReportUnknown(app, argv[1], language);
    }
    if (argc == 1) {
      std::fputs(app.help().c_str(), stderr);
      return kMisused;
    }
    std::fprintf(stderr, "%s%s\n", Say(language, {"error: ", "ошибка: "}), e.what());
    return kMisused;
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "%s%s\n", Say(language, {"error: ", "ошибка: "}), e.what());
    return kMisused;
  }
  global.language = LanguageOfLocale(lang);
  if (lang_option.given()) global.asked_language = global.language;
  global.form = json ? OutputForm::kJson : OutputForm::kText;

  Interrupt interrupt;
  RouteSignals(&interrupt);
  SystemClock clock;
  std::unique_ptr<Progress> progress =
      global.quiet ? std::make_unique<NoProgress>() : MakeTerminalProgress(global.language);
  Context context;
  context.global = global;
  context.clock = &clock;
  context.progress = progress.get();
  context.interrupt = &interrupt;

  for (size_t i = 0; i < subcommands.size(); ++i) {
    if (!subcommands[i]->parsed()) continue;
    Status status = actions[i](context);
    progress.reset();
    if (status) return kDone;
    PrintError(context, status.error());
    return ExitStatus(status.error().kind);
  }
  return kMisused;
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: a bug in idiolect: %s\nplease report it\n", e.what());
  }
  return kFailed;
}

}  // namespace idiolect
