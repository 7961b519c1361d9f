#include <cmath>

#include "analysis/report_pages.h"
#include "base/clock.h"

namespace idiolect {

namespace {

// What each provider and model of the price file would ask, each figure with its day and source.
void AddCost(const PageContext& c, const TrainingEstimate& estimate, Page& page) {
  page.Add(Heading{3, c({"Cost", "Стоимость"})});
  page.Add(Paragraph{
      std::string(estimate.carried_over || !estimate.exact_counter ? c({"About ", "Около "}) : "") +
      c.Count(static_cast<int64_t>(estimate.tokens)) +
      c({" tokens in train.jsonl (counted with ", " токенов в train.jsonl (считает "}) +
      estimate.counter +
      (estimate.carried_over ? c({", over the beginning of the file and carried over to the rest)",
                                  ", по началу файла с пересчётом на остальное)"})
                             : ")") +
      c({". What a provider that decides itself would likely take: ",
         ". Сколько эпох, скорее всего, возьмёт провайдер, если выбирает сам: "}) +
      std::to_string(estimate.epochs) +
      c({" epochs. Prices change: each is shown with the day it was seen and where; ask the "
         "provider's own page before paying. Your own prices go into prices.toml of the workspace.",
         ". Цены меняются: у каждой указано, когда и где её видели; перед оплатой проверьте на "
         "странице провайдера. Свои цены можно записать в prices.toml рабочей папки."})});
  Table table;
  table.columns = {{c({"provider, model", "провайдер, модель"})},
                   {c({"one epoch", "одна эпоха"}), true},
                   {c({"epochs: ", "эпох: "}) + std::to_string(estimate.epochs), true},
                   {c({"seen", "цена на"})},
                   {c({"source", "источник"})},
                   {c({"note", "заметка"})}};
  for (const Price& price : estimate.prices.prices) {
    const auto shown = [&](int epochs) {
      const Cost cost = CostOf(price, estimate.billable_tokens, epochs);
      return cost.amount ? FormatAmount(*cost.amount, price.currency)
                         : std::string(c({"not known", "неизвестно"}));
    };
    table.rows.push_back(
        {price.provider + ", " + price.model, shown(1), shown(estimate.epochs), price.seen,
         price.source,
         c.language == Language::kRussian && !price.note_ru.empty() ? price.note_ru : price.note});
  }
  page.Add(table);
}

void AddLocalTime(const PageContext& c, const std::optional<LocalTraining>& local, Page& page) {
  if (!local) {
    page.Add(
        Paragraph{c({"How long it takes here: idiolect validate --time measures it in ten "
                     "seconds.",
                     "Сколько это займёт здесь: idiolect validate --time измерит за десять "
                     "секунд."})});
    return;
  }
  const auto minutes = static_cast<int64_t>(std::ceil(local->seconds / 60));
  page.Add(Paragraph{
      c({"Here it takes about ", "Здесь это займёт примерно "}) + c.Count(minutes) +
      c({" min: ", " мин: "}) + local->model + ", " + local->machine + ", " +
      c({"epochs: ", "эпох: "}) + std::to_string(local->epochs) + c({", steps: ", ", шагов: "}) +
      c.Count(local->steps) + ", " + c.Count(std::llround(local->tokens_per_second)) +
      c({" tokens/s, measured on ", " токенов/с, измерено "}) + FormatDay(local->measured_at) +
      c({". It costs nothing but the electricity.", ". Платить не за что, кроме электричества."})});
}

}  // namespace

Page InstructionsPage(const PageContext& c, const std::string& folder,
                      const TrainingEstimate& estimate, const std::optional<LocalTraining>& local) {
  const auto number = [&c](const char* name) { return c.summary.value(name, int64_t{0}); };
  Page page;
  page.file = "instructions";
  page.title = c({"What to do with this dataset", "Что делать с этим датасетом"});
  page.subtitle = c.labels.Person(c.facts.persona) + " · " + folder;

  page.Add(Heading{2, c({"What is there", "Что есть"})});
  Table files;
  files.columns = {{c({"file", "файл"})}, {c({"pairs", "пар"}), true}, {c({"for", "для чего"})}};
  files.rows = {{"train.jsonl", c.Count(number("train")), c({"learning", "обучение"})},
                {"valid.jsonl", c.Count(number("valid")),
                 c({"the loss watched while learning", "потери, за которыми следят при обучении"})},
                {"test.jsonl", c.Count(number("test")),
                 c({"judging the model; give it to no trainer",
                    "оценка модели; не отдавайте его обучению"})}};
  page.Add(files);
  const std::string system = c.summary.value("system_prompt", "");
  if (!system.empty()) {
    page.Add(
        Paragraph{c({"Every sample begins with this system prompt; use the same one when talking "
                     "with the model:",
                     "Каждый пример начинается этой системной подсказкой; с ней же и "
                     "разговаривайте с моделью:"})});
    page.Add(Code{system});
  }

  page.Add(Heading{2, c({"Here, on this machine", "Здесь, на этой машине"})});
  page.Add(
      Paragraph{c({"Nothing leaves the machine. The base model is chosen by the language of the "
                   "dataset; training resumes after any interruption.",
                   "Ничего не уходит с машины. Исходная модель выбирается по языку датасета; "
                   "прерванное обучение продолжится с места остановки."})});
  AddLocalTime(c, local, page);
  page.Add(Code{"idiolect finetune\nidiolect chat"});

  page.Add(Heading{2, c({"At a provider", "У провайдера"})});
  page.Add(Paragraph{
      std::string(
          c({"The three files are in OpenAI's chat format. Upload train.jsonl with the purpose "
             "\"fine-tune\", valid.jsonl as the validation file, and create a job on both. ",
             "Три файла — в чат-формате OpenAI. Загрузите train.jsonl с назначением «fine-tune», "
             "valid.jsonl — как проверочный файл, и создайте на них задание. "})) +
      (number("train") < 10
           ? c({"There are fewer than ten samples to train on: providers refuse such a file.",
                "Примеров для обучения меньше десяти: провайдеры такой файл не принимают."})
           : "")});
  page.Add(Paragraph{
      c({"Before that, read some of it: these are other people's words too, and a hosted model is "
         "out "
         "of your hands.",
         "Сначала прочитайте хотя бы часть: там есть и слова других людей, а размещённая у "
         "провайдера модель — уже не в ваших руках."})});

  AddCost(c, estimate, page);

  page.Add(Heading{2, c({"Afterwards", "После"})});
  List list;
  list.items = {
      c({"Compare the answers on the test questions with what the person really said: idiolect run "
         "writes them to results/.",
         "Сравните ответы на тестовые вопросы с тем, что человек ответил на самом деле: idiolect "
         "run "
         "пишет их в results/."}),
      c({"More chats, longer history and fewer rejects do more than more epochs: the report names "
         "the "
         "rules that take most.",
         "Больше чатов, длиннее история и меньше отсева дают больше, чем лишние эпохи: в отчёте "
         "видно, "
         "какие правила отсеивают больше всего."})};
  page.Add(list);
  return page;
}

}  // namespace idiolect
