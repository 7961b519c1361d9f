#include <poll.h>
#include <unistd.h>

#include <climits>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/model_host.h"
#include "cli/stages.h"
#include "providers/model_store.h"
#include "serve/server.h"

namespace idiolect {
namespace {

struct Options {
  ServerOptions server;
  std::string token_file;
  bool no_system = false;
  int checkpoint_seconds = 60;
  EngineOptions engine;
  std::string precision = "auto";
};

std::string ProgramPath() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size <= 0 ? "idiolect" : std::string(path, static_cast<size_t>(size));
}

// What starts a trainer: this program again, in the same workspace.
TrainerCommand TrainerOf(const Options& options, const Workspace& workspace) {
  TrainerCommand command;
  command.arguments = {ProgramPath(),
                       "--quiet",
                       "--lang",
                       "en",
                       "--workspace",
                       workspace.folder().string(),
                       "work",
                       "--threads",
                       std::to_string(options.engine.threads),
                       "--precision",
                       options.precision,
                       "--checkpoint-seconds",
                       std::to_string(options.checkpoint_seconds)};
  return command;
}

std::string Address(const std::string& address, uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace

CommandAction DeclareServe(CLI::App& app, Language language) {
  auto options = std::make_shared<Options>();
  ServerOptions& server = options->server;
  AddOption(app, language, {"--port", {"0: any free one", "0: любой свободный"}, "IDIOLECT_PORT"},
            server.http.port)
      .Within(0, 65535);
  AddOption(app, language,
            {"--bind",
             {"numeric address to listen on; others than loopback need a token",
              "адрес; кроме 127.0.0.1 и ::1, нужен токен"}},
            server.http.address);
  AddOption(app, language,
            {"--token-file",
             {"file with the key that clients must send; also IDIOLECT_TOKEN",
              "файл с ключом, который должны присылать клиенты; также IDIOLECT_TOKEN"}},
            options->token_file);
  AddOption(app, language,
            {"--allow-host",
             {"further names of this machine that clients may use",
              "другие имена этой машины, под которыми к ней обращаются"}},
            server.service.access.allowed_hosts);
  AddOption(app, language,
            {"--parallel", {"answers made at the same time", "ответов одновременно"}},
            server.service.parallel_answers)
      .Within(1, 512);
  AddOption(app, language,
            {"--queue",
             {"answers that may wait; more are refused (429)",
              "ответов в очереди; остальным отказ (429)"}},
            server.service.waiting_answers)
      .Within(0, 100'000);
  AddOption(app, language,
            {"--max-tokens", {"of an answer whose request names no limit", "предел ответа"}},
            server.service.max_answer_tokens)
      .Within(1, 1'000'000);
  AddFlag(app, language,
          {"--no-system",
           {"do not put the training's system prompt before requests without one",
            "не добавлять системную подсказку обучения к запросам без неё"}},
          options->no_system);
  AddOption(app, language,
            {"--checkpoint-seconds",
             {"between checkpoints of a training", "между контрольными точками обучения"}},
            options->checkpoint_seconds)
      .Within(0, 86'400);
  AddEngineOptions(app, language, options->engine, options->precision);
  return [options](Context& context) -> Status {
    RETURN_IF_ERROR(ResolvePrecision(options->precision, options->engine));
    ServerOptions& chosen = options->server;
    if (const char* token = std::getenv("IDIOLECT_TOKEN")) {
      chosen.service.access.token = TrimSpace(token);
    }
    if (!options->token_file.empty()) {
      ASSIGN_OR_RETURN(const auto text, ReadFile(options->token_file));
      chosen.service.access.token = TrimSpace(text);
      if (chosen.service.access.token.empty()) {
        return Fail(ErrorKind::kMisuse, options->token_file + " holds no token",
                    "write a long random word into it");
      }
    }
    if (options->no_system) chosen.service.system_prompt = SystemPromptRule::kAsSent;
    ASSIGN_OR_RETURN(auto workspace, context.OpenWorkspace());
    chosen.trainer = TrainerOf(*options, *workspace);
    ASSIGN_OR_RETURN(const auto store, ModelStore::OpenDefault());
    const auto host = MakeModelHost(options->engine);
    ASSIGN_OR_RETURN(auto running,
                     Server::Start(std::move(workspace), chosen, *host, store, *context.clock));
    const std::string address = Address(chosen.http.address, running->port());
    if (context.json()) {
      context.Print(
          nlohmann::ordered_json{{"address", address}, {"base_url", address + "/v1"}}.dump());
    } else {
      context.Print(address + "/");
      context.Note(std::string(context.Say({"OpenAI's API: ", "API OpenAI: "})) + address + "/v1");
      context.Note(context.Say({"Ctrl-C ends it; a job that runs goes on with the next start",
                                "Ctrl-C — остановить; начатое задание продолжится при новом "
                                "запуске"}));
    }
    for (int tenths = 0; !context.interrupt->Requested(); ++tenths) {
      ::poll(nullptr, 0, 100);
      if (tenths % 600 == 599) running->Tidy();
    }
    context.Note(context.Say({"stopping", "остановка"}));
    running.reset();
    return {};
  };
}

}  // namespace idiolect
