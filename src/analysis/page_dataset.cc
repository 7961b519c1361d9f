#include <algorithm>

#include "analysis/report_pages.h"
#include "base/text.h"
#include "dataset/pii/kinds.h"
#include "dataset/reject_rules.h"

namespace idiolect {
namespace {

constexpr size_t kMostChannels = 30, kMostSeries = 7, kMostTerms = 12, kMostExamples = 2;
constexpr uint32_t kLeastTerm = 3;  // times in its class
constexpr double kLeastLift = 1.4;  // share in its class against the share everywhere

struct TopicShare {
  size_t list = 0;  // of the lexicon; its lists().size(): no topic
  int64_t dialogs = 0, samples = 0;
  std::map<MonthIndex, int64_t> months;
};

std::vector<TopicShare> TopicShares(const PageContext& c) {
  const size_t none = c.lexicon.lists().size();
  std::vector<TopicShare> by_list(none + 1);
  for (size_t i = 0; i <= none; ++i) by_list[i].list = i;
  const auto add = [&by_list](size_t list, const DialogFacts& dialog) {
    ++by_list[list].dialogs;
    by_list[list].samples += dialog.samples;
    ++by_list[list].months[dialog.month];
  };
  for (const DialogFacts& dialog : c.facts.topics.dialogs) {
    if (dialog.topics == 0) add(none, dialog);
    for (ListMask left = dialog.topics; left != 0; left &= left - 1) {
      add(static_cast<size_t>(__builtin_ctzll(left)), dialog);
    }
  }
  std::erase_if(by_list, [&](const TopicShare& share) {
    return share.list < none && c.lexicon.lists()[share.list].use != LexiconList::Use::kTopic;
  });
  std::stable_sort(by_list.begin(), by_list.end(),
                   [none](const TopicShare& a, const TopicShare& b) {
                     if ((a.list == none) != (b.list == none)) return b.list == none;
                     return a.dialogs > b.dialogs;
                   });
  return by_list;
}

// Columns by month from the first to the last month that any of the maps has.
void AddMonths(const PageContext& c, ColumnChart* chart,
               const std::vector<const std::map<MonthIndex, int64_t>*>& series) {
  MonthIndex first = INT32_MAX, last = INT32_MIN;
  for (const auto* months : series) {
    if (months->empty()) continue;
    first = std::min(first, months->begin()->first);
    last = std::max(last, months->rbegin()->first);
  }
  for (MonthIndex month = first; month <= last && first != INT32_MAX; ++month) {
    chart->labels.push_back(c.Month(month));
    for (size_t i = 0; i < series.size(); ++i) {
      const auto found = series[i]->find(month);
      chart->series[i].values.push_back(
          found == series[i]->end() ? 0 : static_cast<double>(found->second));
    }
  }
}

// The form of a stem met most often, so that words and not their stumps are shown.
class StemWords {
 public:
  explicit StemWords(const PageContext& c) : best_(c.facts.words->stems(), kNoWord) {
    const auto& counts = c.facts.speech.words;
    const auto times = [&counts](WordId word) {
      return word < counts.size() ? counts[word][0] + counts[word][1] : 0u;
    };
    for (WordId word = 0; word < c.facts.words->size(); ++word) {
      WordId& best = best_[c.facts.words->info(word).stem];
      if (best == kNoWord || times(word) > times(best)) best = word;
    }
  }
  WordId Of(StemId stem) const { return stem < best_.size() ? best_[stem] : kNoWord; }

