#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/engine_loader.h"
#include "cli/stages.h"
#include "dataset/export.h"
#include "dataset/folder_name.h"
#include "providers/model_store.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona, format = "openai", dataset, out, model;
  bool dpo = false;
  size_t pairs = 0;
  std::string precision;
  EngineOptions engine;
};

std::string FormatNames() {
  std::string names;
  for (const ExportFormatInfo& info : ExportFormats()) {
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  return names;
}

// The base model answers every prompt; an answer that is empty or the person's own leaves it out.
struct BaseModel {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<ChatModel> model;
};

Result<BaseModel> OpenBaseOf(const LoadedModel& chosen, const EngineOptions& options) {
  ASSIGN_OR_RETURN(const ModelSpec spec, BaseOf(chosen));
  BaseModel base;
  ASSIGN_OR_RETURN(base.engine, LoadEngine());
  ASSIGN_OR_RETURN(base.model, base.engine->Open(spec, options));
  return base;
}

Result<BaseModel> OpenBase(Context& context, Workspace& workspace, const Options& options) {
  std::string wanted = options.model;
  if (wanted.empty()) {
    // The base of the newest trained model is what a preference run would start from.
    auto chosen = ChooseModel(context, workspace, "");
    if (!chosen) {
      return Fail(ErrorKind::kNotFound, "exporting preferences: no model is here to answer",
                  "name a base model: --model gemma-3-270m; idiolect models lists them");
    }
    return OpenBaseOf(*chosen, options.engine);
  }
  ASSIGN_OR_RETURN(const auto chosen, ChooseModel(context, workspace, wanted));
  return OpenBaseOf(chosen, options.engine);
}

Status Run(Context& context, const Options& options) {
  auto format = ExportFormatOf(options.format);
  if (!format) {
    std::vector<std::string> names;
    for (const ExportFormatInfo& info : ExportFormats()) names.emplace_back(info.name);
    const auto close = Closest(options.format, names, 1);
    return Fail(ErrorKind::kMisuse, "exporting: there is no format \"" + options.format + "\"",
                close.empty() ? "known are " + FormatNames() : "did you mean " + close[0] + "?");
  }
  if (options.dpo) format = ExportFormat::kPreference;
  ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
  ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options.persona));
  std::filesystem::path dataset = options.dataset;
  if (dataset.empty()) {
    ASSIGN_OR_RETURN(dataset, NewestDataset(*workspace, persona));
  }
  ExportOptions exporting;
  exporting.format = *format;
  exporting.name = PersonaFolderName(ShownName(persona), persona.source_id);
  exporting.most_pairs = options.pairs;

  std::optional<BaseModel> base;
  uint64_t asked = 0;
  if (*format == ExportFormat::kPreference && options.dpo) {
    ASSIGN_OR_RETURN(base, OpenBase(context, *workspace, options));
    context.progress->Start("export", 0, "answers");
    exporting.rejected =
        [&](const std::vector<ChatMessage>& prompt) -> Result<std::optional<std::string>> {
      if (context.interrupt->Requested()) {
        return Fail(ErrorKind::kInterrupted, "exporting preferences was interrupted",
                    "run the same command again");
      }
      ASSIGN_OR_RETURN(auto session, base->model->NewSession());
      GenerateOptions generate;
      generate.max_tokens = 120;
      generate.temperature = 0.7;
      generate.seed = asked;
      ASSIGN_OR_RETURN(auto answer, session->Generate(
                                        prompt, generate, [](std::string_view) { return true; },
                                        *context.interrupt));
      context.progress->Update(++asked);
      const std::string text(TrimSpace(answer.text));
      return text.empty() ? std::nullopt : std::optional(text);
    };
  }
  const std::filesystem::path out =
      options.out.empty() ? dataset.parent_path() / (dataset.filename().string() + "-" +
                                                     (options.dpo ? "preference" : options.format))
                          : std::filesystem::path(options.out);
  ASSIGN_OR_RETURN(const auto files, ExportDataset(dataset, out, exporting));
  if (base) context.progress->Finish();

  if (context.json()) {
    nlohmann::ordered_json json = {{"format", options.dpo ? "preference" : options.format},
                                   {"dataset", dataset.string()},
                                   {"dir", out.string()},
                                   {"files", nlohmann::ordered_json::array()}};
    for (const ExportedFile& file : files) {
      json["files"].push_back({{"name", file.name}, {"samples", file.samples}});
    }
    context.Print(json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    std::string text;
    for (const ExportedFile& file : files) {
      text += (out / file.name).string();
      if (file.samples > 0) {
        text += "  " + GroupDigits(file.samples) + context.Say({" samples", " примеров"});
      }
      text += "\n";
    }
    context.Print(text);
  }
  return {};
}

}  // namespace

CommandAction DeclareExport(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--format",
             {"openai, sharegpt, alpaca, trl, llamafactory, axolotl, gemini, preference",
              "openai, sharegpt, alpaca, trl, llamafactory, axolotl, gemini, preference"}},
            options->format);
  AddOption(app, language,
            {"--persona",
             {"an id, a name or a part of one; default: the one chosen before",
              "id, имя или его часть; по умолчанию — выбранная раньше"},
             "IDIOLECT_PERSONA"},
            options->persona);
  AddOption(app, language,
            {"--dataset", {"its folder; default: the newest", "папка; по умолчанию новейший"}},
            options->dataset);
  AddOption(app, language,
            {"--out",
             {"folder to write; default: beside the dataset",
              "куда писать; по умолчанию рядом с датасетом"}},
            options->out);
  AddFlag(app, language,
          {"--dpo",
           {"preference pairs: a real answer against the base model's own",
            "пары предпочтений: ответ человека против ответа исходной модели"}},
          options->dpo);
  AddOption(app, language,
            {"--model",
             {"with --dpo: the base model that answers; default: that of the newest "
              "trained model",
              "с --dpo: какая исходная модель отвечает; по умолчанию основа новейшей "
              "обученной"}},
            options->model);
  AddOption(app, language,
            {"--pairs", {"with --dpo: so many at most; 0: all", "с --dpo: не больше; 0: все"}},
            options->pairs);
  AddEngineOptions(app, language, options->engine, options->precision);
  return [options](Context& context) -> Status {
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->engine));
    return Run(context, *options);
  };
}

}  // namespace idiolect
