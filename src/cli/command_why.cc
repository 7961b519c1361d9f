#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/stages.h"
#include "dataset/reject_rules.h"
#include "store/message_lookup.h"
#include "store/sample_lookup.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

// "34359738369" as idiolect prints ids, or "CHAT:ID" with the number of the chat here and the
// message's id in its source.
std::optional<MessageId> ParseMessageId(std::string_view text) {
  const size_t colon = text.find(':');
  const auto number = [](std::string_view digits) -> std::optional<int64_t> {
    const bool minus = digits.starts_with('-');
    if (minus) digits.remove_prefix(1);
    if (digits.empty() || digits.size() > 18) return std::nullopt;
    int64_t value = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return minus ? -value : value;
  };
  if (colon == std::string_view::npos) return number(text);
  const auto chat = number(text.substr(0, colon)), id = number(text.substr(colon + 1));
  if (!chat || !id || *chat <= 0 || *chat > 1'000'000'000 || *id >= kMessageIdSpan / 2 ||
      *id < -kMessageIdSpan / 2) {
    return std::nullopt;
  }
  return MakeMessageId(*chat, *id);
}

// The turn of dialogs.json that holds the message, one line of that file; and with it the signals
// of the sample, when the turn is an answer.
std::optional<Json> FindTurn(const std::filesystem::path& dialogs, MessageId message) {
  auto file = MappedFile::Open(dialogs);
  if (!file) return std::nullopt;
  const std::string wanted = std::to_string(message);
  const std::string_view bytes = file->bytes();
  for (size_t at = bytes.find(wanted); at != std::string_view::npos;
       at = bytes.find(wanted, at + 1)) {
    const size_t begin = bytes.rfind('\n', at) + 1;
    std::string_view line = bytes.substr(begin, bytes.find('\n', at) - begin);
    if (!line.starts_with(" {\"turn\":")) continue;
    // The last turn of a dialog closes it too.
    while (line.ends_with(',') || line.ends_with("]}")) {
      const bool closed = !Json::accept(line);
      if (!closed) break;
      line.remove_suffix(line.ends_with(',') ? 1 : 2);
    }
    const Json turn = Json::parse(line, nullptr, false);
    if (!turn.is_object() || !turn.contains("messages")) continue;
    for (const auto& id : turn["messages"]) {
      if (id == message) return turn;
    }
  }
  return std::nullopt;
}

std::string Share(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", share);
  return text;
}

