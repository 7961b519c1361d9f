#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "dialogs/people.h"
#include "dialogs/people_proposals.h"
#include "store/people_merges.h"
#include "store/samples.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string persona, first, second, text;
  int limit = 0;
  bool clear = false;
  CLI::App *merge = nullptr, *unmerge = nullptr, *proposals = nullptr, *note = nullptr;
};

// What is known of people beside what they wrote.
struct Known {
  std::vector<std::string> notes;  // by PersonId
  std::string persona;             // the remembered one's source id
  std::vector<DatasetRow> datasets;

  std::string NoteOn(const PersonSummary& person) const {
    const auto id = static_cast<size_t>(person.id);
    return id < notes.size() ? notes[id] : "";
  }
  const DatasetRow* DatasetOf(const PersonSummary& person) const {
    for (const DatasetRow& dataset : datasets) {
      if (dataset.persona == person.id) return &dataset;
    }
    return nullptr;
  }
};

Result<Known> ReadKnown(Workspace& workspace) {
  Known known;
  ASSIGN_OR_RETURN(known.notes, PersonNotes(workspace.database()));
  ASSIGN_OR_RETURN(const auto persona, workspace.Setting("persona"));
  known.persona = persona.value_or("");
  ASSIGN_OR_RETURN(known.datasets, ListDatasets(workspace.database()));
  return known;
}

Json PersonJson(const PersonSummary& person, const Known& known) {
  auto names = Json::array();
  for (const PersonName& name : person.names) names.push_back(name.name);
  Json json = {{"id", person.source_id},
               {"name", ShownName(person)},
               {"names", names},
               {"messages", person.messages},
               {"chats", person.chats}};
  if (!person.also.empty()) json["merged"] = person.also;
  if (const std::string note = known.NoteOn(person); !note.empty()) json["note"] = note;
  json["persona"] = person.source_id == known.persona;
  if (const DatasetRow* dataset = known.DatasetOf(person)) json["dataset"] = dataset->folder;
  return json;
}

std::string PersonLine(const Context& context, const PersonSummary& person, const Known& known) {
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
  for (size_t i = 0; i < person.also.size(); ++i) {
    line += (i == 0 ? context.Say({"  merged: ", "  объединены: "}) : ", ") + person.also[i];
  }
  if (person.source_id == known.persona) line += context.Say({"  [persona]", "  [персона]"});
  if (const DatasetRow* dataset = known.DatasetOf(person)) {
    line += context.Say({"  [dataset ", "  [датасет "}) + dataset->folder + "]";
  }
  if (const std::string note = known.NoteOn(person); !note.empty()) line += "  (" + note + ")";
  return line + "\n";
}

std::string Dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

// Somebody of the list again, after it changed.
Status PrintPerson(Context& context, Workspace& workspace, PersonId id, int64_t moved) {
  ASSIGN_OR_RETURN(const auto people, ListPeople(workspace.database()));
  ASSIGN_OR_RETURN(const auto known, ReadKnown(workspace));
  for (const PersonSummary& person : people) {
    if (person.id != id) continue;
    Json json = PersonJson(person, known);
    if (moved >= 0) json["moved_messages"] = moved;
    context.Print(context.json() ? Dump(json) : PersonLine(context, person, known));
  }
  return {};
}

// `first` stays, `second` becomes it.
Status Merge(Context& context, Workspace& workspace, const Options& options) {
  ASSIGN_OR_RETURN(const auto people, ListPeopleByName(workspace.database()));
  ASSIGN_OR_RETURN(const auto into, FindPersona(people, options.first));
  ASSIGN_OR_RETURN(const auto person, FindPersona(people, options.second));
  ASSIGN_OR_RETURN(const int64_t moved, MergePeople(workspace.database(), person.id, into.id,
                                                    context.clock->UnixSeconds()));
  RETURN_IF_ERROR(PrintPerson(context, workspace, into.id, moved));
  context.Note(std::string(context.Say(
                   {"to undo: idiolect people unmerge ", "отменить: idiolect people unmerge "})) +
               person.source_id);
  context.Next("build");
  return {};
}

Status Unmerge(Context& context, Workspace& workspace, const Options& options) {
  ASSIGN_OR_RETURN(const auto merged, ListMergedPeople(workspace.database()));
  if (merged.empty()) {
    return Fail(ErrorKind::kNotFound, "nobody was merged into another yet",
                "idiolect people proposals shows who may be one");
  }
  ASSIGN_OR_RETURN(const auto person, FindPersona(merged, options.first));
  ASSIGN_OR_RETURN(const int64_t moved, UnmergePerson(workspace.database(), person.id));
  RETURN_IF_ERROR(PrintPerson(context, workspace, person.id, moved));
  context.Next("build");
  return {};
}

Status Note(Context& context, Workspace& workspace, const Options& options) {
  ASSIGN_OR_RETURN(const auto people, ListPeopleByName(workspace.database()));
  ASSIGN_OR_RETURN(const auto person, FindPersona(people, options.first));
  if (!options.text.empty() || options.clear) {
    RETURN_IF_ERROR(SetPersonNote(workspace.database(), person.id, options.text));
  }
  return PrintPerson(context, workspace, person.id, -1);
}

