#include "base/file.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "store/runs.h"
#include "store/samples.h"

namespace idiolect {

void AddBuildOptions(CLI::App& app, Language language, BuildOptions& options) {
  for (const BuildOptionField& field : BuildOptionFields()) {
    const std::string flag = std::string("--") + field.name;
    const std::string help = std::string(Say(language, field.help)) +
                             (*field.unit == '\0' ? "" : std::string(", ") + field.unit);
    const OptionRow row = {flag.c_str(), {help.c_str(), help.c_str()}};
    if (field.whole != nullptr) {
      AddOption(app, language, row, options.*field.whole).Within(field.least, field.most);
    } else {
      AddOption(app, language, row, options.*field.real).Within(field.least, field.most);
    }
  }
  AddTaken(app, language,
           {"--pii",
            {"personal data: keep, replace or drop; per kind: replace,phone=keep",
             "личные данные: keep, replace или drop; по видам: replace,phone=keep"}},
           [&options](const std::string& text) {
             auto policy = PiiPolicy::Parse(text);
             if (!policy) BadOption("--pii", policy.error().message + "; " + policy.error().hint);
             options.pii = *policy;
           });
  AddTaken(app, language,
           {"--posts",
            {"a channel's posts in its discussion group: prompt (of the comments under them) or "
             "drop",
             "посты канала в его группе обсуждения: prompt (подсказка для комментариев под ними) "
             "или drop"}},
           [&options](const std::string& text) {
             options.posts = text == "drop" ? Posts::kDrop : Posts::kPrompt;
           })
      .OneOf({"prompt", "drop"});
  AddOption(app, language,
            {"--system", {"system prompt of every sample", "системная подсказка примеров"}},
            options.system_text);
  AddTakenFlag(
      app, language,
      {"--no-system", {"samples without a system prompt", "примеры без системной подсказки"}},
      Take::kInTurn, [&options] { options.system_prompt = SystemPrompt::kNone; });
}

Result<std::filesystem::path> NewestDataset(Workspace& workspace, const PersonSummary& persona) {
  ASSIGN_OR_RETURN(auto dataset, NewestDatasetOf(workspace.database(), persona.id));
  if (dataset) {
    const auto folder = workspace.datasets_folder() / dataset->folder;
    if (Exists(folder / "train.jsonl")) return folder;
  }
  return Fail(ErrorKind::kNotFound, "there is no dataset of " + ShownName(persona) + " yet",
              "build one: idiolect build");
}

Result<StageResult> BuildStage(Context& context, Workspace& workspace, const PersonSummary& persona,
                               const BuildOptions& options, Explain explain, Force force) {
  const std::string stage = "build " + persona.source_id;
  RunKey key = options.ToKey();
  key["code"] = std::string(kVersion) + "/" + std::to_string(kBuildCodeVersion);
  key["persona"] = persona.source_id;
  ASSIGN_OR_RETURN(key["messages"], MessagesFingerprint(workspace.database()));
  ASSIGN_OR_RETURN(auto last, LastRun(workspace.database(), stage));
  std::string difference =
      last ? ExplainDifference(last->key, key) : context.Say({"it never ran", "ещё не запускался"});
  if (difference.empty() && !NewestDataset(workspace, persona)) {
    difference = context.Say({"its files are gone", "его файлов больше нет"});
  }
  if (explain == Explain::kYes) {
    context.Note(std::string("build: ") +
                 (difference.empty() ? context.Say({"nothing changed", "ничего не изменилось"})
                                     : difference.c_str()));
  }
  if (force == Force::kNo && difference.empty()) return StageResult{last->summary, false};

  ASSIGN_OR_RETURN(auto summary, BuildDataset(workspace, persona.id, options, *context.clock,
                                              *context.progress, *context.interrupt));
  RunRecord record{key, context.clock->UnixSeconds(), summary.ToJson()};
  RETURN_IF_ERROR(RecordRun(workspace.database(), stage, record));
  return StageResult{record.summary, true};
}

}  // namespace idiolect
