// What the server adds to an answer, in three ways: of a question over HTTP, the time that was not
// spent in the engine while this very question was answered; the same question asked of the engine
// directly, turn and turn about with those over HTTP, in one process with one model in memory; and
// asked over HTTP of an engine that answers at once, so that all of the time is the server's.
// bench/serve runs it and does the rest of the measurement from outside.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <vector>

#include "cli/engine_loader.h"
#include "cli/model_host.h"
#include "providers/model_store.h"
#include "serve/server.h"

namespace {

namespace asio = boost::asio;
using namespace idiolect;
using Steady = std::chrono::steady_clock;

double MsSince(Steady::time_point start) {
  return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

double Percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// One connection that stays open, as a client's does.
class Client {
 public:
  explicit Client(uint16_t port) : socket_(io_) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(asio::ip::tcp::no_delay(true));
  }
  std::string Ask(const std::string& body) {
    const std::string request =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    asio::write(socket_, asio::buffer(request));
    const size_t head = asio::read_until(socket_, buffer_, "\r\n\r\n");
    std::string text(asio::buffers_begin(buffer_.data()),
                     asio::buffers_begin(buffer_.data()) + static_cast<std::ptrdiff_t>(head));
    buffer_.consume(head);
    const size_t at = text.find("Content-Length: ");
    if (!text.starts_with("HTTP/1.1 200") || at == std::string::npos) return {};
    const size_t size = std::stoul(text.substr(at + 16));
    if (buffer_.size() < size) {
      asio::read(socket_, buffer_, asio::transfer_exactly(size - buffer_.size()));
    }
    std::string answer(asio::buffers_begin(buffer_.data()),
                       asio::buffers_begin(buffer_.data()) + static_cast<std::ptrdiff_t>(size));
    buffer_.consume(size);
    return answer;
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
  asio::streambuf buffer_;
};

// An engine that costs nothing.
class InstantSession : public ChatSession {
 public:
  Result<Generation> Generate(const std::vector<ChatMessage>&, const GenerateOptions&,
                              const TextSink& sink, const Interrupt&) override {
    Generation answer;
    answer.text = "One more than that.";
    answer.prompt_tokens = answer.completion_tokens = 8;
    sink(answer.text);
    return answer;
  }
};
class InstantModel : public ChatModel {
 public:
  std::string Name() const override { return "instant"; }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    return std::unique_ptr<ChatSession>(std::make_unique<InstantSession>());
  }
};
class InstantHost : public ModelHost {
 public:
  Result<std::shared_ptr<const ChatModel>> Open(const ModelSpec&) override { return model_; }
  void Forget(const ModelSpec&) override {}
  std::string Describe() const override { return "instant"; }

 private:
  const std::shared_ptr<const ChatModel> model_ = std::make_shared<InstantModel>();
};

// The engine's models with a watch on them. Only one question at a time may be under way.
struct Watch {
  std::atomic<double> ms{0};
};
class WatchedSession : public ChatSession {
 public:
  WatchedSession(std::unique_ptr<ChatSession> inner, Watch& watch)
      : inner_(std::move(inner)), watch_(watch) {}
  Result<Generation> Generate(const std::vector<ChatMessage>& messages,
                              const GenerateOptions& options, const TextSink& sink,
                              const Interrupt& interrupt) override {
    const auto start = Steady::now();
    auto answer = inner_->Generate(messages, options, sink, interrupt);
    watch_.ms = MsSince(start);
    return answer;
  }

 private:
  const std::unique_ptr<ChatSession> inner_;
  Watch& watch_;
};
class WatchedModel : public ChatModel {
 public:
  WatchedModel(std::shared_ptr<const ChatModel> inner, Watch& watch)
      : inner_(std::move(inner)), watch_(watch) {}
  std::string Name() const override { return inner_->Name(); }
  Result<std::unique_ptr<ChatSession>> NewSession() const override {
    ASSIGN_OR_RETURN(auto session, inner_->NewSession());
    return std::unique_ptr<ChatSession>(
        std::make_unique<WatchedSession>(std::move(session), watch_));
  }

 private:
  const std::shared_ptr<const ChatModel> inner_;
  Watch& watch_;
};
class WatchedHost : public ModelHost {
 public:
  WatchedHost(ModelHost& inner, Watch& watch) : inner_(inner), watch_(watch) {}
  Result<std::shared_ptr<const ChatModel>> Open(const ModelSpec& spec) override {
    ASSIGN_OR_RETURN(auto model, inner_.Open(spec));
    return std::shared_ptr<const ChatModel>(
        std::make_shared<WatchedModel>(std::move(model), watch_));
  }
  void Forget(const ModelSpec& spec) override { inner_.Forget(spec); }
  std::string Describe() const override { return inner_.Describe(); }

