#include "importer/import_report.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace idiolect {
namespace {

using Json = nlohmann::ordered_json;

struct Words {
  const char* name;
  Text text;
};

Words WordsOf(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kTruncated:
      return {"truncated",
              {"the file ends too early; every whole message before that is kept",
               "файл обрывается; все целые сообщения до этого места сохранены"}};
    case ProblemKind::kMalformed:
      return {"malformed",
              {"this is no JSON; every whole message before that is kept",
               "здесь не JSON; все целые сообщения до этого места сохранены"}};
    case ProblemKind::kTooDeep:
      return {"too_deep",
              {"nested too deeply; every whole message before that is kept",
               "слишком глубокая вложенность; все целые сообщения до этого места сохранены"}};
    case ProblemKind::kTrailingData:
      return {"trailing_data",
              {"something stands behind the export and was not read",
               "за концом экспорта есть что-то ещё, оно не прочитано"}};
    case ProblemKind::kNoChats:
      return {"no_chats",
              {"the export holds no chats: tick them when exporting",
               "в экспорте нет чатов: отметьте их при экспорте"}};
    case ProblemKind::kNotAChat:
      return {
          "not_a_chat",
          {"an entry in the list of chats is no chat", "запись в списке чатов не похожа на чат"}};
    case ProblemKind::kNoChatId:
      return {"no_chat_id",
              {"a chat has no id and is recognised by its name",
               "у чата нет id, он узнаётся по имени"}};
    case ProblemKind::kNoDate:
      return {"no_date",
              {"a message has no date and got that of the one before",
               "у сообщения нет даты, взята дата предыдущего"}};
    case ProblemKind::kUnknownType:
      return {"unknown_type",
              {"a message is of an unknown type and counts as unsupported",
               "неизвестный тип сообщения, считается неподдерживаемым"}};
    case ProblemKind::kRepairedText:
      return {"repaired_text",
              {"a text was not valid UTF-8 and was repaired",
               "текст не был правильным UTF-8 и исправлен"}};
    case ProblemKind::kTextCut:
      return {"text_cut", {"a text is too long and was cut", "текст слишком длинный и обрезан"}};
    case ProblemKind::kPageCut:
      return {"page_cut",
              {"a page ends too early; its whole messages are kept",
               "страница обрывается; её целые сообщения сохранены"}};
    case ProblemKind::kBrokenMarkup:
      return {"broken_markup",
              {"the markup of a message is broken; what could be read was kept",
               "разметка сообщения повреждена; сохранено то, что читается"}};
    case ProblemKind::kNamesOnly:
      return {"names_only",
              {"HTML exports know people by name only: those who share a name are taken for one; a "
               "JSON export of the chat tells them apart",
               "в HTML-экспорте у людей есть только имена: тёзки считаются одним человеком; их "
               "различает экспорт этого чата в JSON"}};
  }
  return {"", {"", ""}};
}

bool HasPlace(ProblemKind kind) {
  return kind == ProblemKind::kTruncated || kind == ProblemKind::kMalformed ||
         kind == ProblemKind::kTooDeep || kind == ProblemKind::kTrailingData;
}

void PutCounts(const ImportCounts& counts, Json& json) {
  json["chats"] = counts.chats;
  json["messages"] = counts.messages;
  json["new_messages"] = counts.new_messages;
  json["edited_messages"] = counts.edited_messages;
  json["known_messages"] = counts.known_messages;
  Json skipped = Json::object();
  for (size_t i = 0; i < kSkipReasons; ++i) {
    if (counts.skipped[i] > 0) {
      skipped[SkipReasonName(static_cast<SkipReason>(i))] = counts.skipped[i];
    }
  }
  json["skipped"] = std::move(skipped);
}

