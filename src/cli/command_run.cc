#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/stages.h"
#include "cli/texts.h"

namespace idiolect {
namespace {

constexpr size_t kQuestions = 5;

struct Options {
  std::vector<std::string> paths;
  std::string persona, precision = "auto";
  BuildOptions build;
  FinetuneOptions finetune;
  bool explain = false;
};

Status RunAll(Context& context, const Options& options) {
  const Explain explain = options.explain ? Explain::kYes : Explain::kNo;
  ASSIGN_OR_RETURN(auto workspace, context.OpenWorkspace());
  auto report = nlohmann::ordered_json::object();
  const auto done = [&](const char* stage, const StageResult& result, const std::string& words) {
    auto summary = nlohmann::ordered_json::parse(result.summary, nullptr, false);
    report[stage] = {{"ran", result.ran}, {"result", std::move(summary)}};
    if (context.json()) return;
    context.Print(std::string("\n── ") + stage +
                  (result.ran ? "" : context.Say({" (unchanged)", " (без изменений)"})) + "\n" +
                  words);
  };

  ASSIGN_OR_RETURN(auto imported,
                   ImportStage(context, *workspace, options.paths, explain, Force::kNo));
  done("import", imported, ImportText(context, imported.summary));

  ASSIGN_OR_RETURN(auto persona,
                   ChoosePersona(context, *workspace, options.persona, Remember::kYes));
  ASSIGN_OR_RETURN(auto built,
                   BuildStage(context, *workspace, persona, options.build, explain, Force::kNo));
  done("build", built, BuildText(context, built.summary));

  // Training follows at once, so how long it takes need not be measured.
  ASSIGN_OR_RETURN(auto reported, ReportStage(context, *workspace, persona, ReportOptions{},
                                              MeasureTime::kNo, explain, Force::kNo));
  done("report", reported, ReportText(context, reported.summary));

  ASSIGN_OR_RETURN(auto tuned,
                   FinetuneStage(context, *workspace, persona, options.finetune, explain));
  done("finetune", tuned.stage, JobText(context, workspace->folder(), tuned.job));

  if (!context.json()) context.Print("\n── answers\n");
  ASSIGN_OR_RETURN(auto answers, AnswersStage(context, *workspace, tuned.job,
                                              options.finetune.engine, kQuestions, explain));
  report["answers"] = {{"ran", answers.ran},
                       {"result", nlohmann::ordered_json::parse(answers.summary, nullptr, false)}};
  if (context.json()) {
    context.Print(report.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
  context.Next("chat");
  return {};
}

}  // namespace

CommandAction DeclareRun(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"PATH", {"exports: files, or folders that hold them", "экспорты: файлы или папки"}},
            options->paths)
      .Required();
  AddOption(app, language,
            {"--persona",
             {"an id, a name or a part of one", "id, имя или его часть"},
             "IDIOLECT_PERSONA"},
            options->persona);
  AddTrainOptions(app, language, options->finetune, options->precision);
  AddFlag(
      app, language,
      {"--explain", {"say why each stage runs or is skipped", "почему этап выполняется или нет"}},
      options->explain);
  return [options](Context& context) -> Status {
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->finetune.engine));
    options->build.language = context.global.language;
    options->build.labels = context.global.asked_language;
    return RunAll(context, *options);
  };
}

}  // namespace idiolect
