#include <algorithm>
#include <filesystem>

#include "analysis/report_pages.h"
#include "base/text.h"
#include "dataset/reject_rules.h"

namespace idiolect {
namespace {

constexpr size_t kMostChats = 40, kMostPeople = 15, kMostSilences = 8;
constexpr int64_t kLeastSilenceDays = 3;

// "никому не отвечают" of "никому не отвечают (первые слова, …)": enough for a chart.
std::string Brief(std::string_view what) {
  constexpr size_t kMost = 32;  // characters
  std::string brief(TrimSpace(what.substr(0, what.find_first_of("(:,"))));
  if (CountCodePoints(brief) <= kMost) return brief;
  size_t end = 0;
  for (size_t i = 0; i + 1 < kMost; ++i) NextCodePoint(brief, &end);
  brief.resize(std::min(brief.rfind(' ', end), end));
  return brief + "…";
}

void AddFigures(const PageContext& c, Page& page) {
  const CollectionFacts& all = c.facts.collection;
  int64_t writers = 0;
  for (const PersonFacts& person : all.people) writers += person.messages > 0;
  Figures figures;
  figures.figures = {
      {c.Count(all.messages), c({"messages", "сообщений"})},
      {c.Count(static_cast<int64_t>(all.chats.size())), c({"chats", "чатов"})},
      {c.Count(writers), c({"people", "человек"})},
      {c.Count(all.persona_messages), c({"messages of the persona", "сообщений персоны"})},
      {c.Count(static_cast<int64_t>(all.days.size())),
       c({"days with messages", "дней с сообщениями"})},
  };
  page.Add(figures);
}

void AddImports(const PageContext& c, Page& page) {
  page.Add(Heading{2, c({"Where it comes from", "Откуда данные"})});
  Table table;
  table.columns = {{c({"export", "экспорт"})},
                   {c({"read on", "прочитан"})},
                   {c({"form", "вид"})},
                   {c({"messages", "сообщений"}), true},
                   {c({"new", "новых"}), true}};
  for (const ImportRow& row : c.facts.imports) {
    const auto json = nlohmann::json::parse(row.summary, nullptr, false);
    const auto number = [&json](const char* name) {
      return json.is_object() && json.contains(name) && json[name].is_number()
                 ? json[name].get<int64_t>()
                 : int64_t{0};
    };
    const std::filesystem::path path(row.path);
    const std::string shown =
        path.parent_path().filename().empty()
            ? path.filename().string()
            : path.parent_path().filename().string() + "/" + path.filename().string();
    table.rows.push_back({shown, c.Day(row.finished_at),
                          json.is_object() ? json.value("format", "") : std::string(),
                          c.Count(number("messages")), c.Count(number("new_messages"))});
  }
  page.Add(table);
}

void AddChats(const PageContext& c, Page& page) {
  page.Add(Heading{2, c({"Chats", "Чаты"})});
  std::vector<const ChatFacts*> chats;
  for (const ChatFacts& chat : c.facts.collection.chats) chats.push_back(&chat);
  std::stable_sort(chats.begin(), chats.end(), [](const ChatFacts* a, const ChatFacts* b) {
    return a->messages > b->messages;
  });
  const double most =
      chats.empty() ? 1 : static_cast<double>(std::max<int64_t>(chats[0]->messages, 1));
  Table table;
  table.columns = {{c({"chat", "чат"})},
                   {c({"kind", "тип"})},
                   {c({"period", "период"})},
                   {c({"messages", "сообщений"}), true},
                   {c({"by the persona", "из них персоны"}), true},
                   {c({"people", "людей"}), true},
                   {c({"longest silence, days", "самое долгое молчание, дней"}), true}};
  ChatFacts rest;
  size_t shown = 0;
  for (const ChatFacts* chat : chats) {
    if (shown++ >= kMostChats) {
      rest.messages += chat->messages;
      rest.persona_messages += chat->persona_messages;
      continue;
    }
    table.rows.push_back({c.labels.Chat(*chat), c.labels.ChatKindName(chat->chat.kind),
                          c.Days(chat->first, chat->last),
                          Cell(c.Count(chat->messages), static_cast<double>(chat->messages) / most),
                          c.Count(chat->persona_messages), c.Count(chat->people),
                          c.Count(chat->silence / 86400)});
  }
  if (shown > kMostChats) {
    table.rows.push_back(
        {c({"and others: ", "и другие: "}) + c.Count(static_cast<int64_t>(shown - kMostChats)), "",
         "", c.Count(rest.messages), c.Count(rest.persona_messages), "", ""});
  }
  page.Add(table);
}

void AddPeople(const PageContext& c, Page& page) {
  page.Add(Heading{2, c({"People", "Люди"})});
  const CollectionFacts& all = c.facts.collection;
  std::vector<PersonId> people;
  for (size_t i = 1; i < all.people.size(); ++i) {
    if (all.people[i].messages > 0) people.push_back(static_cast<PersonId>(i));
  }
  std::stable_sort(people.begin(), people.end(), [&all](PersonId a, PersonId b) {
    return all.people[static_cast<size_t>(a)].messages >
           all.people[static_cast<size_t>(b)].messages;
  });
  Table table;
  table.columns = {{c({"who", "кто"})},
                   {c({"messages", "сообщений"}), true},
                   {c({"share", "доля"}), true},
                   {c({"chats", "чатов"}), true}};
  const double total = static_cast<double>(std::max<int64_t>(all.ordinary, 1));
  int64_t rest = all.nobody_messages;
  for (size_t i = 0; i < people.size(); ++i) {
    const PersonFacts& person = all.people[static_cast<size_t>(people[i])];
    if (i >= kMostPeople && people[i] != c.facts.persona) {
      rest += person.messages;
      continue;
    }
    const double share = static_cast<double>(person.messages) / total;
    table.rows.push_back({c.labels.Person(people[i]), c.Count(person.messages),
                          Cell(ShownShare(share, c.language), share), c.Count(person.chats)});
  }
  if (rest > 0) {
    const double share = static_cast<double>(rest) / total;
    table.rows.push_back({c({"all others", "все остальные"}), c.Count(rest),
                          Cell(ShownShare(share, c.language), share), ""});
  }
  page.Add(table);
}

void AddTime(const PageContext& c, Page& page) {
  page.Add(Heading{2, c({"Over time", "По времени"})});
  const CollectionFacts& all = c.facts.collection;
  ColumnChart chart;
  chart.caption = c({"messages a month", "сообщений в месяц"});
  chart.series = {{c.labels.Person(c.facts.persona), {}}, {c({"others", "другие"}), {}, true}};
  if (!all.months.empty()) {
    for (MonthIndex month = all.months.begin()->first; month <= all.months.rbegin()->first;
         ++month) {
      const auto found = all.months.find(month);
      chart.labels.push_back(c.Month(month));
      for (int voice = 0; voice < kVoices; ++voice) {
        chart.series[static_cast<size_t>(voice)].values.push_back(
            found == all.months.end()
                ? 0
                : static_cast<double>(found->second[static_cast<size_t>(voice)]));
      }
    }
  }
  page.Add(chart);

  page.Add(Heading{3, c({"Gaps", "Пробелы"})});
  const auto silences = all.Silences(kLeastSilenceDays);
  if (silences.empty()) {
    page.Add(Paragraph{c({"No stretch of three days or more without a message in any chat.",
                          "Нет ни одного отрезка от трёх дней без сообщений во всех чатах."})});
    return;
  }
  page.Add(
      Paragraph{c({"Days without a message in any chat, three or more in a row; longest first:",
                   "Дни без сообщений во всех чатах, от трёх подряд; сначала самые долгие:"})});
  List list;
  for (size_t i = 0; i < silences.size() && i < kMostSilences; ++i) {
    const Silence& silence = silences[i];
    const CivilDay first = CivilDayOf(silence.first_day), last = CivilDayOf(silence.last_day);
    char days[64];
    std::snprintf(days, sizeof days, "%04d-%02d-%02d – %04d-%02d-%02d", first.year, first.month,
                  first.day, last.year, last.month, last.day);
    list.items.push_back(std::string(days) + ": " +
                         c.Counted(silence.last_day - silence.first_day + 1, {"day", "день"},
                                   {"days", "дня"}, {"days", "дней"}));
  }
  if (silences.size() > kMostSilences) {
    list.items.push_back(c({"and shorter ones: ", "и короче: "}) +
                         c.Count(static_cast<int64_t>(silences.size() - kMostSilences)));
  }
  page.Add(list);
}

void AddFlow(const PageContext& c, Page& page) {
  page.Add(Heading{2, c({"From messages to samples", "Что стало с сообщениями"})});
  const CollectionFacts& all = c.facts.collection;
  const int64_t answers = c.summary.value("answers", int64_t{0});
  const int64_t pairs = c.summary.value("pairs", int64_t{0});
  std::map<int, int64_t> rules;
  for (const RejectRow& reject : c.facts.rejects) ++rules[reject.rule];
  const int64_t persona = answers + static_cast<int64_t>(c.facts.rejects.size());
  int64_t in_dialogs = 0, persona_in_dialogs = 0;
  for (const DialogFacts& dialog : c.facts.topics.dialogs) {
    in_dialogs += dialog.messages;
    persona_in_dialogs += dialog.persona_messages;
  }
  const int64_t others = all.messages - persona;
  const int64_t heard = std::min(in_dialogs - persona_in_dialogs, others);

  FlowChart chart;
  chart.caption = c({"all messages, left to right", "все сообщения, слева направо"});
  const auto node = [&chart](const std::string& label, int column, int64_t value, bool muted) {
    chart.nodes.push_back({label, column, static_cast<double>(value), muted});
    return chart.nodes.size() - 1;
  };
  const auto flow = [&chart](size_t from, size_t to) {
    chart.flows.push_back({from, to, chart.nodes[to].value});
  };
  const size_t root = node(c({"all messages", "все сообщения"}), 0, all.messages, false);
  const size_t mine = node(c({"of the persona", "персоны"}), 1, persona, false);
  const size_t theirs = node(c({"of others", "других людей"}), 1, others, false);
  flow(root, mine);
  flow(root, theirs);
  flow(mine, node(c({"in answers", "в ответах"}), 2, answers, false));
  std::vector<std::pair<int, int64_t>> by_count(rules.begin(), rules.end());
  std::stable_sort(by_count.begin(), by_count.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr size_t kMostRules = 8;
  int64_t rest = 0;
  for (size_t i = 0; i < by_count.size(); ++i) {
    if (i >= kMostRules && by_count.size() > kMostRules + 1) {
      rest += by_count[i].second;
      continue;
    }
    const auto& info = InfoOf(static_cast<RejectRule>(by_count[i].first));
    flow(mine, node(Brief(c(info.what)), 2, by_count[i].second, true));
  }
  if (rest > 0) flow(mine, node(c({"other rules", "другие правила"}), 2, rest, true));
  if (heard > 0)
    flow(theirs, node(c({"in the same dialogs", "в тех же диалогах"}), 2, heard, false));
  if (others > heard) {
    flow(theirs, node(c({"outside the dialogs", "вне диалогов"}), 2, others - heard, true));
  }
  page.Add(chart);

  page.Add(Paragraph{
      c({"Every message of the persona is part of an answer or was left out under exactly one "
         "rule: ",
         "Каждое сообщение персоны либо вошло в ответ, либо отсеяно ровно по одному правилу: "}) +
      c.Count(answers) + " + " + c.Count(static_cast<int64_t>(c.facts.rejects.size())) + " = " +
      c.Count(persona) + ". " +
      c.Counted(answers, {"message in answers", "сообщение в ответах"},
                {"messages in answers", "сообщения в ответах"},
                {"messages in answers", "сообщений в ответах"}) +
      c({" became ", ": получилось "}) +
      c.Counted(pairs, {"pair", "пара"}, {"pairs", "пары"}, {"pairs", "пар"}) + "."});
  Table table;
  table.columns = {{c({"rule", "правило"})},
                   {c({"what it takes", "что отсеивает"})},
                   {c({"messages", "сообщений"}), true},
                   {c({"of the persona's", "от всех персоны"}), true}};
  for (const auto& [rule, count] : by_count) {
    const auto& info = InfoOf(static_cast<RejectRule>(rule));
    const double share =
        static_cast<double>(count) / static_cast<double>(std::max<int64_t>(persona, 1));
    table.rows.push_back(
        {info.name, c(info.what), c.Count(count), Cell(ShownShare(share, c.language), share)});
  }
  page.Add(table);
}

}  // namespace

Page CollectionPage(const PageContext& c) {
  const CollectionFacts& all = c.facts.collection;
  Page page;
  page.file = "collection";
  page.title = c({"What was collected", "Что собрано"});
  page.subtitle = c.labels.Person(c.facts.persona) + " · " + c.Days(all.first, all.last) + " · " +
                  c({"time zone ", "часовой пояс "}) + c.facts.zone->name();
  AddFigures(c, page);
  AddFlow(c, page);
  AddChats(c, page);
  AddPeople(c, page);
  AddTime(c, page);
  AddImports(c, page);
  return page;
}

}  // namespace idiolect
