#include "cli/command.h"
#include "cli/stages.h"
#include "cli/texts.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona;
  std::string names = "pseudonyms";
  ReportOptions report;
  bool no_time = false, explain = false, again = false;
};

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
      .OneOf({"pseudonyms", "real"});
  AddOption(app, language,
            {"--timezone",
             {"whose hours to count by, as Europe/Moscow; default: this machine's",
              "по чьим часам считать, например Europe/Moscow; по умолчанию — этой машины"}},
            options->report.time_zone);
  AddFlag(app, language,
          {"--no-time",
           {"do not measure how long training here takes (ten seconds, once a machine and model)",
            "не измерять, сколько длится обучение здесь (десять секунд, раз на машину и модель)"}},
          options->no_time);
  AddFlag(app, language,
          {"--explain", {"say why it runs or is skipped", "почему выполняется или нет"}},
          options->explain);
  AddFlag(app, language, {"--again", {"even if nothing changed", "даже если ничего не изменилось"}},
          options->again);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options->persona));
    options->report.names = options->names == "real" ? Names::kReal : Names::kPseudonyms;
    ASSIGN_OR_RETURN(const auto result,
                     ReportStage(context, *workspace, persona, options->report,
                                 options->no_time ? MeasureTime::kNo : MeasureTime::kYes,
                                 options->explain ? Explain::kYes : Explain::kNo,
                                 options->again ? Force::kYes : Force::kNo));
    context.Print(context.json() ? result.summary : ReportText(context, result.summary));
    context.Next("finetune");
    return {};
  };
}

}  // namespace idiolect
