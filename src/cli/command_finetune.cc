#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/stages.h"
#include "cli/texts.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona, provider = "local", precision = "auto";
  FinetuneOptions finetune;
  bool explain = false;
};

}  // namespace

std::string JobText(const Context& context, const Job& job) {
  const auto result = nlohmann::json::parse(job.result, nullptr, false);
  std::string text = job.fine_tuned_model + "\n";
  const auto number = [&result](const char* name) -> std::string {
    if (!result.is_object() || !result.contains(name) || !result[name].is_number()) return "–";
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.4f", result[name].get<double>());
    return digits;
  };
  text += std::string(context.Say({"validation loss: ", "потери на проверке: "})) +
          number("base_valid_loss") + " → " + number("valid_loss") + "\n";
  return text + context.Say({"adapter: ", "адаптер: "}) + job.adapter + "\n";
}

CommandAction DeclareFinetune(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--persona",
             {"an id, a name or a part of one; default: the one chosen before",
              "id, имя или его часть; по умолчанию — выбранная раньше"},
             "IDIOLECT_PERSONA"},
            options->persona);
  AddOption(app, language, {"--provider", {"who trains: local", "кто обучает: local"}},
            options->provider)
      ->check(CLI::IsMember({"local"}));
  AddOption(app, language,
            {"--dataset",
             {"a folder of datasets/; default: the newest",
              "папка из datasets/; "
              "по умолчанию новейшая"}},
            options->finetune.dataset);
  AddTrainOptions(app, language, options->finetune, options->precision);
  AddFlag(app, language,
          {"--explain", {"say why it runs or is skipped", "почему выполняется или нет"}},
          options->explain);
  return [options](Context& context) -> Status {
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->finetune.engine));
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options->persona));
    ASSIGN_OR_RETURN(auto result, FinetuneStage(context, *workspace, persona, options->finetune,
                                                options->explain ? Explain::kYes : Explain::kNo));
    context.Print(context.json() ? result.stage.summary : JobText(context, result.job));
    context.Next("chat");
    return {};
  };
}

}  // namespace idiolect
