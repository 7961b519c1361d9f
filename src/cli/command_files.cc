#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/hosted.h"

namespace idiolect {
namespace {

struct Options {
  ServiceChoice choice;
  std::string id, out;
  CLI::App* get = nullptr;
  CLI::App* remove = nullptr;
};

Status ListFiles(Context& context, OpenedService& opened) {
  ASSIGN_OR_RETURN(const auto files, opened.service->ListFiles());
  if (context.json()) {
    auto out = nlohmann::ordered_json::object();
    out["provider"] = opened.provider.name;
    out["files"] = nlohmann::ordered_json::array();
    for (const auto& file : files) {
      out["files"].push_back({{"id", file.id},
                              {"filename", file.name},
                              {"bytes", file.bytes},
                              {"purpose", file.purpose},
                              {"status", file.status},
                              {"created_at", file.created_at}});
    }
    context.Print(out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return {};
  }
  std::string text;
  for (const auto& file : files) {
    text += file.id + "  " + file.name + "  " + GroupDigits(file.bytes) + "  " + file.status + "\n";
  }
  context.Print(text);
  return {};
}

Status GetFile(Context& context, OpenedService& opened, const Options& options) {
  ASSIGN_OR_RETURN(const auto content, opened.service->FileContent(options.id));
  if (options.out.empty() || options.out == "-") {
    std::fwrite(content.data(), 1, content.size(), stdout);
    return {};
  }
  RETURN_IF_ERROR(PublishFile(options.out, content));
  context.Print(context.json() ? nlohmann::json({{"path", options.out}}).dump() : options.out);
  return {};
}

}  // namespace

CommandAction DeclareFiles(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddServiceOptions(app, language, options->choice, ProviderRole::kUsing);
  FindOption(app, "--provider").Required();
  options->get = AddCommand(app, language, "get", {"print a file", "вывести файл"});
  AddOption(*options->get, language, {"ID", {"of the list", "из списка"}}, options->id).Required();
  AddOption(*options->get, language, {"-o,--out", {"file; - is stdout", "файл; - это stdout"}},
            options->out);
  options->remove = AddCommand(app, language, "delete",
                               {"delete a file at the provider", "удалить файл у сервиса"});
  AddOption(*options->remove, language, {"ID", {"of the list", "из списка"}}, options->id)
      .Required();
  AllowOneCommand(app);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto opened, OpenService(context, ChooseWorkspace(context.global.workspace),
                                              options->choice));
    if (Chosen(*options->get)) return GetFile(context, *opened, *options);
    if (Chosen(*options->remove)) {
      RETURN_IF_ERROR(opened->service->DeleteFile(options->id));
      context.Print(context.json() ? nlohmann::json({{"id", options->id}, {"deleted", true}}).dump()
                                   : options->id);
      return {};
    }
    return ListFiles(context, *opened);
  };
}

}  // namespace idiolect