std::string ProposalText(const Context& context, const MergeProposal& proposal) {
  std::string text = DescribePerson(proposal.keep) + "\n  = " + DescribePerson(proposal.merge) +
                     "\n  " + context.Say({"both were called ", "оба назывались "}) + "\"" +
                     proposal.name + "\"";
  if (proposal.same_messages > 0) {
    text += context.Say({"; the same messages stand under both: ",
                         "; одни и те же сообщения под обоими: "}) +
            GroupDigits(proposal.same_messages);
  }
  text += context.Say({"; chats in common: ", "; общих чатов: "}) + std::to_string(proposal.chats);
  text += proposal.gap_days > 0
              ? context.Say({"; one came after the other had gone, days between: ",
                             "; один появился после ухода другого, дней между: "}) +
                    std::to_string(proposal.gap_days)
              : std::string(context.Say(
                    {"; they wrote in the same time", "; писали в одно и то же время"}));
  if (proposal.namesakes > 0) {
    text += context.Say({"; more people of that name: ", "; ещё людей с этим именем: "}) +
            std::to_string(proposal.namesakes);
  }
  return text + "\n  idiolect people merge \"" + proposal.keep.source_id + "\" \"" +
         proposal.merge.source_id + "\"\n";
}

Status Proposals(Context& context, Workspace& workspace) {
  ASSIGN_OR_RETURN(const auto proposals, ProposeMerges(workspace.database()));
  ASSIGN_OR_RETURN(const auto shared, ListSharedNames(workspace.database()));
  if (context.json()) {
    Json json = {{"proposals", Json::array()}, {"shared_names", Json::array()}};
    for (const MergeProposal& proposal : proposals) {
      json["proposals"].push_back({{"keep", proposal.keep.source_id},
                                   {"merge", proposal.merge.source_id},
                                   {"name", proposal.name},
                                   {"by_name", proposal.by_name},
                                   {"same_messages", proposal.same_messages},
                                   {"chats", proposal.chats},
                                   {"gap_days", proposal.gap_days},
                                   {"namesakes", proposal.namesakes},
                                   {"score", proposal.score}});
    }
    for (const SharedName& name : shared) {
      Json people = Json::array();
      for (size_t i = 0; i < name.people.size(); ++i) {
        people.push_back({{"id", name.people[i].source_id}, {"messages", name.messages[i]}});
      }
      json["shared_names"].push_back({{"name", name.name}, {"people", people}});
    }
    context.Print(Dump(json));
    return {};
  }
  std::string text;
  for (const MergeProposal& proposal : proposals) text += ProposalText(context, proposal);
  for (const SharedName& name : shared) {
    text += "! \"" + name.name + "\" " +
            context.Say({"is the name of several people: ", "зовут нескольких людей: "});
    for (size_t i = 0; i < name.people.size(); ++i) {
      text += (i > 0 ? ", " : "") + name.people[i].source_id + " (" +
              GroupDigits(name.messages[i]) + ")";
    }
    text += "\n";
  }
  if (text.empty()) {
    text = context.Say({"nobody looks like somebody else\n", "никто не похож на другого\n"});
  }
  context.Print(text);
  return {};
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
      .Within(0, 1'000'000);
  const OptionRow somebody = {"PERSON", {"an id or a name", "id или имя"}};
  options->merge = AddCommand(app, language, "merge",
                              {"two are one person; undone by unmerge",
                               "двое — один человек; отменяется командой unmerge"});
  AddOption(*options->merge, language,
            {"PERSON", {"who stays: an id or a name", "кто остаётся: id или имя"}}, options->first)
      .Required();
  AddOption(*options->merge, language, {"SAME", {"is the same person", "это тот же человек"}},
            options->second)
      .Required();
  options->unmerge =
      AddCommand(app, language, "unmerge", {"take a merge back", "отменить объединение"});
  AddOption(*options->unmerge, language, somebody, options->first).Required();
  options->proposals =
      AddCommand(app, language, "proposals",
                 {"who may be one person, and why", "кто может быть одним человеком"});
  options->note =
      AddCommand(app, language, "note", {"note something on a person", "заметка о человеке"});
  AddOption(*options->note, language, somebody, options->first).Required();
  AddOption(*options->note, language,
            {"TEXT", {"the note; none: show it", "заметка; без неё: показать"}}, options->text);
  AddFlag(*options->note, language, {"--clear", {"take the note away", "убрать заметку"}},
          options->clear);
  AllowOneCommand(app);
  return [options](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    if (Chosen(*options->merge)) return Merge(context, *workspace, *options);
    if (Chosen(*options->unmerge)) return Unmerge(context, *workspace, *options);
    if (Chosen(*options->proposals)) return Proposals(context, *workspace);
    if (Chosen(*options->note)) return Note(context, *workspace, *options);
    if (!options->persona.empty()) {
      ASSIGN_OR_RETURN(auto person,
                       ChoosePersona(context, *workspace, options->persona, Remember::kYes));
      ASSIGN_OR_RETURN(const auto known, ReadKnown(*workspace));
      context.Print(context.json() ? Dump(PersonJson(person, known))
                                   : PersonLine(context, person, known));
      context.Next("build");
      return {};
    }
    ASSIGN_OR_RETURN(auto people, ListPeople(workspace->database()));
    ASSIGN_OR_RETURN(const auto known, ReadKnown(*workspace));
    const size_t shown = options->limit == 0
                             ? people.size()
                             : std::min(people.size(), static_cast<size_t>(options->limit));
    if (context.json()) {
      auto rows = Json::array();
      for (size_t i = 0; i < shown; ++i) rows.push_back(PersonJson(people[i], known));
      context.Print(Dump({{"people", rows}, {"total", people.size()}}));
    } else {
      std::string text;
      for (size_t i = 0; i < shown; ++i) text += PersonLine(context, people[i], known);
      context.Print(text);
    }
    context.Next("build --persona NAME");
    return {};
  };
}

}  // namespace idiolect
