#pragma once
// What every command gets: the global options, where to write, and the outside world as interfaces.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/language.h"
#include "base/progress.h"
#include "base/result.h"
#include "store/workspace.h"

namespace idiolect {

enum class OutputForm { kText, kJson };

struct GlobalOptions {
  std::string workspace;  // empty: chosen by ChooseWorkspace
  Language language = Language::kEnglish;
  // Set when the user asked for the language and it is not merely the locale's.
  std::optional<Language> asked_language;
  OutputForm form = OutputForm::kText;
  bool quiet = false;
};

struct Context {
  GlobalOptions global;
  const Clock* clock = nullptr;
  Progress* progress = nullptr;
  Interrupt* interrupt = nullptr;

  const char* Say(Text text) const { return idiolect::Say(global.language, text); }
  bool json() const { return global.form == OutputForm::kJson; }

  // A result for the user or a program: stdout.
  void Print(std::string_view text) const;
  // Words beside the result: stderr, silent with --quiet.
  void Note(std::string_view line) const;
  // The line every command ends with: what to run next.
  void Next(std::string_view command) const;

  Result<std::unique_ptr<Workspace>> OpenWorkspace() const;
  Result<std::unique_ptr<Workspace>> OpenExistingWorkspace() const;
};

// --workspace, else IDIOLECT_WORKSPACE, else the current folder if it holds idiolect.toml, else
// ./workspace.
std::string ChooseWorkspace(const std::string& option);

}  // namespace idiolect
