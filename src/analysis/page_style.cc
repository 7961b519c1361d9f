#include <algorithm>
#include <cmath>

#include "analysis/favourites.h"
#include "analysis/report_pages.h"
#include "base/text.h"

namespace idiolect {
namespace {

struct FeatureText {
  Feature feature;
  Text name;
  Text rule;
  Text does;  // "asks questions", for the summary
};

constexpr FeatureText kFeatureTexts[] = {
    {Feature::kQuestion,
     {"questions", "вопросы"},
     {"the message has a ?", "в сообщении есть ?"},
     {"asks questions", "задаёт вопросы"}},
    {Feature::kExclamation,
     {"exclamations", "восклицания"},
     {"has a !", "есть !"},
     {"exclaims", "восклицает"}},
    {Feature::kEllipsis,
     {"ellipses", "многоточия"},
     {"has … or ...", "есть … или ..."},
     {"trails off…", "ставит многоточия"}},
    {Feature::kSmileBrackets,
     {"bracket smiles )))", "скобки ))) вместо улыбки"},
     {"has a closing bracket that nothing opened", "есть закрывающая скобка без открывающей"},
     {"smiles with brackets", "улыбается скобками"}},
    {Feature::kEmoji,
     {"emoji", "эмодзи"},
     {"has an emoji", "есть эмодзи"},
     {"uses emoji", "ставит эмодзи"}},
    {Feature::kAngleQuotes,
     {"«quotes»", "кавычки «ёлочки»"},
     {"has a «", "есть «"},
     {"quotes in «»", "пишет в «ёлочках»"}},
    {Feature::kStraightQuotes,
     {"\"quotes\"", "кавычки \"прямые\" и „лапки“"},
     {"has a \" or „", "есть \" или „"},
     {"uses \"quotes\"", "ставит прямые кавычки"}},
    {Feature::kDash,
     {"dashes", "тире"},
     {"has — or –", "есть — или –"},
     {"uses dashes", "ставит тире"}},
    {Feature::kCaps,
     {"WORDS IN CAPITALS", "СЛОВА КАПСОМ"},
     {"has a word of four letters or more, all upper case",
      "есть слово от четырёх букв, все заглавные"},
     {"shouts in capitals", "выделяет капсом"}},
    {Feature::kStartsLower,
     {"begins in lower case", "начинает со строчной"},
     {"the first letter is in lower case", "первая буква строчная"},
     {"begins in lower case", "начинает со строчной буквы"}},
    {Feature::kEndsWithPeriod,
     {"ends with a full stop", "точка в конце"},
     {"the last character is one full stop", "последний знак — одна точка"},
     {"ends with a full stop", "ставит точку в конце"}},
    {Feature::kMixedScripts,
     {"Latin among Cyrillic", "латиница среди кириллицы"},
     {"has words in both alphabets", "есть слова обоих алфавитов"},
     {"mixes alphabets", "мешает латиницу с кириллицей"}},
};
static_assert(std::size(kFeatureTexts) == kFeatures);

constexpr Text kEndingNames[kEndings] = {{"a letter", "буква"},
                                         {"a full stop", "точка"},
                                         {"?", "?"},
                                         {"!", "!"},
                                         {"an ellipsis", "многоточие"},
                                         {") smile", "скобка )"},
                                         {"an emoji", "эмодзи"},
                                         {"other", "другое"}};

constexpr const char* kWeekdaysRu[] = {"пн", "вт", "ср", "чт", "пт", "сб", "вс"};
constexpr const char* kWeekdaysEn[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

double Share(int64_t part, int64_t whole) {
  return whole <= 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string Times(const PageContext& c, int64_t one, int64_t other, const ShareRatio& ratio) {
  if (!std::isfinite(ratio.high) || (one == 0 && other == 0)) return "—";
  const std::string chance = ratio.differs() ? "" : " ≈";
  if (one == 0) return c({"never", "ни разу"}) + chance;
  if (other == 0) return c({"only here", "только здесь"}) + chance;
  const auto shown = [&](double value) {
    return ShownNumber(value, value < 0.95 ? 2 : value < 10 ? 1 : 0, c.language);
  };
  return "×" + shown(ratio.ratio) + " (" + shown(ratio.low) + "–" + shown(ratio.high) + ")" +
         chance;
}

// "twice as often" needs its own grammar: "в 13 раз", "в 3 раза", "в 6,6 раза".
std::string TimesAsOften(const PageContext& c, double times, bool more) {
  const bool whole = times >= 10;
  const std::string number = ShownNumber(times, whole ? 0 : 1, c.language);
  if (c.language == Language::kEnglish) {
    return number + (more ? " times as often as others" : " times less often than others");
  }
  const char* word = whole ? Plural(std::lround(times), "раз", "раза", "раз") : "раза";
  return "в " + number + " " + word + (more ? " чаще других" : " реже других");
}

class StylePageMaker {
 public:
  explicit StylePageMaker(const PageContext& context)
      : c(context),
        mine(context.facts.speech.voices[kPersona]),
        theirs(context.facts.speech.voices[kOthers]),
        name(context.labels.Person(context.facts.persona)) {}

  Page Make() {
    page.file = "style";
    page.title = c({"How they write", "Стиль речи"});
    page.subtitle = name + " · " +
                    c.Counted(mine.messages, {"message", "сообщение"}, {"messages", "сообщения"},
                              {"messages", "сообщений"}) +
                    c({" against ", " против "}) + c.Count(theirs.messages) +
                    c({" of others in the same chats", " у других людей в тех же чатах"});
    if (mine.messages == 0) {
      page.Add(Paragraph{c({"The persona has no words of their own in private chats or groups.",
                            "У персоны нет собственных слов в личных чатах и группах."})});
      return std::move(page);
    }
    AddSummary();
    AddLengths();
    AddMarks();
    AddForms();
    AddFavourites();
    AddEnds();
    AddTraits();
    AddTime();
    return std::move(page);
  }

 private:
  ShareRatio RatioOf(int64_t one, int64_t other) const {
    return RatioOfShares(one, mine.messages, other, theirs.messages);
  }

  void AddSummary() {
    Figures figures;
    figures.figures = {
        {ShownNumber(Share(mine.words, mine.messages), 1, c.language),
         c({"words a message", "слов в сообщении"})},
        {ShownNumber(AverageRun(kPersona), 1, c.language),
         c({"messages in a row", "сообщений подряд"})},
        {ShownShare(Share(mine.features[static_cast<size_t>(Feature::kQuestion)], mine.messages),
                    c.language),
         c({"messages with a question", "сообщений с вопросом"})},
        {DelayText(Quantile(c.facts.collection.delays[kPersona], 0.5)),
         c({"usual answer delay", "обычная задержка ответа"})}};
    page.Add(figures);

    struct Line {
      std::string text;
      double strength;
    };
    std::vector<Line> lines;
    const auto add = [&](const std::string& does, int64_t one, int64_t other) {
      const ShareRatio ratio = RatioOf(one, other);
      if (theirs.messages == 0 || !ratio.differs() || std::max(one, other) < 5) return;
      // How far the nearer end of the interval is from "the same".
      const double strength = ratio.ratio > 1 ? std::log(ratio.low) : -std::log(ratio.high);
      const bool more = ratio.ratio > 1;
      const double times = more ? ratio.ratio : 1 / ratio.ratio;
      const std::string often = one == 0     ? c({"never", "ни разу"})
                                : other == 0 ? c({"only they do", "только здесь"})
                                             : TimesAsOften(c, times, more);
      lines.push_back({does + " — " + often + " (" +
                           ShownShare(Share(one, mine.messages), c.language) +
                           c({" of messages against ", " сообщений против "}) +
                           ShownShare(Share(other, theirs.messages), c.language) + ")",
                       strength});
    };
    for (const FeatureText& text : kFeatureTexts) {
      const auto at = static_cast<size_t>(text.feature);
      add(c(text.does), mine.features[at], theirs.features[at]);
    }
    for (size_t i = 0; i < c.lexicon.lists().size(); ++i) {
      if (c.lexicon.lists()[i].use != LexiconList::Use::kTrait) continue;
      add(c.lexicon.lists()[i].title(c.language), mine.lists[i], theirs.lists[i]);
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const Line& a, const Line& b) { return a.strength > b.strength; });
    page.Add(Heading{2, c({"What sets them apart", "Чем отличается от других"})});
    List list;
    for (size_t i = 0; i < lines.size() && i < 8; ++i) list.items.push_back(lines[i].text);
    if (list.items.empty()) {
      page.Add(
          Paragraph{c({"Nothing counted here differs from others by more than chance.",
                       "Ничто из посчитанного не отличается от других больше, чем случайно."})});
      return;
    }
    page.Add(list);
    page.Add(Paragraph{
        c({"In the tables, ×2.0 (1.6–2.5) means: twice as often as others, and with 95 % certainty "
           "between 1.6 and 2.5 times. ≈ marks what may as well be chance.",
           "В таблицах ×2,0 (1,6–2,5) значит: вдвое чаще других, а с уверенностью 95 % — от 1,6 до "
           "2,5 раза. Знаком ≈ отмечено то, что может быть случайностью."})});
  }

  Table Compared(Text first) const {
    Table table;
    table.columns = {{c(first)},
                     {name, true},
                     {c({"others", "другие"}), true},
                     {c({"how much more often", "во сколько раз чаще"}), true}};
    return table;
  }
  std::vector<Cell> Row(const std::string& label, int64_t one, int64_t other) const {
    const double share = Share(one, mine.messages);
    return {label, Cell(ShownShare(share, c.language), share),
            ShownShare(Share(other, theirs.messages), c.language),
            theirs.messages == 0 ? std::string("—") : Times(c, one, other, RatioOf(one, other))};
  }

  double AverageRun(Voice voice) const {
    int64_t runs = 0, messages = 0;
    for (size_t length = 1; length <= kMostRun; ++length) {
      runs += c.facts.collection.runs[voice][length];
      messages += c.facts.collection.runs[voice][length] * static_cast<int64_t>(length);
    }
    return Share(messages, runs);
  }

  void AddLengths() {
    page.Add(Heading{2, c({"Length", "Длина"})});
    Table table;
    table.columns = {{c({"words in a message", "слов в сообщении"})},
                     {name, true},
                     {c({"others", "другие"}), true}};
    const auto decimal = [this](double value) { return ShownNumber(value, 1, c.language); };
    table.rows.push_back({c({"on average", "в среднем"}), decimal(Share(mine.words, mine.messages)),
                          decimal(Share(theirs.words, theirs.messages))});
    table.rows.push_back(
        {c({"half of the messages have no more than", "в половине сообщений не больше"}),
         c.Count(mine.WordsAt(0.5)), c.Count(theirs.WordsAt(0.5))});
    table.rows.push_back({c({"nine in ten have no more than", "в девяти из десяти не больше"}),
                          c.Count(mine.WordsAt(0.9)), c.Count(theirs.WordsAt(0.9))});
    table.rows.push_back({c({"characters on average", "знаков в среднем"}),
                          decimal(Share(mine.characters, mine.messages)),
                          decimal(Share(theirs.characters, theirs.messages))});
    page.Add(table);

    Table spread;
    spread.columns = {{c({"words", "слов"})}, {name, true}, {c({"others", "другие"}), true}};
    constexpr size_t kBounds[] = {0, 1, 2, 4, 8, 16, 32, kMostWordsCounted + 1};
    for (size_t i = 0; i + 1 < std::size(kBounds); ++i) {
      int64_t one = 0, other = 0;
      for (size_t words = kBounds[i]; words < kBounds[i + 1]; ++words) {
        one += mine.by_words[words];
        other += theirs.by_words[words];
      }
      const size_t low = kBounds[i], high = kBounds[i + 1] - 1;
      const std::string label = low == 0
                                    ? c({"none (marks or emoji only)", "ни одного (знаки, эмодзи)"})
                                : high >= kMostWordsCounted ? std::to_string(low) + "+"
                                : low == high               ? std::to_string(low)
                                              : std::to_string(low) + "–" + std::to_string(high);
      spread.rows.push_back({label, Bar(one, mine.messages), Bar(other, theirs.messages)});
    }
    page.Add(spread);

    page.Add(Heading{3, c({"Messages in a row", "Сообщений подряд"})});
    page.Add(
        Paragraph{c({"In a row: by one person, nobody in between, no more than five minutes "
                     "apart. On average ",
                     "Подряд — от одного человека, без чужих между ними, с перерывом не больше "
                     "пяти минут. В среднем "}) +
                  decimal(AverageRun(kPersona)) + c({" against ", " против "}) +
                  decimal(AverageRun(kOthers)) + "."});
    Table runs;
    runs.columns = {{c({"in a row", "подряд"})}, {name, true}, {c({"others", "другие"}), true}};
    int64_t totals[kVoices] = {};
    for (int voice = 0; voice < kVoices; ++voice) {
      for (const int64_t count : c.facts.collection.runs[voice]) totals[voice] += count;
    }
    for (size_t length = 1; length <= 5; ++length) {
      int64_t counts[kVoices] = {};
      for (int voice = 0; voice < kVoices; ++voice) {
        for (size_t l = length; l <= (length == 5 ? kMostRun : length); ++l) {
          counts[voice] += c.facts.collection.runs[voice][l];
        }
      }
      runs.rows.push_back({std::to_string(length) + (length == 5 ? "+" : ""),
                           Bar(counts[kPersona], totals[kPersona]),
                           Bar(counts[kOthers], totals[kOthers])});
    }
    page.Add(runs);
  }

  Cell Bar(int64_t part, int64_t whole) const {
    return Cell(ShownShare(Share(part, whole), c.language), Share(part, whole));
  }

  void AddMarks() {
    page.Add(Heading{2, c({"Marks and letters", "Знаки и буквы"})});
    Table table = Compared({"share of messages", "доля сообщений"});
    for (const FeatureText& text : kFeatureTexts) {
      const auto at = static_cast<size_t>(text.feature);
      table.rows.push_back(Row(std::string(c(text.name)) + ": " + c(text.rule), mine.features[at],
                               theirs.features[at]));
    }
    page.Add(table);
    page.Add(Paragraph{c({"Words in Latin letters: ", "Слов латиницей: "}) +
                       ShownShare(Share(mine.latin_words, mine.words), c.language) +
                       c({" against ", " против "}) +
                       ShownShare(Share(theirs.latin_words, theirs.words), c.language) + ". " +
                       c({"Emoji on 100 messages: ", "Эмодзи на 100 сообщений: "}) +
                       ShownNumber(Share(mine.emoji, mine.messages) * 100, 1, c.language) +
                       c({" against ", " против "}) +
                       ShownNumber(Share(theirs.emoji, theirs.messages) * 100, 1, c.language) +
                       ". " + TopEmoji()});

    page.Add(Heading{3, c({"What a message ends with", "Чем кончается сообщение"})});
    Table endings;
    endings.columns = {{""}, {name, true}, {c({"others", "другие"}), true}};
    for (size_t i = 0; i < kEndings; ++i) {
      endings.rows.push_back({c(kEndingNames[i]), Bar(mine.endings[i], mine.messages),
                              Bar(theirs.endings[i], theirs.messages)});
    }
    page.Add(endings);

    page.Add(Heading{3, c({"Examples", "Примеры"})});
    for (const FeatureText& text : kFeatureTexts) {
      const auto at = static_cast<size_t>(text.feature);
      // Half of everybody's messages need no example.
      if (mine.features[at] == 0 || text.feature == Feature::kStartsLower) continue;
      AddExamples(c(text.name), c.facts.speech.feature_examples[at], 1);
    }
  }

  std::string TopEmoji() const {
    std::vector<std::pair<int64_t, char32_t>> counts;
    for (const auto& [emoji, count] : mine.emoji_counts) counts.push_back({count, emoji});
    if (counts.empty()) return {};
    std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::string top = c({"The most frequent: ", "Самые частые: "});
    for (size_t i = 0; i < counts.size() && i < 10; ++i) {
      if (i > 0) top += ", ";
      AppendUtf8(counts[i].second, &top);
      if (counts[i].second < 0x1F000) top += "\xEF\xB8\x8F";  // shown as a picture
      top += " " + c.Count(counts[i].first);
    }
    return top + ".";
  }

  void AddExamples(const std::string& title, const BestExamples& examples, size_t most) {
    Quotes quotes;
    quotes.title = title;
    // Those not shown yet first; a rare trait may have no other.
    for (const bool fresh : {true, false}) {
      for (const Example& example : examples.kept()) {
        if (quotes.quotes.size() == most) break;
        const bool used = std::find(used_.begin(), used_.end(), example.id) != used_.end();
        if (used == fresh) continue;
        const bool here = std::any_of(
            quotes.quotes.begin(), quotes.quotes.end(),
            [&](const auto& quote) { return quote.text == c.labels.Quoted(example.text); });
        if (here) continue;
        used_.push_back(example.id);
        quotes.quotes.push_back({"", c.labels.Quoted(example.text), c.Source(example)});
      }
    }
    if (!quotes.quotes.empty()) page.Add(quotes);
  }

  // "ты" and "вы", address words, imperatives, swearing: lists of exact forms, shown as a table.
  void AddForms() {
    page.Add(Heading{2, c({"Address and mood", "Обращение и наклонение"})});
    Table table = Compared({"share of messages", "доля сообщений"});
    for (const char* key : kForms) {
      const size_t list = c.lexicon.Find(key);
      if (list == kMostLists) continue;
      table.rows.push_back(
          Row(c.lexicon.lists()[list].title(c.language), mine.lists[list], theirs.lists[list]));
    }
    page.Add(table);
    for (const char* key : kForms) {
      const size_t list = c.lexicon.Find(key);
      if (list == kMostLists || mine.lists[list] == 0) continue;
      AddExamples(
          c.lexicon.lists()[list].title(c.language) + ": " + RuleOf(c.lexicon.lists()[list]),
          c.facts.speech.list_examples[list], 2);
    }
  }

  std::string RuleOf(const LexiconList& list) const {
    std::string rule = c({"a word of the list ", "есть слово из списка "});
    size_t shown = 0;
    const bool russian = c.language == Language::kRussian;
    for (const std::string& entry : list.entries) {
      if (entry.front() == '-') continue;
      const bool cyrillic = std::any_of(entry.begin(), entry.end(), [](char letter) {
        return static_cast<unsigned char>(letter) >= 0xD0;
      });
      if (cyrillic != russian) continue;
      if (shown == 8) break;
      rule += (shown++ == 0 ? "" : ", ") +
              (entry.front() == '=' || entry.front() == '^' ? entry.substr(1) : entry);
    }
    return rule + c({"… (", "… (всего "}) + c.Count(static_cast<int64_t>(list.entries.size())) +
           c({" entries, ", ", "}) + "lexicon.txt: " + list.key + ")";
  }

  void AddFavourites() {
    page.Add(Heading{2, c({"Favourite words and phrases", "Любимые слова и обороты"})});
    page.Add(Paragraph{
        c({"Ranked by z: the weighted log-odds with an informative prior of Monroe, Colaresi and "
           "Quinn (2008); the prior is 500 words spread as everybody here uses them. Only what is "
           "beyond chance (z of 1.96 or more) and was said three times or more.",
           "По z — взвешенному логарифму отношения шансов с информативным априорным распределением "
           "(Monroe, Colaresi, Quinn, 2008); априорно — 500 слов в том составе, в каком их говорят "
           "здесь все. Только неслучайное (z от 1,96) и сказанное не меньше трёх раз."})});
    AddWords(c({"word", "слово"}), FavouriteWords(c, Side::kPersona, 24), mine.words, theirs.words);
    AddWords(c({"two words in a row", "два слова подряд"}), FavouritePhrases(c, 20),
             static_cast<int64_t>(c.facts.speech.phrases.total(kPersona)),
             static_cast<int64_t>(c.facts.speech.phrases.total(kOthers)));
    const auto avoided = FavouriteWords(c, Side::kOthers, 20);
    if (avoided.empty()) return;
    std::string words;
    for (const Favourite& word : avoided) {
      words += (words.empty() ? "" : ", ") + word.text + " (" + c.Count(word.one) + " / " +
               c.Count(word.others) + ")";
    }
    page.Add(Paragraph{c({"What others say and they seldom do (by them / by others): ",
                          "Что говорят другие, а здесь почти нет (у персоны / у других): "}) +
                       words + "."});
  }

  void AddWords(const std::string& what, const std::vector<Favourite>& words, int64_t one_of,
                int64_t others_of) {
    if (words.empty()) {
      page.Add(Paragraph{what + ": " + c({"nothing beyond chance", "ничего неслучайного"})});
      return;
    }
    Table table;
    table.columns = {{what},
                     {c({"times", "раз"}), true},
                     {c({"on 1,000", "на 1000"}), true},
                     {c({"others on 1,000", "у других на 1000"}), true},
                     {"z", true}};
    for (const Favourite& word : words) {
      table.rows.push_back({word.text, c.Count(word.one),
                            ShownNumber(Share(word.one, one_of) * 1000, 1, c.language),
                            ShownNumber(Share(word.others, others_of) * 1000, 1, c.language),
                            Cell(ShownNumber(word.z, 1, c.language), word.z / words.front().z)});
    }
    page.Add(table);
  }

  void AddEnds() {
    page.Add(Heading{2, c({"How they begin and end", "С чего начинает и чем кончает"})});
    page.Add(Paragraph{c({"First and last words of messages in a row, most frequent first.",
                          "Первые и последние слова сообщений подряд, сначала самые частые."})});
    const auto add = [this](const std::string& what, const std::vector<Favourite>& ends,
                            int64_t one_of, int64_t others_of) {
      Table table;
      table.columns = {
          {what}, {c({"times", "раз"}), true}, {name, true}, {c({"others", "другие"}), true}};
      for (const Favourite& end : ends) {
        table.rows.push_back({end.text, c.Count(end.one), Bar(end.one, one_of),
                              ShownShare(Share(end.others, others_of), c.language)});
      }
      page.Add(table);
    };
    add(c({"first words", "первые слова"}), Openings(c, 14), mine.openings, theirs.openings);
    add(c({"last words", "последние слова"}), Closings(c, 14), mine.closings, theirs.closings);
  }

  void AddTraits() {
    page.Add(Heading{2, c({"Traits of manner", "Черты манеры"})});
    page.Add(Paragraph{c(
        {"Counted by word lists, so a hint and not a judgement: a list knows words, not what is "
         "meant. Each trait shows its rule; the lists are in lexicon.txt of the workspace.",
         "Считаются по спискам слов, поэтому это подсказка, а не приговор: список знает слова, но "
         "не смысл. У каждой черты показано правило; списки — в lexicon.txt рабочей папки."})});
    Table table = Compared({"share of messages", "доля сообщений"});
    std::vector<size_t> lists;
    for (size_t i = 0; i < c.lexicon.lists().size(); ++i) {
      const LexiconList& list = c.lexicon.lists()[i];
      const bool form = std::any_of(std::begin(kForms), std::end(kForms),
                                    [&list](const char* key) { return list.key == key; });
      if (list.use == LexiconList::Use::kTrait && !form) lists.push_back(i);
    }
    for (const size_t list : lists) {
      table.rows.push_back(
          Row(c.lexicon.lists()[list].title(c.language), mine.lists[list], theirs.lists[list]));
    }
    page.Add(table);
    for (const size_t list : lists) {
      const LexiconList& words = c.lexicon.lists()[list];
      page.Add(Heading{3, words.title(c.language)});
      page.Add(Paragraph{c({"Rule: ", "Правило: "}) + RuleOf(words) + "."});
      AddExamples("", c.facts.speech.list_examples[list], 2);
    }
  }

  static uint32_t Quantile(std::vector<uint32_t> delays, double share) {
    if (delays.empty()) return 0;
    const auto at = static_cast<ptrdiff_t>(share * static_cast<double>(delays.size() - 1));
    std::nth_element(delays.begin(), delays.begin() + at, delays.end());
    return delays[static_cast<size_t>(at)];
  }

  std::string DelayText(uint32_t seconds) const {
    if (seconds < 60) return std::to_string(seconds) + c({" s", " с"});
    if (seconds < 3600) return std::to_string((seconds + 30) / 60) + c({" min", " мин"});
    return ShownNumber(seconds / 3600.0, 1, c.language) + c({" h", " ч"});
  }

  void AddTime() {
    const CollectionFacts& all = c.facts.collection;
    page.Add(Heading{2, c({"When they write", "Когда пишет"})});
    HeatMap map;
    map.caption = std::string(c({"messages by weekday and hour, time zone ",
                                 "сообщений по дням недели и часам, часовой пояс "})) +
                  c.facts.zone->name();
    for (int day = 0; day < 7; ++day) {
      map.rows.push_back(c.language == Language::kRussian ? kWeekdaysRu[day] : kWeekdaysEn[day]);
      map.values.emplace_back();
      for (int hour = 0; hour < 24; ++hour) {
        map.values.back().push_back(static_cast<double>(all.hours[kPersona][day][hour]));
      }
    }
    for (int hour = 0; hour < 24; ++hour) map.columns.push_back(std::to_string(hour));
    page.Add(map);

    page.Add(Heading{3, c({"Answer delay", "Задержка ответа"})});
    const auto& one = all.delays[kPersona];
    const auto& other = all.delays[kOthers];
    page.Add(Paragraph{
        c({"From what is answered to the first message of the answer, within a day: marked replies "
           "everywhere, and each change of speaker in private chats. Half of the answers come "
           "within ",
           "От реплики до первого сообщения ответа, в пределах суток: отмеченные ответы везде и "
           "каждая смена говорящего в личных чатах. Половина ответов приходит за "}) +
        DelayText(Quantile(one, 0.5)) + c({" (others: ", " (у других: "}) +
        DelayText(Quantile(other, 0.5)) +
        c({"), nine in ten within ", "), девять из десяти — за "}) + DelayText(Quantile(one, 0.9)) +
        " (" + DelayText(Quantile(other, 0.9)) + ")."});
    Table table;
    table.columns = {{c({"delay", "задержка"})}, {name, true}, {c({"others", "другие"}), true}};
    struct Bound {
      uint32_t below;
      Text label;
    };
    constexpr Bound kBounds[] = {
        {10, {"under 10 s", "до 10 с"}},          {60, {"10 s – 1 min", "10 с – 1 мин"}},
        {300, {"1 – 5 min", "1 – 5 мин"}},        {1800, {"5 – 30 min", "5 – 30 мин"}},
        {7200, {"30 min – 2 h", "30 мин – 2 ч"}}, {28800, {"2 – 8 h", "2 – 8 ч"}},
        {UINT32_MAX, {"8 – 24 h", "8 – 24 ч"}}};
    uint32_t low = 0;
    for (const Bound& bound : kBounds) {
      const auto within = [&](const std::vector<uint32_t>& delays) {
        return std::count_if(delays.begin(), delays.end(),
                             [&](uint32_t delay) { return delay >= low && delay < bound.below; });
      };
      table.rows.push_back({c(bound.label), Bar(within(one), static_cast<int64_t>(one.size())),
                            Bar(within(other), static_cast<int64_t>(other.size()))});
      low = bound.below;
    }
    page.Add(table);
  }

  static constexpr const char* kForms[] = {"informal", "formal", "address", "imperative",
                                           "swearing"};

  const PageContext& c;
  const VoiceFacts& mine;
  const VoiceFacts& theirs;
  const std::string name;
  Page page;
  std::vector<MessageId> used_;  // shown as examples already
};

}  // namespace

Page StylePage(const PageContext& context) {
  return StylePageMaker(context).Make();
}

}  // namespace idiolect
