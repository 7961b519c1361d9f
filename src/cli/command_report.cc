#include <nlohmann/json.hpp>

#include "analysis/report.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona;
  std::string names = "pseudonyms";
  ReportOptions report;
};

std::string ReportText(const Context& context, const std::string& summary) {
  const auto json = nlohmann::ordered_json::parse(summary, nullptr, false);
  if (!json.is_object()) return summary;
  const auto& dataset = json["dataset"];
  const auto count = [](const nlohmann::ordered_json& number) {
    return GroupDigits(number.get<int64_t>());
  };
  std::string text =
      context.Say({"pairs ", "пар "}) + count(dataset["pairs"]) +
      context.Say({", dialogs ", ", диалогов "}) + count(dataset["dialogs"]) +
      context.Say({", channels ", ", каналов "}) + std::to_string(dataset["channels"].size()) +
      context.Say({", messages ", ", сообщений "}) + count(json["collection"]["messages"]) + "\n";
  for (const auto& file : json["files"]) text += file.get<std::string>() + "\n";
  return text;
}

}  // namespace

CommandAction DeclareReport(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--persona",
             {"an id, a name or a part of one; default: the one chosen before",
              "id, имя или его часть; по умолчанию — выбранная раньше"},
             "IDIOLECT_PERSONA"},
            options->persona);
  AddOption(
      app, language,
      {"--names",
       {"other people: pseudonyms or real", "другие люди: pseudonyms — псевдонимы, real — имена"}},
      options->names)
      ->check(CLI::IsMember({"pseudonyms", "real"}));
  AddOption(app, language,
            {"--timezone",
             {"whose hours to count by, as Europe/Moscow; default: this machine's",
              "по чьим часам считать, например Europe/Moscow; по умолчанию — этой машины"}},
            options->report.time_zone);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options->persona));
    options->report.language = context.global.language;
    options->report.names = options->names == "real" ? Names::kReal : Names::kPseudonyms;
    ASSIGN_OR_RETURN(const std::string summary, WriteReport(*workspace, persona.id, options->report,
                                                            *context.progress, *context.interrupt));
    context.Print(context.json() ? summary : ReportText(context, summary));
    context.Next("finetune");
    return {};
  };
}

}  // namespace idiolect
