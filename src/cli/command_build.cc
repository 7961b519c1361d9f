#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "cli/texts.h"
#include "dataset/reject_rules.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona;
  BuildOptions build;
  bool explain = false;
  bool again = false;
};

}  // namespace

std::string BuildText(const Context& context, const std::string& summary) {
  const auto json = nlohmann::ordered_json::parse(summary, nullptr, false);
  if (!json.is_object()) return summary;
  const auto number = [&json](const char* name) {
    return GroupDigits(json.contains(name) && json[name].is_number() ? json[name].get<int64_t>()
                                                                     : 0);
  };
  std::string text = std::string(context.Say({"dialogs ", "диалогов "})) + number("dialogs") +
                     context.Say({", pairs ", ", пар "}) + number("pairs") + ": train " +
                     number("train") + ", valid " + number("valid") + ", test " + number("test") +
                     "\n";
  if (json.contains("rejected") && !json["rejected"].empty()) {
    text += context.Say({"left out:\n", "отсеяно:\n"});
    for (const RejectRuleInfo& info : RejectRules()) {
      if (!json["rejected"].contains(info.name)) continue;
      std::string digits = GroupDigits(json["rejected"][info.name].get<int64_t>());
      digits.insert(0, digits.size() < 9 ? 9 - digits.size() : 0, ' ');
      text += digits + "  " + info.name + " – " + context.Say(info.what) + "\n";
    }
  }
  return text + json.value("dir", "") + "\n";
}

CommandAction DeclareBuild(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--persona",
             {"an id, a name or a part of one; default: the one chosen before",
              "id, имя или его часть; по умолчанию — выбранная раньше"},
             "IDIOLECT_PERSONA"},
            options->persona);
  options->build.language = language;
  AddBuildOptions(app, language, options->build);
  AddFlag(app, language,
          {"--explain", {"say why it runs or is skipped", "почему выполняется или нет"}},
          options->explain);
  AddFlag(app, language, {"--again", {"even if nothing changed", "даже если ничего не изменилось"}},
          options->again);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options->persona));
    options->build.language = context.global.language;
    options->build.labels = context.global.asked_language;
    ASSIGN_OR_RETURN(auto result, BuildStage(context, *workspace, persona, options->build,
                                             options->explain ? Explain::kYes : Explain::kNo,
                                             options->again ? Force::kYes : Force::kNo));
    context.Print(context.json() ? result.summary : BuildText(context, result.summary));
    context.Next("finetune");
    return {};
  };
}

}  // namespace idiolect
