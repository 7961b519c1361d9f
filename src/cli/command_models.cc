#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "cli/command.h"
#include "cli/export_model.h"
#include "cli/hosted.h"
#include "providers/model_store.h"

namespace idiolect {
namespace {

std::string Megabytes(uint64_t bytes) {
  return GroupDigits(static_cast<int64_t>((bytes + 500'000) / 1'000'000)) + " MB";
}

struct StateName {
  const char* code;
  Text text;
};

StateName NameOf(ModelState state) {
  switch (state) {
    case ModelState::kAbsent:
      return {"absent", {"not on disk", "нет на диске"}};
    case ModelState::kPartial:
      return {"partial", {"partly downloaded", "загружена частично"}};
    case ModelState::kReady:
      return {"ready", {"on disk", "на диске"}};
    case ModelState::kDamaged:
      return {"damaged", {"damaged", "повреждена"}};
  }
  return {"absent", {"not on disk", "нет на диске"}};
}

Status ListModels(Context& context) {
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  ASSIGN_OR_RETURN(auto models, store.List());
  if (context.json()) {
    auto out = nlohmann::ordered_json::object();
    out["folder"] = store.folder().string();
    out["models"] = nlohmann::ordered_json::array();
    for (const ListedModel& model : models) {
      nlohmann::ordered_json row = {{"name", model.name},
                                    {"state", NameOf(model.state).code},
                                    {"path", model.path.string()},
                                    {"bytes_on_disk", model.bytes_on_disk}};
      if (model.catalogue) {
        row["bytes"] = model.catalogue->bytes;
        row["sha256"] = model.catalogue->sha256;
        row["licence"] = model.catalogue->licence;
        row["licence_url"] = model.catalogue->licence_url;
        row["description"] = model.catalogue->description;
        row["languages"] = model.catalogue->languages;
      }
      out["models"].push_back(std::move(row));
    }
    context.Print(out.dump(1));
    return {};
  }
  std::string text;
  for (const ListedModel& model : models) {
    text += model.name + "  (" + context.Say(NameOf(model.state).text) + ", " +
            Megabytes(model.catalogue ? model.catalogue->bytes : model.bytes_on_disk) + ")\n";
    if (!model.catalogue) continue;
    text += "    " + model.catalogue->description + "\n    " +
            context.Say({"languages: ", "языки: "}) + model.catalogue->languages + "\n    " +
            context.Say({"licence: ", "лицензия: "}) + model.catalogue->licence + ", " +
            model.catalogue->licence_url + "\n";
  }
  context.Print(text);
  context.Note(std::string(context.Say({"folder: ", "папка: "})) + store.folder().string());
  context.Next("models pull NAME");
  return {};
}

Status PullModel(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  ASSIGN_OR_RETURN(const auto path, store.Pull(name, *context.progress, *context.interrupt));
  if (context.json()) {
    context.Print(nlohmann::ordered_json({{"name", name}, {"path", path.string()}}).dump());
  } else {
    context.Print(path.string());
  }
  context.Next("finetune --model " + name);
  return {};
}

Status AddModel(Context& context, const std::string& file) {
  RETURN_IF_ERROR(CheckModelFolder(file));
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  ASSIGN_OR_RETURN(const auto added, store.Add(file, *context.progress, *context.interrupt));
  if (context.json()) {
    context.Print(
        nlohmann::ordered_json({{"name", added.name}, {"path", added.path.string()}}).dump());
  } else {
    context.Print(added.name + "  " + added.path.string());
  }
  context.Next("finetune --model " + added.name);
  return {};
}

// What a hosted service has, trained models among them.
Status ListHostedModels(Context& context, const ServiceChoice& choice) {
  ASSIGN_OR_RETURN(auto opened,
                   OpenService(context, ChooseWorkspace(context.global.workspace), choice));
  ASSIGN_OR_RETURN(const auto models, opened->service->ListModels());
  if (context.json()) {
    auto out = nlohmann::ordered_json::object();
    out["provider"] = opened->provider.name;
    out["models"] = nlohmann::ordered_json::array();
    for (const auto& model : models) {
      out["models"].push_back({{"id", model.id},
                               {"owned_by", model.owner},
                               {"created", model.created_at},
                               {"shutdown_date", model.until}});
    }
    context.Print(out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return {};
  }
  std::string text;
  for (const auto& model : models) {
    text += model.id;
    if (!model.until.empty()) {
      text += std::string("  ") + context.Say({"ends on ", "работает до "}) + model.until;
    }
    text += "\n";
  }
  context.Print(text);
  context.Next("chat --provider " + opened->provider.name + " --model NAME");
  return {};
}

struct Options {
  ServiceChoice choice;
  std::string name, file;
  CLI::App* pull = nullptr;
  CLI::App* add = nullptr;
  CLI::App* exporting = nullptr;
  CommandAction run_export;
};

}  // namespace

CommandAction DeclareModels(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  options->pull = AddCommand(app, language, "pull",
                             {"get a model of the catalogue", "загрузить модель из каталога"});
  AddOption(*options->pull, language, {"NAME", {"its name in the list", "её имя в списке"}},
            options->name)
      .Required();
  options->add = AddCommand(app, language, "add",
                            {"take in a model of your own: a GGUF file, or a folder with "
                             "config.json and safetensors",
                             "добавить свою модель: файл GGUF или папку с config.json и "
                             "safetensors"});
  AddOption(*options->add, language, {"PATH", {"file or folder", "файл или папка"}}, options->file)
      .Required();
  options->exporting = AddCommand(app, language, "export",
                                  {"write a trained model for other programs",
                                   "записать обученную модель для других программ"});
  options->run_export = DeclareModelExport(*options->exporting, language);
  AllowOneCommand(app);
  AddServiceOptions(app, language, options->choice, ProviderRole::kUsing);
  return [options](Context& context) -> Status {
    if (Chosen(*options->pull)) return PullModel(context, options->name);
    if (Chosen(*options->add)) return AddModel(context, options->file);
    if (Chosen(*options->exporting)) return options->run_export(context);
    if (!options->choice.provider.empty() && options->choice.provider != "local") {
      return ListHostedModels(context, options->choice);
    }
    return ListModels(context);
  };
}

}  // namespace idiolect
