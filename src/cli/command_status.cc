#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "store/jobs.h"
#include "store/runs.h"
#include "store/samples.h"

namespace idiolect {
namespace {

// One line of the checklist. `state`: "done", "stale" (its inputs changed since), "next", "later".
struct Item {
  const char* stage;
  Text title;
  std::string state = "later";
  std::string detail;
  std::string command;
};

Status AddImport(Context& context, Workspace& workspace, Item& item) {
  ASSIGN_OR_RETURN(auto counts, CountMessages(workspace.database()));
  int64_t messages = 0;
  for (const ChatTotals& chat : counts) messages += chat.messages;
  item.command = "import EXPORT";
  if (messages == 0) return {};
  item.state = "done";
  item.detail = GroupDigits(messages) + context.Say({" messages in ", " сообщений, чатов: "}) +
                std::to_string(counts.size()) + context.Say({" chats", ""});
  return {};
}

Result<std::optional<PersonSummary>> AddPersona(Context& context, Workspace& workspace,
                                                Item& item) {
  item.command = "people --persona NAME";
  ASSIGN_OR_RETURN(auto remembered, workspace.Setting("persona"));
  if (!remembered) return std::optional<PersonSummary>();
  auto persona = ChoosePersona(context, workspace, *remembered);
  if (!persona) return std::optional<PersonSummary>();
  item.state = "done";
  item.detail = ShownName(*persona) + " (" + persona->source_id + "), " +
                GroupDigits(persona->messages) + context.Say({" messages", " сообщений"});
  return std::optional<PersonSummary>(std::move(*persona));
}

Status AddBuild(Context& context, Workspace& workspace, const PersonSummary& persona, Item& item) {
  item.command = "build";
  ASSIGN_OR_RETURN(auto last, LastRun(workspace.database(), "build " + persona.source_id));
  auto dataset = NewestDataset(workspace, persona);
  if (!last || !dataset) return {};
  ASSIGN_OR_RETURN(const auto fingerprint, MessagesFingerprint(workspace.database()));
  const auto built_from = last->key.find("messages");
  const bool fresh = built_from != last->key.end() && built_from->second == fingerprint;
  item.state = fresh ? "done" : "stale";
  const auto json = nlohmann::json::parse(last->summary, nullptr, false);
  const int64_t pairs = json.is_object() ? json.value("pairs", int64_t{0}) : 0;
  item.detail = GroupDigits(pairs) + context.Say({" pairs in ", " пар в "}) + dataset->string();
  if (!fresh)
    item.detail += context.Say({"; the chats changed since", "; с тех пор чаты изменились"});
  return {};
}

Status AddReport(Context& context, Workspace& workspace, const PersonSummary& persona, Item& item) {
  item.command = "report";
  ASSIGN_OR_RETURN(auto last, LastRun(workspace.database(), ReportStageName(persona)));
  const auto page = workspace.reports_folder() / "dataset.html";
  auto dataset = NewestDataset(workspace, persona);
  if (!last || !dataset || !Exists(page)) return {};
  const auto of = last->key.find("dataset");
  const bool fresh = of != last->key.end() && of->second == dataset->filename().string();
  item.state = fresh ? "done" : "stale";
  item.detail = page.string();
  if (!fresh) {
    item.detail +=
        context.Say({"; the dataset was built anew since", "; датасет с тех пор пересобран"});
  }
  return {};
}

Result<std::optional<Job>> AddFinetune(Workspace& workspace, const PersonSummary& persona,
                                       Item& item) {
  item.command = "finetune";
  ASSIGN_OR_RETURN(auto jobs, ListJobs(workspace.database()));
  for (Job& job : jobs) {
    if (job.persona != persona.source_id) continue;
    item.detail = job.fine_tuned_model.empty() ? job.id + ": " + job.status : job.fine_tuned_model;
    if (!job.error.empty()) item.detail += ": " + job.error;
    if (job.status != "succeeded") return std::optional<Job>();
    auto newest = NewestDataset(workspace, persona);
    const bool fresh =
        newest && newest->filename() == std::filesystem::path(job.dataset).filename();
    item.state = fresh ? "done" : "stale";
    return std::optional<Job>(std::move(job));
  }
  return std::optional<Job>();
}

}  // namespace

CommandAction DeclareStatus(CLI::App&, Language) {
  return [](Context& context) -> Status {
    ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
    std::vector<Item> items = {
        {"import", {"chats imported", "чаты импортированы"}, "later", "", ""},
        {"persona", {"persona chosen", "персона выбрана"}, "later", "", ""},
        {"build", {"dataset built", "датасет собран"}, "later", "", "build"},
        {"report", {"report written", "отчёт написан"}, "later", "", "report"},
        {"finetune", {"model trained", "модель обучена"}, "later", "", "finetune"},
        {"answers", {"answers compared", "ответы сравнены"}, "later", "", "run EXPORT"},
        {"chat", {"talk with it", "поговорить с ней"}, "later", "", "chat"}};
    RETURN_IF_ERROR(AddImport(context, *workspace, items[0]));
    ASSIGN_OR_RETURN(auto persona, AddPersona(context, *workspace, items[1]));
    if (persona) {
      RETURN_IF_ERROR(AddBuild(context, *workspace, *persona, items[2]));
      RETURN_IF_ERROR(AddReport(context, *workspace, *persona, items[3]));
      ASSIGN_OR_RETURN(auto job, AddFinetune(*workspace, *persona, items[4]));
      if (job) {
        const auto results = workspace->results_folder() / (job->id + ".md");
        if (Exists(results)) {
          items[5].state = "done";
          items[5].detail = results.string();
        }
      }
    }
    std::string next;
    for (Item& item : items) {
      if (item.state == "done") continue;
      if (next.empty() && !(std::string_view(item.stage) == "answers")) {
        next = item.command;
        if (item.state == "later") item.state = "next";
      }
    }
    if (context.json()) {
      auto rows = nlohmann::ordered_json::array();
      for (const Item& item : items) {
        rows.push_back({{"stage", item.stage},
                        {"state", item.state},
                        {"detail", item.detail},
                        {"command", "idiolect " + item.command}});
      }
      nlohmann::ordered_json out = {{"stages", rows}, {"next", "idiolect " + next}};
      context.Print(out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else {
      std::string text;
      for (const Item& item : items) {
        const char* mark = item.state == "done"    ? "[x] "
                           : item.state == "stale" ? "[!] "
                           : item.state == "next"  ? "[>] "
                                                   : "[ ] ";
        text += std::string(mark) + context.Say(item.title);
        if (!item.detail.empty()) text += ": " + item.detail;
        text += "\n";
      }
      context.Print(text);
    }
    context.Next(next);
    return {};
  };
}

}  // namespace idiolect
