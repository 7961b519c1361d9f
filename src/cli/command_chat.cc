#include <editline/readline.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/engine_loader.h"
#include "cli/hosted.h"
#include "cli/stages.h"
#include "core/chat_model.h"
#include "dataset/reader.h"

namespace idiolect {
namespace {

struct Options {
  std::string message;
  std::string model;
  std::string system;
  bool no_system = false;
  bool base_alone = false;
  GenerateOptions generate;
  EngineOptions engine;
  std::string precision = "auto";
  ServiceChoice choice;
  std::string beside;
};

// Holds back nothing: pieces are whole code points, so the terminal can show them at once.
bool ShowPiece(std::string_view piece) {
  std::fwrite(piece.data(), 1, piece.size(), stdout);
  std::fflush(stdout);
  return true;
}

Status AnswerOnce(Context& context, const Options& options, const ChatModel& model,
                  const std::string& system) {
  std::vector<ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", options.message});
  ASSIGN_OR_RETURN(auto session, model.NewSession());
  const TextSink sink =
      context.json() ? [](std::string_view) { return true; } : TextSink(ShowPiece);
  ASSIGN_OR_RETURN(auto answer,
                   session->Generate(messages, options.generate, sink, *context.interrupt));
  if (context.json()) {
    const char* finish = answer.finish == FinishReason::kStop     ? "stop"
                         : answer.finish == FinishReason::kLength ? "length"
                                                                  : "interrupted";
    nlohmann::ordered_json out = {{"model", model.Name()},
                                  {"content", answer.text},
                                  {"finish_reason", finish},
                                  {"prompt_tokens", answer.prompt_tokens},
                                  {"completion_tokens", answer.completion_tokens}};
    context.Print(out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    std::fputc('\n', stdout);
  }
  if (answer.finish == FinishReason::kInterrupted) {
    return Fail(ErrorKind::kInterrupted, "the answer was interrupted");
  }
  return {};
}

// One line from the user, edited with the arrow keys when this is a terminal. nullopt: end of
// input.
std::optional<std::string> ReadUserLine(const std::string& prompt) {
  if (::isatty(STDIN_FILENO) == 0) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  // libedit reads bytes by the locale and crashes on a Cyrillic prompt in the plain "C" one. Our
  // text is UTF-8 whatever the user's locale says.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  char* line = ::readline(prompt.c_str());
  if (line == nullptr) return std::nullopt;
  std::string text = line;
  if (!TrimSpace(text).empty()) ::add_history(line);
  std::free(line);
  return text;
}

Status Converse(Context& context, const Options& options, const ChatModel& model,
                const LoadedModel& loaded, const std::filesystem::path& history_file) {
  ASSIGN_OR_RETURN(auto session, model.NewSession());
  std::vector<ChatMessage> messages;
  const auto reset = [&] {
    messages.clear();
    if (!loaded.system_prompt.empty()) messages.push_back({"system", loaded.system_prompt});
  };
  reset();
  context.Note(std::string(context.Say({"talking with ", "разговор с моделью "})) + model.Name());
  context.Note(context.Say({"/reset begins anew, /exit or Ctrl-D ends, Ctrl-C stops an answer",
                            "/reset — начать заново, /exit или Ctrl-D — выйти, Ctrl-C — прервать "
                            "ответ"}));
  ::using_history();
  ::read_history(history_file.c_str());
  const std::string you = context.Say({"you: ", "вы: "});
  const std::string name = loaded.persona_name.empty() ? model.Name() : loaded.persona_name;
  uint64_t turn = 0;
  while (auto line = ReadUserLine(you)) {
    const std::string text(TrimSpace(*line));
    if (text.empty()) continue;
    if (text == "/exit" || text == "/quit") break;
    if (text == "/reset") {
      reset();
      context.Note(context.Say({"a new conversation", "новый разговор"}));
      continue;
    }
    if (text[0] == '/') {
      context.Note(context.Say({"commands: /reset, /exit", "команды: /reset, /exit"}));
      continue;
    }
    messages.push_back({"user", text});
    std::fprintf(stdout, "%s: ", name.c_str());
    GenerateOptions generate = options.generate;
    generate.seed += turn++;  // else the same question would always get the same answer
    Interrupt stop_answer;
    RouteSignals(&stop_answer);
    auto answer = session->Generate(messages, generate, ShowPiece, stop_answer);
    RouteSignals(context.interrupt);
    std::fputc('\n', stdout);
    std::fflush(stdout);
    if (!answer) return tl::unexpected<Error>(answer.error());
    messages.push_back({"assistant", answer->text});
  }
  ::write_history(history_file.c_str());
  return {};
}

// The system prompt that the job's training samples had.
Result<std::string> SystemPromptOfJob(const Workspace& workspace, const Job& job) {
  ASSIGN_OR_RETURN(const auto samples,
                   ReadSamples(workspace.folder() / job.dataset / "train.jsonl"));
  if (samples.empty() || samples.front().empty() || samples.front().front().role != "system") {
    return std::string();
  }
  return samples.front().front().content;
}

// A model on somebody else's server; with `beside`, a second one answers the same question.
Status ChatHosted(Context& context, const Options& options) {
  ASSIGN_OR_RETURN(auto workspace, context.OpenWorkspace());
  LoadedModel chosen;
  chosen.spec.name = options.model;
  ASSIGN_OR_RETURN(const auto jobs, ListJobs(workspace->database()));
  for (const Job& job : jobs) {
    const bool named = options.model.empty()
                           ? job.provider == options.choice.provider && job.status == "succeeded"
                           : options.model == job.id || options.model == job.fine_tuned_model;
    if (!named || job.fine_tuned_model.empty()) continue;
    chosen.spec.name = job.fine_tuned_model;
    if (auto prompt = SystemPromptOfJob(*workspace, job)) chosen.system_prompt = *prompt;
    break;
  }
  if (chosen.spec.name.empty()) {
    return Fail(ErrorKind::kMisuse, "it is not said which model to talk with",
                "--model NAME; the list: idiolect models --provider " + options.choice.provider);
  }
  if (options.no_system) chosen.system_prompt.clear();
  if (!options.system.empty()) chosen.system_prompt = options.system;
  ASSIGN_OR_RETURN(auto opened, OpenService(context, workspace->folder(), options.choice));
  ASSIGN_OR_RETURN(const auto model, opened->service->Chat(chosen.spec.name));
  if (options.message.empty()) {
    return Converse(context, options, *model, chosen, workspace->folder() / "chat_history");
  }
  if (!options.beside.empty()) {
    ASSIGN_OR_RETURN(const auto other, opened->service->Chat(options.beside));
    if (!context.json()) context.Print(model->Name() + ":");
    RETURN_IF_ERROR(AnswerOnce(context, options, *model, chosen.system_prompt));
    if (!context.json()) context.Print("\n" + other->Name() + ":");
    return AnswerOnce(context, options, *other, chosen.system_prompt);
  }
  return AnswerOnce(context, options, *model, chosen.system_prompt);
}

}  // namespace

CommandAction DeclareChat(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  AddOption(app, language,
            {"-m,--message", {"ask once, print the answer, end", "один вопрос, один ответ"}},
            options->message);
  AddOption(app, language,
            {"--model",
             {"a trained model's name or job id, or a base model; default: the newest trained",
              "имя обученной модели или её задания, или исходная модель; по умолчанию новейшая"},
             "IDIOLECT_MODEL"},
            options->model);
  AddFlag(app, language,
          {"--base", {"the base model without the training", "исходная модель без обучения"}},
          options->base_alone);
  AddOption(app, language, {"--system", {"another system prompt", "другая системная подсказка"}},
            options->system);
  AddFlag(app, language, {"--no-system", {"no system prompt", "без системной подсказки"}},
          options->no_system);
  AddOption(app, language,
            {"--temperature", {"0: always the likeliest word", "0: всегда самое вероятное слово"}},
            options->generate.temperature)
      .Within(0.0, 2.0);
  AddOption(app, language, {"--top-p", {"1: off", "1: выключено"}}, options->generate.top_p)
      .Within(0.0, 1.0);
  AddOption(app, language, {"--min-p", {"0: off", "0: выключено"}}, options->generate.min_p)
      .Within(0.0, 1.0);
  AddOption(app, language, {"--repetition-penalty", {"1: off", "1: выключено"}},
            options->generate.repetition_penalty)
      .Within(0.5, 2.0);
  AddOption(app, language, {"--max-tokens", {"of the answer", "в ответе"}},
            options->generate.max_tokens)
      .Within(1, 8192);
  AddOption(app, language, {"--seed", {"of the random choices", "зерно случайного выбора"}},
            options->generate.seed);
  AddEngineOptions(app, language, options->engine, options->precision);
  AddServiceOptions(app, language, options->choice, ProviderRole::kUsing);
  AddOption(app, language,
            {"--beside",
             {"hosted: a second model for the same --message",
              "у сервиса: вторая модель на тот же вопрос"}},
            options->beside);
  return [options](Context& context) -> Status {
    if (!options->choice.provider.empty() && options->choice.provider != "local") {
      return ChatHosted(context, *options);
    }
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->engine));
    ASSIGN_OR_RETURN(auto workspace, context.OpenWorkspace());
    ASSIGN_OR_RETURN(auto chosen, ChooseModel(context, *workspace, options->model));
    if (options->base_alone) {
      ASSIGN_OR_RETURN(chosen.spec, BaseOf(chosen));
    }
    if (options->no_system) chosen.system_prompt.clear();
    if (!options->system.empty()) chosen.system_prompt = options->system;
    ASSIGN_OR_RETURN(auto engine, LoadEngine());
    ASSIGN_OR_RETURN(auto model, engine->Open(chosen.spec, options->engine));
    if (!options->message.empty()) {
      return AnswerOnce(context, *options, *model, chosen.system_prompt);
    }
    return Converse(context, *options, *model, chosen, workspace->folder() / "chat_history");
  };
}

}  // namespace idiolect