 private:
  ModelHost& inner_;
  Watch& watch_;
};

int Fail(const Error& error) {
  std::fprintf(stderr, "bench_serve: %s; %s\n", error.message.c_str(), error.hint.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What HTTP adds to an answer");
  std::string model = "smollm2-135m-instruct", folder;
  int rounds = 200, tokens = 8, threads = 0;
  app.add_option("--model", model, "base model, as in `idiolect models`");
  app.add_option("--workspace", folder, "an empty folder")->required();
  app.add_option("--rounds", rounds, "questions to each side")->check(CLI::Range(1, 100'000));
  app.add_option("--tokens", tokens, "in an answer");
  app.add_option("--threads", threads, "0: all processors");
  CLI11_PARSE(app, argc, argv);

  EngineOptions engine;
  engine.threads = threads;
  const auto host = MakeModelHost(engine);
  const auto store = ModelStore::OpenDefault();
  if (!store) return Fail(store.error());
  const auto base = store->Find(model);
  if (!base) return Fail(base.error());
  const auto direct = host->Open({*base, {}, model});
  if (!direct) return Fail(direct.error());
  SystemClock clock;
  const auto serve = [&](ModelHost& models, const char* name) -> Result<std::unique_ptr<Server>> {
    ASSIGN_OR_RETURN(auto workspace, Workspace::Open(std::filesystem::path(folder) / name));
    ServerOptions options;
    options.http.port = 0;
    options.trainer.arguments = {"/bin/false"};
    return Server::Start(std::move(workspace), options, models, *store, clock);
  };
  Watch watch;
  WatchedHost watched(*host, watch);
  const auto server = serve(watched, "engine");
  if (!server) return Fail(server.error());
  InstantHost instant;
  const auto idle_server = serve(instant, "instant");
  if (!idle_server) return Fail(idle_server.error());
  Client client((*server)->port()), idle_client((*idle_server)->port());

  // Every question is another one, so that neither side finds it in its memory.
  int question = 0;
  const auto next = [&question] {
    return "Number " + std::to_string(100'000 + question++) + ": what comes after it?";
  };
  GenerateOptions greedy;
  greedy.temperature = 0;
  greedy.max_tokens = tokens;
  const Interrupt never;
  const auto ask_directly = [&]() -> double {
    const auto start = Steady::now();
    auto session = (*direct)->NewSession();
    const auto answer = session ? (*session)->Generate(
                                      {{"user", next()}}, greedy, [](auto) { return true; }, never)
                                : Result<Generation>(tl::unexpected<Error>(session.error()));
    return answer ? MsSince(start) : -1;
  };
  const auto ask_server = [&](Client& of) -> double {
    const std::string body = R"({"model":")" + model + R"(","temperature":0,"max_tokens":)" +
                             std::to_string(tokens) + R"(,"messages":[{"role":"user","content":")" +
                             next() + R"("}]})";
    const auto start = Steady::now();
    const bool answered = of.Ask(body).find("\"choices\"") != std::string::npos;
    return answered ? MsSince(start) : -1;
  };
  for (int i = 0; i < 3; ++i) {
    if (ask_directly() < 0 || ask_server(client) < 0 || ask_server(idle_client) < 0)
      return Fail({ErrorKind::kFailed, "no answer", ""});
  }
  std::vector<double> engine_ms, http_ms, added, apart, server_ms;
  for (int i = 0; i < rounds; ++i) {
    double here = 0, there = 0;
    if (i % 2 == 0) here = ask_directly();
    there = ask_server(client);
    const double outside = there - watch.ms;
    if (i % 2 != 0) here = ask_directly();
    const double idle = ask_server(idle_client);
    if (here < 0 || there < 0 || idle < 0) return Fail({ErrorKind::kFailed, "no answer", ""});
    server_ms.push_back(idle);
    engine_ms.push_back(here);
    http_ms.push_back(there);
    added.push_back(outside);
    apart.push_back(there - here);
  }
  std::printf(
      "{\"rounds\": %d, \"engine_p50_ms\": %.3f, \"http_p50_ms\": %.3f, \"apart_p50_ms\": %.3f, "
      "\"added_p50_ms\": %.3f, \"added_p90_ms\": %.3f, "
      "\"server_p50_ms\": %.3f, \"server_p90_ms\": %.3f}\n",
      rounds, Percentile(engine_ms, 0.5), Percentile(http_ms, 0.5), Percentile(apart, 0.5),
      Percentile(added, 0.5), Percentile(added, 0.9), Percentile(server_ms, 0.5),
      Percentile(server_ms, 0.9));
  return 0;
}
