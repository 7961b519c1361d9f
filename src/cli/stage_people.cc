#include "cli/stages.h"
#include "dialogs/people.h"

namespace idiolect {

std::string ShownName(const PersonSummary& person) {
  return person.names.empty() ? person.source_id : person.names.front().name;
}

Result<PersonSummary> ChoosePersona(Context& context, Workspace& workspace,
                                    const std::string& wanted, Remember remember) {
  ASSIGN_OR_RETURN(auto people, ListPeopleByName(workspace.database()));
  if (people.empty()) {
    return Fail(ErrorKind::kNotFound, "the workspace holds no messages yet",
                "import chats first: idiolect import EXPORT");
  }
  std::string name = wanted;
  ASSIGN_OR_RETURN(const auto remembered, workspace.Setting("persona"));
  if (name.empty()) {
    if (!remembered) {
      std::string hint = "name one with --persona, for example";
      for (size_t i = 0; i < people.size() && i < 3; ++i) {
        hint += (i == 0 ? " \"" : ", \"") + ShownName(people[i]) + "\"";
      }
      return Fail(ErrorKind::kMisuse, "no persona was chosen yet",
                  hint + "; idiolect people lists all");
    }
    name = *remembered;
  }
  ASSIGN_OR_RETURN(auto person, FindPersona(people, name));
  if (remember == Remember::kYes || !remembered || wanted.empty()) {
    // Also under the name of who that one was merged into meanwhile.
    if (remembered != person.source_id) {
      RETURN_IF_ERROR(workspace.SetSetting("persona", person.source_id));
    }
  } else if (*remembered != person.source_id) {
    context.Note(
        std::string(context.Say({"for this command only: ", "только для этой команды: "})) +
        ShownName(person) +
        context.Say({"; to change for good: idiolect people --persona NAME",
                     "; чтобы сменить насовсем: idiolect people --persona ИМЯ"}));
  }
  return person;
}

}  // namespace idiolect
