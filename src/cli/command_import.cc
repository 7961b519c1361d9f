#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "cli/texts.h"
#include "importer/import_report.h"

namespace idiolect {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool explain = false;
};

}  // namespace

// The summary in words; the numbers are those of the JSON.
std::string ImportText(const Context& context, const std::string& summary) {
  const auto json = nlohmann::json::parse(summary, nullptr, false);
  const auto number = [](const nlohmann::json& object, const char* name) -> int64_t {
    return object.is_object() && object.contains(name) && object[name].is_number()
               ? object[name].get<int64_t>()
               : 0;
  };
  std::string text;
  if (!json.is_object() || !json.contains("files")) return text;
  for (const auto& file : json["files"]) {
    text += file.value("path", "") + ": " + GroupDigits(number(file, "messages")) +
            context.Say({" messages in ", " сообщений, чатов: "}) +
            GroupDigits(number(file, "chats")) + context.Say({" chats, ", ", новых: "}) +
            GroupDigits(number(file, "new_messages")) + context.Say({" new", ""}) + "\n";
    if (file.contains("skipped")) {
      for (const auto& [reason, count] : file["skipped"].items()) {
        text += std::string("  ") + context.Say({"skipped: ", "пропущено: "}) + reason + " " +
                std::to_string(count.get<int64_t>()) + "\n";
      }
    }
    if (file.contains("problems")) {
      for (const auto& problem : file["problems"]) {
        const auto kind = ProblemNamed(problem.value("kind", ""));
        if (!kind) continue;
        text += "  ! " +
                DescribeProblem(
                    {*kind, number(problem, "count"),
                     static_cast<uint64_t>(number(problem, "byte")), number(problem, "line")},
                    context.global.language) +
                "\n";
      }
    }
  }
  return text;
}

CommandAction DeclareImport(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"PATH", {"exports: files, or folders that hold them", "экспорты: файлы или папки"}},
            options->paths)
      ->required();
  AddFlag(app, language,
          {"--explain", {"say what changed since the last import", "что изменилось"}},
          options->explain);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenWorkspace());
    ASSIGN_OR_RETURN(auto result,
                     ImportStage(context, *workspace, options->paths,
                                 options->explain ? Explain::kYes : Explain::kNo, Force::kYes));
    context.Print(context.json() ? result.summary : ImportText(context, result.summary));
    context.Next("people");
    return {};
  };
}

}  // namespace idiolect