 private:
  std::vector<WordId> best_;
};

std::string Terms(const PageContext& c, const StemWords& words, size_t clazz, size_t most) {
  std::string terms;
  size_t shown = 0;
  for (const auto& scored : c.facts.topics.terms.Heaviest(clazz, kLeastTerm)) {
    const WordId word = words.Of(scored.term);
    if (word == kNoWord) continue;
    const std::string_view text = c.facts.words->Text(word);
    if (scored.lift < kLeastLift || CountCodePoints(text) < 3 || c.labels.IsName(text)) continue;
    terms += (shown == 0 ? "" : ", ") + std::string(text);
    if (++shown == most) break;
  }
  return terms;
}

void AddSummary(const PageContext& c, Page& page, const std::vector<ChatShare>& channels) {
  const CollectionFacts& all = c.facts.collection;
  const double quality = YieldOf(c).quality;
  const auto number = [&c](const char* name) { return c.summary.value(name, int64_t{0}); };
  Figures figures;
  figures.figures = {{c.Count(number("pairs")), c({"pairs", "пар «реплика → ответ»"})},
                     {c.Count(number("dialogs")), c({"dialogs", "диалогов"})},
                     {c.Count(static_cast<int64_t>(channels.size())),
                      c({"channels: chats with dialogs", "каналов: чатов с диалогами"})},
                     {c.Count(all.messages), c({"messages read", "сообщений прочитано"})},
                     {ShownShare(quality, c.language), c({"quality", "качество"})}};
  page.Add(figures);
}

void AddChannels(const PageContext& c, Page& page, const std::vector<ChatShare>& channels) {
  page.Add(Heading{2, c({"Channels", "Каналы"})});
  const auto total = static_cast<double>(std::max<size_t>(c.facts.topics.dialogs.size(), 1));
  Table table;
  table.columns = {{c({"channel", "канал"})},          {c({"kind", "тип"})},
                   {c({"dialogs", "диалогов"}), true}, {c({"share", "доля"}), true},
                   {c({"pairs", "пар"}), true},        {c({"messages", "сообщений"}), true}};
  const auto& chats = c.facts.collection.chats;
  int64_t rest_dialogs = 0, rest_samples = 0;
  for (size_t i = 0; i < channels.size(); ++i) {
    const ChatShare& share = channels[i];
    if (i >= kMostChannels) {
      rest_dialogs += share.dialogs;
      rest_samples += share.samples;
      continue;
    }
    const auto chat = std::find_if(chats.begin(), chats.end(), [&share](const ChatFacts& facts) {
      return facts.chat.id == share.chat;
    });
    if (chat == chats.end()) continue;
    const double part = static_cast<double>(share.dialogs) / total;
    table.rows.push_back({c.labels.Chat(*chat), c.labels.ChatKindName(chat->chat.kind),
                          c.Count(share.dialogs), Cell(ShownShare(part, c.language), part),
                          c.Count(share.samples), c.Count(chat->messages)});
  }
  if (rest_dialogs > 0) {
    const double part = static_cast<double>(rest_dialogs) / total;
    table.rows.push_back({c({"all others", "все остальные"}), "", c.Count(rest_dialogs),
                          Cell(ShownShare(part, c.language), part), c.Count(rest_samples), ""});
  }
  page.Add(table);

  ColumnChart chart;
  chart.caption = c({"dialogs a month", "диалогов в месяц"});
  std::vector<const std::map<MonthIndex, int64_t>*> series;
  std::map<MonthIndex, int64_t> others;
  for (size_t i = 0; i < channels.size(); ++i) {
    if (i < kMostSeries) {
      chart.series.push_back({c.labels.Chat(channels[i].chat), {}});
      series.push_back(&channels[i].months);
    } else {
      for (const auto& [month, dialogs] : channels[i].months) others[month] += dialogs;
    }
  }
  if (!others.empty()) {
    chart.series.push_back({c({"all others", "все остальные"}), {}, true});
    series.push_back(&others);
  }
  AddMonths(c, &chart, series);
  page.Add(chart);
}

void AddTopicTable(const PageContext& c, Page& page, const std::vector<TopicShare>& shares) {
  page.Add(Heading{2, c({"Topics", "Темы"})});
  page.Add(Paragraph{
      c({"A dialog may have several topics. It has one when at least two of its words are in the "
         "topic's list, or one where the dialog has fewer than 40 words. The lists are in "
         "lexicon.txt "
         "of the workspace: edit it and run the report again.",
         "У диалога может быть несколько тем. Тема есть, если в её списке не меньше двух слов "
         "диалога, а когда в диалоге меньше 40 слов — одно. Списки лежат в lexicon.txt рабочей "
         "папки: поправьте и соберите отчёт снова."})});
  const auto total = static_cast<double>(std::max<size_t>(c.facts.topics.dialogs.size(), 1));
  const StemWords words(c);
  Table table;
  table.columns = {{c({"topic", "тема"})},
                   {c({"dialogs", "диалогов"}), true},
                   {c({"share", "доля"}), true},
                   {c({"pairs", "пар"}), true},
                   {c({"what else is said in them", "о чём ещё в них говорят"})}};
  const size_t none = c.lexicon.lists().size();
  for (const TopicShare& share : shares) {
    const double part = static_cast<double>(share.dialogs) / total;
    table.rows.push_back({share.list == none ? c({"no topic of these", "ни одной из этих тем"})
                                             : c.lexicon.lists()[share.list].title(c.language),
                          c.Count(share.dialogs), Cell(ShownShare(part, c.language), part),
                          c.Count(share.samples), Terms(c, words, share.list, 6)});
  }
  page.Add(table);
  const std::string missed = Terms(c, words, none, kMostTerms);
  page.Add(Paragraph{
      c({"The last column and this line are found by class-based TF-IDF among words that are in no "
         "list: what sets a topic's dialogs apart from those of the others. ",
         "Последний столбец и эта строка найдены взвешиванием TF-IDF по классам среди слов, "
         "которых "
         "нет в списках: чем диалоги темы отличаются от остальных. "}) +
      (missed.empty() ? std::string(c({"The dialogs without a topic hold too little to tell.",
                                       "В диалогах без темы слов слишком мало."}))
                      : c({"What the lists miss, from the dialogs without a topic: ",
                           "Чего в списках не хватает, по диалогам без темы: "}) +
                            missed + ".")});

  ColumnChart chart;
  chart.caption = c({"dialogs a month by topic, the most frequent ones (a dialog may count twice)",
                     "диалогов в месяц по самым частым темам (диалог может войти в несколько)"});
  std::vector<const std::map<MonthIndex, int64_t>*> series;
  for (const TopicShare& share : shares) {
    if (share.list == none || share.dialogs == 0 || series.size() >= kMostSeries) continue;
    chart.series.push_back({c.lexicon.lists()[share.list].title(c.language), {}});
    series.push_back(&share.months);
  }
  AddMonths(c, &chart, series);
  page.Add(chart);
}

void AddTopicExamples(const PageContext& c, Page& page, const std::vector<TopicShare>& shares) {
  page.Add(Heading{3, c({"Examples", "Примеры"})});
  std::vector<MessageId> used;
  for (const TopicShare& share : shares) {
    if (share.list >= c.lexicon.lists().size() || share.dialogs == 0) continue;
    Quotes quotes;
    quotes.title = c.lexicon.lists()[share.list].title(c.language);
    for (const Example& example : c.facts.topics.examples[share.list].kept()) {
      if (quotes.quotes.size() == kMostExamples) break;
      if (std::find(used.begin(), used.end(), example.id) != used.end()) continue;
      used.push_back(example.id);
      quotes.quotes.push_back(
          {c.labels.Quoted(example.before), c.labels.Quoted(example.text), c.Source(example)});
    }
    if (!quotes.quotes.empty()) page.Add(quotes);
  }
}

void AddForumTopics(const PageContext& c, Page& page) {
  Table table;
  table.columns = {{c({"chat", "чат"})},
                   {c({"forum topic", "топик форума"})},
                   {c({"messages", "сообщений"}), true},
                   {c({"by the persona", "из них персоны"}), true}};
  for (const ChatFacts& chat : c.facts.collection.chats) {
    for (const ForumTopic& topic : chat.topics) {
      table.rows.push_back(
          {c.labels.Chat(chat),
           topic.title.empty() ? std::to_string(SourceIdOfMessage(topic.id)) : topic.title,
           c.Count(topic.messages), c.Count(topic.persona_messages)});
    }
  }
  if (table.rows.empty()) return;
  page.Add(Heading{3, c({"Forum topics", "Топики форума"})});
  page.Add(table);
}

void AddPersonalData(const PageContext& c, Page& page) {
  Table table;
  table.columns = {{c({"personal data met", "встреченные личные данные"})},
                   {c({"times", "раз"}), true}};
  for (const PiiKindInfo& kind : PiiKindTable()) {
    const int64_t times = c.summary.value("pii", nlohmann::json::object()).value(kind.name, 0);
    if (times > 0) table.rows.push_back({c(kind.placeholder), c.Count(times)});
  }
  if (!table.rows.empty()) page.Add(table);
}

void AddQuality(const PageContext& c, Page& page) {
  page.Add(Heading{2, c({"Quality", "Качество"})});
  const Yield yield = YieldOf(c);
  const auto number = [&c](const char* name) { return c.summary.value(name, int64_t{0}); };
  page.Add(Paragraph{
      c({"Of the persona's own words said to people, this share is in the dataset: ",
         "Какая доля собственных слов персоны, сказанных людям, вошла в датасет: "}) +
      c.Count(yield.accepted) + " / " + c.Count(yield.candidates) + " = " +
      ShownShare(yield.quality, c.language) + ". " +
      c({"Forwarded words, commands, notes to oneself, posts and media without words are no "
         "candidates. What took the rest:",
         "Пересланное, команды, заметки себе, посты и медиа без слов кандидатами не считаются. Что "
         "отсеяло остальное:"})});
  Table table;
  table.columns = {{c({"reason", "причина"})},
                   {c({"messages", "сообщений"}), true},
                   {c({"of the candidates", "от кандидатов"}), true},
                   {c({"what would change it", "что изменить"})}};
  std::map<int, int64_t> rules;
  for (const RejectRow& reject : c.facts.rejects) ++rules[reject.rule];
  std::vector<std::pair<int, int64_t>> ordered(rules.begin(), rules.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [rule, count] : ordered) {
    const auto& info = InfoOf(static_cast<RejectRule>(rule));
    const double share =
        static_cast<double>(count) / static_cast<double>(std::max<int64_t>(yield.candidates, 1));
    if (IsNothingSaid(static_cast<RejectRule>(rule))) continue;
    table.rows.push_back(
        {c(info.what), c.Count(count), Cell(ShownShare(share, c.language), share), c(info.remedy)});
  }
  page.Add(table);
  const double coverage = c.summary.value("context_coverage", 0.0);
  const auto talks = c.summary.value("talks", int64_t{0});
  const auto talk_turns = c.summary.value("talk_turns", int64_t{0});
  if (talks > 0) {
    page.Add(Paragraph{
        c({"Talks, by who answers whom, in which there are answers: ",
           "Разговоров с ответами (по тому, кто кому отвечает): "}) +
        c.Count(talks) + c({"; turns of one, on average: ", "; реплик в одном в среднем: "}) +
        ShownNumber(static_cast<double>(talk_turns) / static_cast<double>(talks), 1, c.language) +
        ". " +
        c({"Of what others wrote in them, this share reaches some prompt: ",
           "Из написанного в них другими в подсказки попадает: "}) +
        ShownShare(coverage, c.language) + "."});
  }

  ColumnChart scores;
  scores.caption = c({"Pairs by the quality of each", "Пары по качеству каждой"});
  ColumnChart::Series series{c({"pairs", "пар"}), {}};
  for (const auto& count : c.summary.value("quality_histogram", nlohmann::json::array())) {
    const auto low = static_cast<double>(series.values.size()) / 10;
    scores.labels.push_back(ShownNumber(low, 1, c.language) + " – " +
                            ShownNumber(low + 0.1, 1, c.language));
    series.values.push_back(count.get<double>());
  }
  scores.series.push_back(std::move(series));
  if (!scores.labels.empty()) page.Add(scores);
  AddPersonalData(c, page);

  Table links;
  links.columns = {{c({"certainty that the answer answers its prompt",
                       "уверенность, что ответ отвечает на свою реплику"})},
                   {c({"pairs", "пар"}), true},
                   {c({"share", "доля"}), true}};
  constexpr double kBounds[] = {0.5, 0.6, 0.7, 0.8, 0.9, 0.995, 1.01};
  const auto pairs = static_cast<double>(std::max<size_t>(c.facts.samples.size(), 1));
  for (size_t i = std::size(kBounds) - 1; i-- > 0;) {
    const double low = kBounds[i], high = kBounds[i + 1];
    const int64_t count = std::count_if(
        c.facts.samples.begin(), c.facts.samples.end(), [low, high, i](const SampleRow& sample) {
          return (i == 0 || sample.link >= low) && sample.link < high;
        });
    const double share = static_cast<double>(count) / pairs;
    const std::string label =
        low > 0.99 ? std::string(c({"certain (a reply mark)", "точно (отмечен как ответ)"}))
        : i == 0 ? "< " + ShownNumber(high, 1, c.language)
                 : ShownNumber(low, 1, c.language) + " – " +
                       ShownNumber(std::min(high, 1.0), 1, c.language);
    links.rows.push_back({label, c.Count(count), Cell(ShownShare(share, c.language), share)});
  }
  page.Add(links);

  page.Add(Heading{2, c({"Split and files", "Разбиение и файлы"})});
  Table split;
  split.columns = {{c({"file", "файл"})},
                   {c({"pairs", "пар"}), true},
                   {c({"share", "доля"}), true},
                   {c({"for", "для чего"})}};
  const auto row = [&](const char* name, Text what) {
    const double share = static_cast<double>(number(name)) / pairs;
    split.rows.push_back({std::string(name) + ".jsonl", c.Count(number(name)),
                          Cell(ShownShare(share, c.language), share), c(what)});
  };
  row("train", {"learning", "обучение"});
  row("valid", {"watching the loss while learning", "слежение за потерями при обучении"});
  row("test", {"judging the model: never shown to it", "оценка модели: ей никогда не показывают"});
  page.Add(split);
  page.Add(Paragraph{
      c({"The split goes by whole conversations, the newest to validation and test, so no "
         "conversation is on both sides. Folder: datasets/",
         "Разбиение идёт целыми разговорами, самые новые — в проверку и тест; ни один разговор не "
         "попадает на обе стороны. Папка: datasets/"}) +
      c.facts.dataset.folder});
}

}  // namespace

Page DatasetPage(const PageContext& c) {
  Page page;
  page.file = "dataset";
  page.title = c({"The dataset", "Датасет"});
  page.subtitle = c.labels.Person(c.facts.persona) + " · " + c({"built ", "собран "}) +
                  c.Day(c.facts.dataset.created_at) + " · " + c.facts.dataset.folder;
  const auto channels = DialogsByChat(c.facts);
  const auto topics = TopicShares(c);
  AddSummary(c, page, channels);
  AddChannels(c, page, channels);
  AddTopicTable(c, page, topics);
  AddForumTopics(c, page);
  AddTopicExamples(c, page, topics);
  AddQuality(c, page);
  return page;
}

}  // namespace idiolect