Status Why(Context& context, const std::string& wanted) {
  const auto id = ParseMessageId(wanted);
  if (!id) {
    return Fail(ErrorKind::kMisuse, "looking for message \"" + wanted + "\": that is no message id",
                "ids stand in rejected.csv, dialogs.json and pairs.jsonl; or CHAT:ID");
  }
  ASSIGN_OR_RETURN(auto workspace, context.OpenExistingWorkspace());
  Database& database = workspace->database();
  ASSIGN_OR_RETURN(auto lookup, MessageLookup::Prepare(database));
  ASSIGN_OR_RETURN(const auto message, lookup.Find(*id));
  if (!message) {
    return Fail(ErrorKind::kNotFound, "looking for message " + wanted + ": it is not here",
                "ids stand in rejected.csv, dialogs.json and pairs.jsonl; or CHAT:ID");
  }
  ASSIGN_OR_RETURN(const auto names, PersonNames(database));
  ASSIGN_OR_RETURN(const auto chats, ListChats(database));
  Json json = {{"message", *id}, {"time", FormatIsoUtc(message->time)}};
  const auto author = static_cast<size_t>(message->author);
  json["author"] = author < names.size() ? names[author] : "";
  for (const Chat& chat : chats) {
    if (chat.id == ChatOfMessage(*id)) json["chat"] = {{"id", chat.id}, {"name", chat.name}};
  }
  std::string text =
      json["time"].get<std::string>() + "  " + json["author"].get<std::string>() + "\n";

  std::string folder;
  ASSIGN_OR_RETURN(const auto rule, FindRejectOf(database, *id, &folder));
  ASSIGN_OR_RETURN(const auto sample, FindSampleAt(database, *id, rule ? nullptr : &folder));
  ASSIGN_OR_RETURN(const auto answers, FindAnswersTo(database, *id));
  std::optional<Json> turn;
  if (folder.empty() && !answers.empty()) {
    ASSIGN_OR_RETURN(const auto other, FindSampleAt(database, answers.front().answer, &folder));
    (void)other;
  }
  if (folder.empty()) {
    ASSIGN_OR_RETURN(const auto datasets, ListDatasets(database));
    for (const DatasetRow& dataset : datasets) {
      turn = FindTurn(workspace->datasets_folder() / dataset.folder / "dialogs.json", *id);
      if (turn) {
        folder = dataset.folder;
        break;
      }
    }
  } else {
    turn = FindTurn(workspace->datasets_folder() / folder / "dialogs.json", *id);
  }
  json["dataset"] = folder.empty() ? Json() : Json(folder);

  const bool own_words = turn && turn->value("persona", false);
  if (rule) {
    const RejectRuleInfo& info = InfoOf(static_cast<RejectRule>(*rule));
    json["fate"] = "rejected";
    json["rule"] = {{"name", info.name},
                    {"what", context.Say(info.what)},
                    {"remedy", info.remedy.en},
                    {"option", info.option}};
    text += std::string(context.Say({"left out by the rule ", "отсеяно правилом "})) + info.name +
            ": " + context.Say(info.what) + "\n";
    text += std::string(context.Say({"to change that: ", "чтобы изменить: "})) +
            context.Say(info.remedy) + "\n";
    if (turn) {
      text += context.Say({"it may still stand in prompts, as context\n",
                           "но может стоять в контексте других примеров\n"});
    }
  } else if (sample && (own_words || !turn)) {
    json["fate"] = "answer";
    json["split"] = SplitName(sample->split);
    json["line"] = sample->line;
    json["answers_to"] = sample->answers_to;
    json["link"] = sample->link;
    text += std::string(context.Say({"an answer: ", "ответ: "})) + folder + "/" +
            SplitName(sample->split) + ".jsonl:" + std::to_string(sample->line) + "\n";
    text += std::string(context.Say({"answers message ", "отвечает на сообщение "})) +
            std::to_string(sample->answers_to) + context.Say({", probability ", ", вероятность "}) +
            Share(sample->link) + "\n";
    if (turn && turn->contains("sample")) {
      json["quality"] = (*turn)["sample"].value("quality", 0.0);
      json["signals"] = (*turn)["sample"].value("signals", Json::object());
      text += std::string(context.Say({"quality ", "качество "})) +
              Share(json["quality"].get<double>()) + ":";
      for (const auto& [name, value] : json["signals"].items()) {
        text += " " + name + " " + Share(value.get<double>());
      }
      text += "\n";
    }
  } else if (turn) {
    json["fate"] = "context";
    json["turn"] = turn->value("turn", 0);
    Json lines = Json::array();
    text += std::string(
                context.Say({"context: a turn of a dialog of ", "контекст: реплика диалога в "})) +
            folder + "\n";
    for (const SampleRow& answer : answers) {
      lines.push_back({{"split", SplitName(answer.split)}, {"line", answer.line}});
      text += std::string(context.Say({"answered by ", "на неё отвечает "})) + folder + "/" +
              SplitName(answer.split) + ".jsonl:" + std::to_string(answer.line) + "\n";
    }
    json["answered_by"] = std::move(lines);
  } else {
    json["fate"] = "unused";
    text += context.Say(
        {"in no dialog of a dataset: nobody the datasets are of took part in it, or none is "
         "built\n",
         "ни в одном диалоге датасетов: персона в разговоре не участвовала или датасет "
         "не собран\n"});
  }
  context.Print(context.json()
                    ? json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                    : text);
  return {};
}

}  // namespace

CommandAction DeclareWhy(CLI::App& app, Language language) {
  auto wanted = std::make_shared<std::string>();
  AddOption(app, language,
            {"message",
             {"its id, as the dataset's files have it, or CHAT:ID",
              "id сообщения, как в файлах датасета, или ЧАТ:ID"}},
            *wanted)
      .Required();
  return [wanted](Context& context) { return Why(context, *wanted); };
}

}  // namespace idiolect
