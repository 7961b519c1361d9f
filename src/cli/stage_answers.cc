#include "base/file.h"
#include "cli/engine_loader.h"
#include "cli/stages.h"
#include "dataset/reader.h"
#include "evaluate/side_by_side.h"

namespace idiolect {

Result<StageResult> AnswersStage(Context& context, Workspace& workspace, const Job& job,
                                 const EngineOptions& engine_options, size_t count,
                                 Explain explain) {
  const auto json_file = workspace.results_folder() / (job.id + ".json");
  const auto markdown_file = workspace.results_folder() / (job.id + ".md");
  const bool known = Exists(json_file) && Exists(markdown_file);
  if (explain == Explain::kYes) {
    context.Note(
        std::string("answers: ") +
        (known ? context.Say({"the results are there", "результаты уже есть"})
               : context.Say({"this model has not answered yet", "эта модель ещё не отвечала"})));
  }
  if (known) {
    ASSIGN_OR_RETURN(const auto text, ReadFile(json_file));
    ASSIGN_OR_RETURN(const auto saved, ParseSideBySide(text));
    if (!context.json()) context.Print(SideBySideText(saved, context.global.language));
    return StageResult{text, false};
  }
  ASSIGN_OR_RETURN(auto chosen, ChooseModel(context, workspace, job.id));
  const auto dataset = workspace.folder() / job.dataset;
  ASSIGN_OR_RETURN(auto samples, ReadSamples(dataset / "test.jsonl"));
  ASSIGN_OR_RETURN(auto engine, LoadEngine());
  ASSIGN_OR_RETURN(auto tuned, engine->Open(chosen.spec, engine_options));
  ASSIGN_OR_RETURN(const ModelSpec base_spec, BaseOf(chosen));
  ASSIGN_OR_RETURN(auto base, engine->Open(base_spec, engine_options));

  GenerateOptions generate;
  generate.max_tokens = 120;
  generate.temperature = 0.7;
  ASSIGN_OR_RETURN(auto comparison, CompareOnSamples(*base, *tuned, samples, count, generate,
                                                     *context.progress, *context.interrupt));
  comparison.persona = chosen.persona_name;
  RETURN_IF_ERROR(
      PublishFile(markdown_file, SideBySideMarkdown(comparison, context.global.language)));
  const std::string json = SideBySideJson(comparison);
  RETURN_IF_ERROR(PublishFile(json_file, json));
  if (!context.json()) context.Print(SideBySideText(comparison, context.global.language));
  return StageResult{json, true};
}

}  // namespace idiolect
