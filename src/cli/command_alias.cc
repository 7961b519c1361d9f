#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "providers/model_store.h"
#include "serve/model_book.h"
#include "store/files.h"

namespace idiolect {
namespace {

struct Options {
  std::string name, target;
  bool remove = false;
};

Status Print(Context& context, Workspace& workspace) {
  ASSIGN_OR_RETURN(const auto aliases, ListAliases(workspace.database()));
  if (context.json()) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Alias& alias : aliases) {
      list.push_back({{"name", alias.name}, {"target", alias.target}});
    }
    context.Print(nlohmann::ordered_json{{"aliases", list}}.dump());
    return {};
  }
  for (const Alias& alias : aliases) context.Print(alias.name + " → " + alias.target);
  if (aliases.empty()) context.Note(context.Say({"no aliases yet", "коротких имён пока нет"}));
  return {};
}

Status Change(Workspace& workspace, const Options& options) {
  const bool plain =
      options.name.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
  if (!plain || options.name.size() > 64) {
    return Fail(ErrorKind::kMisuse, "naming a model \"" + options.name + "\": not a plain name",
                "use Latin letters, digits, '-', '_' and '.', at most 64 of them");
  }
  if (options.remove) return DeleteAlias(workspace.database(), options.name);
  ASSIGN_OR_RETURN(auto store, ModelStore::OpenDefault());
  ASSIGN_OR_RETURN(const auto target, FindNamedModel(workspace, store, options.target));
  if (!target || target->kind == ModelKind::kAlias) {
    return Fail(ErrorKind::kNotFound, "there is no model " + options.target + " to name",
                "models are listed by idiolect status and idiolect models");
  }
  ASSIGN_OR_RETURN(const auto taken, FindNamedModel(workspace, store, options.name));
  if (taken && taken->kind != ModelKind::kAlias) {
    return Fail(ErrorKind::kMisuse, options.name + " is the name of a model already",
                "choose another name");
  }
  return SaveAlias(workspace.database(), {options.name, target->id});
}

}  // namespace

CommandAction DeclareAlias(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language, {"name", {"the short name; none: list all", "имя; без него — список"}},
            options->name);
  AddOption(app, language, {"model", {"a model's name or job id", "имя модели или id задания"}},
            options->target);
  AddFlag(app, language, {"--remove", {"forget the name", "забыть имя"}}, options->remove);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    if (!options->name.empty()) {
      if (options->target.empty() != options->remove) {
        return Fail(ErrorKind::kMisuse, "an alias needs a model to stand for, or --remove",
                    "idiolect alias NAME MODEL");
      }
      RETURN_IF_ERROR(Change(*workspace, *options));
    }
    return Print(context, *workspace);
  };
}

}  // namespace idiolect
