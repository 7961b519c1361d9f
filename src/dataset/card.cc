#include "dataset/card.h"

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "dataset/reject_rules.h"

namespace idiolect {
namespace {

const char* SizeCategory(int64_t samples) {
  if (samples < 1000) return "n<1K";
  if (samples < 10'000) return "1K<n<10K";
  if (samples < 100'000) return "10K<n<100K";
  return samples < 1'000'000 ? "100K<n<1M" : "1M<n<10M";
}

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f", share * 100);
  return std::string(text) + " %";
}

}  // namespace

std::string DatasetCard(const BuildSummary& summary, const std::string& name, Language language) {
  const auto say = [language](Text text) { return std::string(Say(language, text)); };
  std::string card = "---\n";
  card += std::string("language:\n- ") + LanguageCode(language) + "\n";
  card += "pretty_name: " + JsonString(name) + "\n";
  card += "task_categories:\n- text-generation\ntags:\n- chat\n- persona\n- idiolect\n";
  card += "license: other\nlicense_name: private\n";
  card += std::string("size_categories:\n- ") + SizeCategory(summary.pairs) + "\n";
  card += "configs:\n- config_name: default\n  data_files:\n";
  if (summary.train > 0) card += "  - split: train\n    path: train.jsonl\n";
  if (summary.valid > 0) card += "  - split: validation\n    path: valid.jsonl\n";
  if (summary.test > 0) card += "  - split: test\n    path: test.jsonl\n";
  card += "---\n\n# " + name + "\n\n";
  card +=
      say({"Answers of one person to what others wrote in chats, for training a model to write as "
           "they do. Made by idiolect ",
           "Ответы одного человека на то, что ему писали в чатах: чтобы обучить модель писать так "
           "же. Собрано программой idiolect "}) +
      kVersion + ".\n\n";
  card +=
      say({"**Private.** Other people's words are in it, under pseudonyms and with personal data "
           "replaced by placeholders as far as a program finds it. Do not publish it.\n\n",
           "**Не для публикации.** Здесь слова и других людей: под псевдонимами, с заменой личных "
           "данных на заглушки, насколько их находит программа.\n\n"});
  const auto row = [&card](const std::string& left, const std::string& right) {
    card += "| " + left + " | " + right + " |\n";
  };
  row("", "");
  row("---", "---:");
  row(say({"dialogs", "диалогов"}), GroupDigits(summary.dialogs));
  row(say({"samples", "примеров"}), GroupDigits(summary.pairs));
  row("train / valid / test", GroupDigits(summary.train) + " / " + GroupDigits(summary.valid) +
                                  " / " + GroupDigits(summary.test));
  row(say({"quality: accepted of the candidates", "качество: принято из кандидатов"}),
      Percent(summary.quality));
  row(say({"mean quality of a sample", "среднее качество примера"}), Percent(summary.mean_quality));
  row(say({"talks with answers, turns of one", "разговоров с ответами, реплик в одном"}),
      GroupDigits(summary.talks) + ", " +
          GroupDigits((summary.talk_turns + summary.talks / 2) /
                      std::max<int64_t>(summary.talks, 1)));
  row(say({"others' words that a prompt holds", "слов других людей в контекстах"}),
      Percent(summary.context_coverage));
  if (!summary.rejected.empty()) {
    card += "\n## " + say({"Left out", "Отсеяно"}) + "\n\n";
    row(say({"rule", "правило"}), say({"messages", "сообщений"}));
    row("---", "---:");
    for (const RejectRuleInfo& info : RejectRules()) {
      const auto count = summary.rejected.find(info.name);
      if (count == summary.rejected.end()) continue;
      row(std::string("`") + info.name + "` " + Say(language, info.what),
          GroupDigits(count->second));
    }
  }
  if (!summary.pii.empty()) {
    card += "\n## " + say({"Personal data met", "Найдено личных данных"}) + "\n\n";
    row(say({"kind", "вид"}), say({"times", "раз"}));
    row("---", "---:");
    for (const PiiKindInfo& info : PiiKindTable()) {
      const auto count = summary.pii.find(info.name);
      if (count == summary.pii.end()) continue;
      row(std::string("`") + info.name + "` " + Say(language, info.placeholder),
          GroupDigits(count->second));
    }
  }
  card += "\n## " + say({"Files", "Файлы"}) + "\n\n";
  row(say({"file", "файл"}), say({"holds", "содержит"}));
  row("---", "---");
  row("`train.jsonl` `valid.jsonl` `test.jsonl`",
      say({"chat lines in OpenAI's form; `weight: 0`: context only",
           "строки в формате чатов OpenAI; `weight: 0` — только контекст"}));
  row("`pairs.jsonl`", say({"question and answer of each sample, with its quality",
                            "вопрос и ответ каждого примера, с качеством"}));
  row("`dialogs.json`", say({"whole dialogs: ids, times, links with probability, quality",
                             "диалоги целиком: id, время, связи с вероятностью, качество"}));
  row("`dialogs.csv`", say({"the same for a spreadsheet", "то же для таблиц"}));
  row("`rejected.csv`",
      say({"every message left out, and its rule", "каждое отсеянное сообщение и его правило"}));
  row("`manifest.json`", say({"counts, options, hashes", "числа, настройки, хеши"}));
  return card;
}

}  // namespace idiolect
