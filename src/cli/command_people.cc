#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"

namespace idiolect {
namespace {

struct Options {
  std::string persona;
  int limit = 0;
};

nlohmann::ordered_json PersonJson(const PersonSummary& person) {
  auto names = nlohmann::ordered_json::array();
  for (const PersonName& name : person.names) names.push_back(name.name);
  return {{"id", person.source_id},
          {"name", ShownName(person)},
          {"names", names},
          {"messages", person.messages},
          {"chats", person.chats}};
}

std::string PersonLine(const Context& context, const PersonSummary& person) {
  std::string line = GroupDigits(person.messages);
  line.insert(0, line.size() < 9 ? 9 - line.size() : 0, ' ');
  line += context.Say({" messages, ", " сообщений, чатов: "}) + std::to_string(person.chats) +
          context.Say({person.chats == 1 ? " chat    " : " chats   ", "   "}) + ShownName(person) +
          "  " + person.source_id;
  if (person.names.size() > 1) {
    line += context.Say({"  also: ", "  также: "});
    for (size_t i = 1; i < person.names.size(); ++i) {
      line += (i > 1 ? ", " : "") + person.names[i].name;
    }
  }
  return line + "\n";
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

CommandAction DeclarePeople(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"--persona",
             {"choose and remember: an id, a name or a part of one",
              "выбрать и запомнить: id, имя или его часть"}},
            options->persona);
  AddOption(app, language, {"--limit", {"show so many; 0: all", "показать столько; 0: всех"}},
            options->limit)
      ->check(CLI::Range(0, 1'000'000));
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    if (!options->persona.empty()) {
      ASSIGN_OR_RETURN(auto person, ChoosePersona(context, *workspace, options->persona));
      context.Print(context.json() ? Dump(PersonJson(person)) : PersonLine(context, person));
      context.Next("build");
      return {};
    }
    ASSIGN_OR_RETURN(auto people, ListPeople(workspace->database()));
    const size_t shown = options->limit == 0
                             ? people.size()
                             : std::min(people.size(), static_cast<size_t>(options->limit));
    if (context.json()) {
      auto rows = nlohmann::ordered_json::array();
      for (size_t i = 0; i < shown; ++i) rows.push_back(PersonJson(people[i]));
      context.Print(Dump({{"people", rows}, {"total", people.size()}}));
    } else {
      std::string text;
      for (size_t i = 0; i < shown; ++i) text += PersonLine(context, people[i]);
      context.Print(text);
    }
    context.Next("build --persona NAME");
    return {};
  };
}

}  // namespace idiolect
