#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "cli/texts.h"
#include "importer/importer.h"

namespace idiolect {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool explain = false;
  bool check = false;
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
            GroupDigits(number(file, "chats"));
    if (file.contains("new_messages")) {
      text += context.Say({" chats, ", ", новых: "}) + GroupDigits(number(file, "new_messages")) +
              context.Say({" new", ""});
    } else {
      text += context.Say({" chats", ""});
    }
    text += "\n";
    if (number(file, "joined_chats") > 0) {
      text += context.Say({"  joined with a chat imported before: ",
                           "  соединено с ранее импортированными чатами: "}) +
              GroupDigits(number(file, "joined_chats")) + "\n";
    }
    if (number(file, "identified_messages") > 0) {
      text += context.Say({"  messages whose author was a name and now has an id: ",
                           "  сообщений, у авторов которых вместо имени теперь id: "}) +
              GroupDigits(number(file, "identified_messages")) + "\n";
    }
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
  const auto& totals = json["totals"];
  if (totals.contains("contents")) {
    const auto& contents = totals["contents"];
    text += std::string(context.Say({"in all: ", "всего: "})) +
            GroupDigits(number(totals, "messages")) + context.Say({" messages (", " сообщений ("}) +
            GroupDigits(number(contents, "ordinary")) + context.Say({" ordinary, ", " обычных, "}) +
            GroupDigits(number(contents, "service")) +
            context.Say({" service), replies: ", " служебных), ответов: "}) +
            GroupDigits(number(contents, "replies")) + context.Say({", people: ", ", людей: "}) +
            GroupDigits(number(contents, "people")) + context.Say({", topics: ", ", тем: "}) +
            GroupDigits(number(contents, "topics")) + "\n";
  }
  return text;
}

CommandAction DeclareImport(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"PATH",
             {"exports: files, folders or archives (zip, 7z, tar.gz, tar.xz) that hold them",
              "экспорты: файлы, папки или архивы (zip, 7z, tar.gz, tar.xz)"}},
            options->paths)
      .Required();
  AddFlag(app, language,
          {"--explain", {"say what changed since the last import", "что изменилось"}},
          options->explain);
  AddFlag(app, language,
          {"--check",
           {"read and report, write nothing; needs no workspace",
            "прочитать и отчитаться, ничего не записывая; папка не нужна"}},
          options->check);
  return [options](Context& context) -> Status {
    if (options->check) {
      const std::vector<std::filesystem::path> paths(options->paths.begin(), options->paths.end());
      ASSIGN_OR_RETURN(auto report,
                       CheckPaths(paths, ImportOptions{}, *context.progress, *context.interrupt));
      const std::string summary = report.ToJson();
      context.Print(context.json() ? summary : ImportText(context, summary));
      return {};
    }
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
