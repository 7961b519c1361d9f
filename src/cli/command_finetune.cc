#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/hosted.h"
#include "cli/stages.h"
#include "cli/texts.h"
#include "jobs/trained_model.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona, precision = "auto";
  FinetuneOptions finetune;
  HostedFinetuneOptions hosted;
  double multiplier = 0;
  DeclaredOption seed{nullptr};
  bool explain = false;
};

// What the options of local training mean to a provider, and which mean nothing there.
Status ToHosted(const Options& options, HostedFinetuneOptions* hosted, const Provider& provider) {
  if (options.finetune.train.method != TrainMethod::kSupervised) {
    return Fail(ErrorKind::kMisuse, "--method dpo trains on this machine alone",
                "the files of idiolect export --dpo can be uploaded: idiolect files upload");
  }
  *hosted = options.hosted;
  hosted->model = options.finetune.model;
  hosted->dataset = options.finetune.dataset;
  hosted->suffix = options.finetune.suffix;
  hosted->epochs = options.finetune.train.epochs;
  if (options.seed.given()) {
    hosted->seed = static_cast<int64_t>(options.finetune.train.seed & 0x7fffffff);
  }
  const bool absolute = provider.rate == RateMeaning::kAbsolute;
  if ((options.multiplier > 0 && absolute) ||
      (options.finetune.train.learning_rate > 0 && !absolute)) {
    return Fail(ErrorKind::kMisuse,
                provider.title + (absolute ? " wants a learning rate, not a multiplier of one"
                                           : " wants a multiplier of its learning rate"),
                absolute ? "--learning-rate 2e-5" : "--learning-rate-multiplier 1");
  }
  hosted->rate = absolute ? options.finetune.train.learning_rate : options.multiplier;
  return {};
}

}  // namespace

std::string JobText(const Context& context, const std::filesystem::path& workspace,
                    const Job& job) {
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
  const bool whole = TrainedKindOf(workspace / job.adapter) == TrainedKind::kWholeModel;
  return text +
         (whole ? context.Say({"model: ", "модель: "}) : context.Say({"adapter: ", "адаптер: "})) +
         job.adapter + "\n";
}

CommandAction DeclareFinetune(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--persona",
             {"an id, a name or a part of one; default: the one chosen before",
              "id, имя или его часть; по умолчанию — выбранная раньше"},
             "IDIOLECT_PERSONA"},
            options->persona);
  options->hosted.choice.provider = "local";
  AddServiceOptions(app, language, options->hosted.choice, ProviderRole::kTraining);
  AddOption(app, language,
            {"--dataset",
             {"a folder of datasets/; default: the newest",
              "папка из datasets/; "
              "по умолчанию новейшая"}},
            options->finetune.dataset);
  AddTrainOptions(app, language, options->finetune, options->precision);
  options->seed = FindOption(app, "--seed");
  AddOption(app, language,
            {"--learning-rate-multiplier",
             {"for hosted providers; 0: theirs", "для чужих сервисов; 0: их выбор"}},
            options->multiplier)
      .Within(0.0, 100.0);
  AddOption(
      app, language,
      {"--batch-size", {"for hosted providers; 0: theirs", "для чужих сервисов; 0: их выбор"}},
      options->hosted.batch_size)
      .Within(0, 256);
  AddFlag(app, language, {"--yes", {"send without asking", "отправить, не спрашивая"}},
          options->hosted.yes);
  AddFlag(app, language,
          {"--dry-run",
           {"show what would be sent, send nothing", "показать, что ушло бы; не отправлять"}},
          options->hosted.dry_run);
  AddFlag(app, language,
          {"--again",
           {"another job although one succeeded", "ещё одно задание, хотя одно уже удалось"}},
          options->hosted.again);
  AddFlag(app, language,
          {"--explain", {"say why it runs or is skipped", "почему выполняется или нет"}},
          options->explain);
  return [options](Context& context) -> Status {
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->finetune.engine));
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    ASSIGN_OR_RETURN(auto persona, ChoosePersona(context, *workspace, options->persona));
    if (options->hosted.choice.provider != "local") {
      ASSIGN_OR_RETURN(const auto all, ReadProviders(workspace->folder()));
      ASSIGN_OR_RETURN(const auto provider, FindProvider(all, options->hosted.choice.provider));
      HostedFinetuneOptions hosted;
      RETURN_IF_ERROR(ToHosted(*options, &hosted, provider));
      return HostedFinetune(context, *workspace, persona, hosted);
    }
    if (options->hosted.dry_run) {
      return Fail(ErrorKind::kMisuse,
                  "--dry-run is for hosted providers: local training sends nothing");
    }
    ASSIGN_OR_RETURN(auto result, FinetuneStage(context, *workspace, persona, options->finetune,
                                                options->explain ? Explain::kYes : Explain::kNo));
    context.Print(context.json() ? result.stage.summary
                                 : JobText(context, workspace->folder(), result.job));
    if (!result.job.adapter.empty()) context.Next("chat");
    return {};
  };
}

}  // namespace idiolect
