#include "cli/command.h"

namespace idiolect {

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"run",
       {"from an export to a model that answers; resumes where it stopped",
        "от экспорта до модели, которая отвечает; продолжает с места остановки"},
       DeclareRun,
       "idiolect run ChatExport_2026-01-01 --persona \"Наташа\"\n"
       "idiolect run result.json --persona user123 --model gemma-3-270m"},
      {"import",
       {"read chats into the workspace; again and again, only what is new is added",
        "прочитать чаты; повторный импорт добавляет только новое"},
       DeclareImport,
       "idiolect import ~/Downloads/DataExport_2026-01-01\n"
       "idiolect import --check export.zip"},
      {"people",
       {"who wrote how much, under which names: pick the persona",
        "кто сколько написал и под какими именами: выбор персоны"},
       DeclarePeople,
       "idiolect people --persona \"наташа\"\n"
       "idiolect people merge user123 \"Наташа С.\""},
      {"links",
       {"what answers what in a chat, how surely and why",
        "что чему отвечает в чате, насколько уверенно и почему"},
       DeclareLinks,
       "idiolect links --chat \"Семья\"\n"
       "idiolect links --message 4711 --limit 7 --json"},
      {"build",
       {"dialogs, pairs, filters with reasons, split, dataset files",
        "диалоги, пары, отсев с причинами, разбиение, файлы датасета"},
       DeclareBuild,
       "idiolect build --persona \"Наташа\"\n"
       "idiolect build --json --explain"},
      {"export",
       {"the dataset in the form another trainer loads", "датасет в формате другой программы"},
       DeclareExport,
       "idiolect export --format axolotl\n"
       "idiolect export --dpo --pairs 200"},
      {"why",
       {"where one message went: an answer, context, or out by a rule",
        "куда делось сообщение: ответ, контекст или отсев"},
       DeclareWhy,
       "idiolect why 17179869285\n"
       "idiolect why 1:105 --json"},
      {"report",
       {"collection, channels, topics, style, quality: pages to read",
        "что собрано, каналы, темы, стиль, качество: страницы для чтения"},
       DeclareReport,
       "idiolect report --lang ru\n"
       "idiolect report --names real --timezone Europe/Moscow"},
      {"validate",
       {"a training file's faults with their places, tokens, cost, time; what to mend",
        "ошибки обучающего файла с местами, токены, цена, время; что исправить"},
       DeclareValidate,
       "idiolect validate\n"
       "idiolect validate train.jsonl --fix mended.jsonl"},
      {"finetune",
       {"train the model on the dataset, here on this machine",
        "обучить модель на датасете, на этой машине"},
       DeclareFinetune,
       "idiolect finetune\n"
       "idiolect finetune --model gemma-3-270m --epochs 3"},
      {"chat",
       {"talk with the trained model in the terminal",
        "поговорить с обученной моделью в терминале"},
       DeclareChat,
       "idiolect chat\n"
       "idiolect chat --message \"Привет! Как дела?\" --temperature 0"},
      {"status",
       {"the checklist: what is done, what is next, the command for it",
        "что сделано, что дальше и какой командой"},
       DeclareStatus,
       "idiolect status\n"
       "idiolect status --json"},
      {"models",
       {"base models: list, pull, add one of your own; write a trained one for other programs",
        "исходные модели: список, загрузка, своя; запись обученной для других программ"},
       DeclareModels,
       "idiolect models pull gemma-3-270m\n"
       "idiolect models export --as gguf --type q8_0"},
      {"jobs",
       {"fine-tuning jobs, here and at providers: list, follow, cancel, pause, resume",
        "задания на дообучение, здесь и у сервисов: список, слежение, отмена, пауза"},
       DeclareJobs,
       "idiolect jobs\n"
       "idiolect jobs follow ftjob-abc123"},
      {"files",
       {"files at a provider: list, get, delete", "файлы у сервиса: список, загрузка, удаление"},
       DeclareFiles,
       "idiolect files --provider openai\n"
       "idiolect files --provider openai delete file-abc123"},
      {"serve",
       {"OpenAI's API and a web page on this machine", "API OpenAI и веб-страница на этой машине"},
       DeclareServe,
       "idiolect serve\n"
       "idiolect serve --port 9000 --token-file token.txt"},
      {"alias",
       {"short names for models: natasha instead of ft:…",
        "короткие имена моделей: natasha вместо ft:…"},
       DeclareAlias,
       "idiolect alias natasha ft:gemma-3-270m:local:natasha:1a2b3c4d\n"
       "idiolect alias natasha --remove"},
      {"work",
       {"runs a job of the server; the server starts it", "выполняет задание сервера"},
       DeclareWork,
       "idiolect work ftjob-…\n"
       "idiolect serve",
       InHelp::kNo},
  };
  return commands;
}

}  // namespace idiolect