Json ContentsJson(const ImportContents& contents) {
  Json json = {{"ordinary", contents.ordinary},       {"service", contents.service},
               {"unsupported", contents.unsupported}, {"replies", contents.replies},
               {"topics", contents.topics},           {"people", contents.people}};
  if (contents.first_time != 0) {
    json["from"] = FormatIsoUtc(contents.first_time);
    json["to"] = FormatIsoUtc(contents.last_time);
  }
  return json;
}

Json ToJsonValue(const FileReport& file) {
  Json json;
  json["path"] = file.path.string();
  json["format"] = file.format;
  PutCounts(file, json);
  if (file.only_checked) {
    json["checked"] = true;
    for (const char* name : {"new_messages", "edited_messages", "known_messages"}) json.erase(name);
  } else {
    json["identified_messages"] = file.identified_messages;
    json["joined_chats"] = file.joined_chats;
  }
  json["contents"] = ContentsJson(file.contents);
  json["problems"] = Json::array();
  for (const ImportProblem& problem : file.problems) {
    Json entry;
    entry["kind"] = ProblemName(problem.kind);
    entry["count"] = problem.count;
    if (HasPlace(problem.kind)) entry["byte"] = problem.byte;
    if (HasPlace(problem.kind) && problem.line > 0) entry["line"] = problem.line;
    entry["text"] = DescribeProblem(problem, Language::kEnglish);
    json["problems"].push_back(std::move(entry));
  }
  return json;
}

// A path need not be UTF-8: what is not is replaced, never thrown about.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

const char* SkipReasonName(SkipReason reason) {
  switch (reason) {
    case SkipReason::kNoId:
      return "no_id";
    case SkipReason::kIdOutOfRange:
      return "id_out_of_range";
    case SkipReason::kNotAnObject:
      return "not_an_object";
    case SkipReason::kDuplicate:
      return "duplicate";
  }
  return "";
}

const char* ProblemName(ProblemKind kind) {
  return WordsOf(kind).name;
}

std::optional<ProblemKind> ProblemNamed(std::string_view name) {
  for (int kind = 0; kind <= static_cast<int>(ProblemKind::kNamesOnly); ++kind) {
    if (name == ProblemName(static_cast<ProblemKind>(kind))) return static_cast<ProblemKind>(kind);
  }
  return std::nullopt;
}

std::string DescribeProblem(const ImportProblem& problem, Language language) {
  std::string text;
  if (HasPlace(problem.kind)) {
    text = Say(language, {"at byte ", "байт "}) + std::to_string(problem.byte);
    if (problem.line > 0) {
      text += Say(language, {" (line ", " (строка "}) + std::to_string(problem.line) + ")";
    }
    text += ": ";
  } else if (problem.count > 1) {
    text = std::to_string(problem.count) + Say(language, {" times: ", " раз: "});
  }
  return text + Say(language, WordsOf(problem.kind).text);
}

void ImportCounts::Add(const ImportCounts& other) {
  chats += other.chats;
  messages += other.messages;
  new_messages += other.new_messages;
  edited_messages += other.edited_messages;
  known_messages += other.known_messages;
  for (size_t i = 0; i < kSkipReasons; ++i) skipped[i] += other.skipped[i];
}

ImportCounts ImportReport::Totals() const {
  ImportCounts totals;
  for (const FileReport& file : files) totals.Add(file);
  return totals;
}

std::string FileReportJson(const FileReport& file) {
  return Dump(ToJsonValue(file));
}

std::string ImportReport::ToJson() const {
  Json json;
  json["files"] = Json::array();
  for (const FileReport& file : files) json["files"].push_back(ToJsonValue(file));
  PutCounts(Totals(), json["totals"]);
  if (!files.empty() && files.front().only_checked) {
    for (const char* name : {"new_messages", "edited_messages", "known_messages"}) {
      json["totals"].erase(name);
    }
  }
  json["totals"]["contents"] = ContentsJson(contents);
  json["totals"]["files"] = files.size();
  json["totals"]["other_files"] = other_files;
  return Dump(json);
}

}  // namespace idiolect
